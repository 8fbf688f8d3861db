from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "src.webhooks"
    label = "webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        from src.core.messages import register
        from src.webhooks.messages import WEBHOOKS_ERRORS, WEBHOOKS_SUCCESS

        for messages in (WEBHOOKS_SUCCESS, WEBHOOKS_ERRORS):
            register(messages)
