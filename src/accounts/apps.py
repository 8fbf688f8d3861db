from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "src.accounts"
    label = "accounts"
    verbose_name = _("People and access")

    def ready(self) -> None:
        from src.accounts import schema  # noqa: F401 (registers itself with drf-spectacular)
        from src.accounts.messages import ACCOUNTS_ERRORS, ACCOUNTS_SUCCESS, INVITATION_LETTER, INVITATION_PAGE
        from src.accounts.services.audit import write_audit_entry
        from src.core.audit import register_writer
        from src.core.messages import register

        for messages in (ACCOUNTS_SUCCESS, ACCOUNTS_ERRORS, INVITATION_LETTER, INVITATION_PAGE):
            register(messages)
        register_writer(write_audit_entry)
