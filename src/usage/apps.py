from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "src.usage"
    label = "usage"

    def ready(self) -> None:
        from src.core.messages import register
        from src.usage.messages import USAGE_ERRORS

        register(USAGE_ERRORS)
