from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "src.core"
    label = "core"

    def ready(self) -> None:
        from src.core import messages

        for part in (messages.CORE_SUCCESS, messages.CORE_ERRORS, messages.FIELD_ERRORS):
            messages.register(part)
