"""Who is asking, behind a permission that lets in only people."""

from typing import cast

from rest_framework.request import Request

from src.accounts.models import ApiToken, User


def person_of(request: Request) -> User:
    return cast(User, request.user)


def token_of(request: Request) -> ApiToken | None:
    """None for a session."""
    return cast("ApiToken | None", request.auth)
