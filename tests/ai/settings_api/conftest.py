"""The callers of the provider side serve here too."""

from tests.ai.providers_api.conftest import boss, caller, down

__all__ = ["boss", "caller", "down"]
