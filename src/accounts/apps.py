from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "src.accounts"
    label = "accounts"

    def ready(self) -> None:
        from src.accounts import schema  # noqa: F401 (registers itself with drf-spectacular)
        from src.accounts.messages import ACCOUNTS_ERRORS
        from src.core.messages import register

        register(ACCOUNTS_ERRORS)
