"""The adapters, found by themselves: every class in a module of this folder that has a slug of its own."""

import importlib
import pkgutil
from functools import cache

from django.core.exceptions import ImproperlyConfigured

from src.ai.providers.base import Adapter


@cache
def adapters() -> dict[str, Adapter]:
    """Every adapter by slug. Raises ImproperlyConfigured if two have the same."""
    found: dict[str, Adapter] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for kind in vars(module).values():
            if not (isinstance(kind, type) and issubclass(kind, Adapter) and "slug" in vars(kind)):
                continue
            if kind.__module__ != module.__name__:
                continue
            if kind.slug in found:
                raise ImproperlyConfigured(f"two adapters have the slug {kind.slug!r}")
            found[kind.slug] = kind()
    return found


def get_adapter(slug: str) -> Adapter | None:
    """None for a service whose adapter is not built yet."""
    return adapters().get(slug)
