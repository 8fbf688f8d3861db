from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class MediaConfig(AppConfig):
    name = "src.media"
    label = "media"
    verbose_name = _("Library")

    def ready(self) -> None:
        from src.core.messages import register
        from src.media import messages

        for part in (messages.MEDIA_SUCCESS, messages.MEDIA_ERRORS, messages.MEDIA_FIELD_ERRORS):
            register(part)
        post_migrate.connect(grant_permissions, sender=self)
        post_migrate.connect(prepare_search, sender=self)


def grant_permissions(using: str, **kwargs) -> None:
    """Media managers hold `media.manage`; connected after Django's own handler that makes the permissions."""
    from src.core.groups import MEDIA_MANAGERS, grant_to_group

    grant_to_group(group_name=MEDIA_MANAGERS, app_label="media", codenames=["manage"], using=using)


def prepare_search(using: str, **kwargs) -> None:
    from src.media.search import install_search_index

    install_search_index(using)
