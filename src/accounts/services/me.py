"""Who is asking, and what they may do."""

from typing import Any

from src.accounts.models import ApiToken, User

PERMISSIONS = ("ai.manage", "ai.image.manage", "media.manage")


def describe_me(*, user: User, token: ApiToken | None) -> dict[str, Any]:
    """`token` is the one that the request came with, or None for a session."""
    return {
        "id": user.pk,
        "username": user.get_username(),
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "is_super_admin": user.is_superuser,
        "groups": list(user.groups.order_by("name").values_list("name", flat=True)),
        "permissions": held_permissions(user),
        "token": None
        if token is None
        else {"id": token.pk, "name": token.name, "scopes": token.scopes, "expires_at": token.expires_at},
    }


def held_permissions(user: User) -> list[str]:
    return [name for name in PERMISSIONS if user.has_perm(name)]
