"""What an API token may be used for; none implies another."""

from typing import Any

from rest_framework.request import Request

from src.core.errors import Forbidden
from src.core.messages import text_for

IMAGES = "images"
MEDIA_READ = "media:read"
MEDIA_WRITE = "media:write"
PROVIDERS = "providers"
USAGE = "usage"
SETTINGS = "settings"
TOKENS = "tokens"
PEOPLE = "people"
AUDIT = "audit"
WEBHOOKS = "webhooks"

SCOPES = (IMAGES, MEDIA_READ, MEDIA_WRITE, PROVIDERS, USAGE, SETTINGS, TOKENS, PEOPLE, AUDIT, WEBHOOKS)


def check_token_scope(request: Request, scope: str) -> None:
    """Raises Forbidden if the request came with a token that does not name `scope`; a session has them all."""
    token: Any = request.auth
    if token is not None and not token.has_scope(scope):
        error = {"code": "scope_required", "message": text_for("scope_required", scope=scope)}
        raise Forbidden("permission_denied", facts={"errors": {"scope": [error]}})
