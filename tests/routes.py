"""Every address of the server with the methods it takes, read from the URL configuration itself."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("get", "post", "put", "patch", "delete")
# Django's admin answers for itself: `tests/core/test_admin_site.py` walks it.
OTHER_SITES = ("admin/",)
PARAMETER = re.compile(r"<(?:[a-z]+:)?(\w+)>|\(\?P<(\w+)>[^()]*(?:\([^()]*\)[^()]*)*\)")


def all_routes() -> set[str]:
    """`GET /api/media/{asset_id}/`, …"""
    return {
        f"{method.upper()} {path}"
        for path, callback in _walk(get_resolver().url_patterns, "/")
        for method in _methods_of(callback)
    }


def _walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        text = str(pattern.pattern)
        if text in OTHER_SITES:
            continue
        path = prefix + PARAMETER.sub(lambda found: f"{{{found[1] or found[2]}}}", text)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield re.sub(r"\\(.)|[\^$]", r"\1", path), pattern.callback


def _methods_of(callback: Any) -> list[str]:
    actions = getattr(callback, "actions", None)
    if actions:
        return [method for method in actions if method in METHODS]
    view = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
    if view is None:
        return ["get"]
    return [method for method in METHODS if hasattr(view, method)]
