"""API tokens in the Authorization header."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from src.accounts.models import ApiToken, User
from src.accounts.services import find_api_token, note_token_use
from src.core.channel import came_with_token


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer ngr_…`. Tried first, so that a request without sign-in is answered 401."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        if len(parts) != 2:
            raise AuthenticationFailed
        token = find_api_token(parts[1].decode("latin1"))
        if token is None:
            raise AuthenticationFailed
        came_with_token(token.name)
        note_token_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
