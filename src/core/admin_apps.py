from django.contrib.admin.apps import AdminConfig


class SuperAdminConfig(AdminConfig):
    default_site = "src.core.admin_site.SuperAdminSite"
