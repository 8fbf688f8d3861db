from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsageConfig(AppConfig):
    name = "src.usage"
    label = "usage"
    verbose_name = _("Use and costs")

    def ready(self) -> None:
        from src.core.messages import register
        from src.usage.messages import KEY_SOURCE_LABELS, LIMIT_WARNINGS, USAGE_ERRORS, USAGE_SUCCESS, WARNING_LETTER

        for messages in (USAGE_SUCCESS, USAGE_ERRORS, KEY_SOURCE_LABELS, LIMIT_WARNINGS, WARNING_LETTER):
            register(messages)
