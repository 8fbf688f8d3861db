"""Pictures of the library in the admin, to look up."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from src.core.admin_site import ReadOnlyAdmin, name_model
from src.media.models import MediaAsset

name_model(MediaAsset, _("picture"), _("pictures"))


@admin.register(MediaAsset)
class MediaAssetAdmin(ReadOnlyAdmin):
    list_display = ("title", "owner", "source", "visibility", "provider_slug", "model_id", "created_at", "deleted_at")
    list_select_related = ("owner",)
    list_filter = ("source", "visibility", "provider_slug")
    search_fields = ("title", "owner__username", "model_id", "=id", "=generation_id", "sha256")
    date_hierarchy = "created_at"
