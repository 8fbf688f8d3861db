from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsageConfig(AppConfig):
    name = "src.usage"
    label = "usage"
    verbose_name = _("Use and costs")

    def ready(self) -> None:
        from src.core.messages import register
        from src.usage.messages import USAGE_ERRORS

        register(USAGE_ERRORS)
