"""The registry of every message: each app hands in its codes once, texts are lazy and translated when answered."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

_registry: dict[str, Any] = {}

CORE_SUCCESS: dict[str, Any] = {
    "ok": _("Done."),
}

CORE_ERRORS: dict[str, Any] = {
    "internal_error": _("Something went wrong on our side. Quote the request id when you report it."),
    "validation_error": _("The request has fields that need correcting."),
    "not_authenticated": _("Sign in or send a valid API token."),
    "permission_denied": _("You do not have permission to do this."),
    "scope_required": _("The API token lacks the scope %(scope)s."),
    "not_found": _("Not found."),
    "method_not_allowed": _("This method is not offered here."),
    "not_acceptable": _("The answer is only available as JSON."),
    "unsupported_media_type": _(
        "This type of body is not taken here: send application/json, or multipart/form-data to upload a file."
    ),
    "body_too_large": _("The body is larger than the %(cap_bytes)s bytes accepted here."),
    "malformed_form": _("The form cannot be read."),
    "malformed_json": _("The body is not valid JSON."),
    "rate_limited": _("Too many requests. Try again shortly."),
    "vault_keyring_missing": _("The server's keyring is missing, so stored keys cannot be opened."),
    "vault_key_unreadable": _("A stored key cannot be opened. Enter the key again."),
}

FIELD_ERRORS: dict[str, Any] = {
    "sent_more_than_once": _("Send this field once."),
    "unknown_field": _("This field is not known here."),
    "required": _("This field is required."),
    "blank": _("This field must not be empty."),
    "null": _("This field must not be null."),
    "invalid": _("This value is not valid."),
    "invalid_choice": _("This value is not one of the choices."),
    "not_text": _("This must be text."),
    "not_integer": _("This must be a whole number."),
    "not_boolean": _("This must be true or false."),
    "not_object": _("This must be a JSON object."),
    "not_list": _("This must be a JSON list."),
    "too_long": _("This must have at most %(limit)s characters."),
    "too_small": _("This must be at least %(limit)s."),
    "too_large": _("This must be at most %(limit)s."),
    "null_characters_not_allowed": _("Null characters are not allowed."),
}


def register(messages: Mapping[str, Any]) -> None:
    """Add an app's codes. Raises ImproperlyConfigured if a code is already taken by another text."""
    for code, text in messages.items():
        if code in _registry and _registry[code] is not text:
            raise ImproperlyConfigured(f"message code registered twice: {code}")
        _registry[code] = text


def text_for(code: str, **params: Any) -> str:
    """The message in the active language. Raises KeyError for a code nobody registered."""
    return str(_registry[code]) % params if params else str(_registry[code])


def is_registered(code: str) -> bool:
    return code in _registry


def all_messages() -> dict[str, Any]:
    return dict(_registry)
