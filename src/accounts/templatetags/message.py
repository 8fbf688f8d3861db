"""`{% message "code" name=value %}`: a text of the registry in a template."""

from typing import Any

from django import template

from src.core.messages import text_for

register = template.Library()


@register.simple_tag
def message(code: str, **params: Any) -> str:
    """Escaped like any other value."""
    return text_for(code, **params)
