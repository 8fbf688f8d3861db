from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AiConfig(AppConfig):
    name = "src.ai"
    label = "ai"
    verbose_name = _("Image generation")

    def ready(self) -> None:
        from src.ai import messages
        from src.ai.providers import adapters
        from src.ai.services.webhook_events import publish_limit_warning
        from src.core.messages import register
        from src.usage.signals import limit_warned

        for part in (
            messages.AI_SUCCESS,
            messages.AI_ERRORS,
            messages.AI_FIELD_ERRORS,
            messages.AI_REASONS,
            messages.AI_REMEDIES,
            messages.AI_STATES,
            messages.AI_NOTES,
        ):
            register(part)
        adapters()
        limit_warned.connect(publish_limit_warning)
        post_migrate.connect(grant_permissions, sender=self)


def grant_permissions(using: str, **kwargs) -> None:
    """AI managers hold `ai.manage` and `ai.image.manage`; connected after Django's own permission maker."""
    from src.core.groups import AI_MANAGERS, grant_to_group

    grant_to_group(group_name=AI_MANAGERS, app_label="ai", codenames=["manage", "image.manage"], using=using)
