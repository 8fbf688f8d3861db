"""Who may see and who may change what a person made: the one rule for pictures and collections."""

from typing import Any, Self

from django.db import models
from django.db.models import Q

MANAGE = "media.manage"


class Visibility(models.TextChoices):
    TEAM = "team"
    PRIVATE = "private"


def seen_by(user: Any, prefix: str = "") -> Q:
    """Team rows for AI managers; private ones for their owner, `media.manage` and super admins.

    `prefix` leads to the row from another table (`mediaasset__`).
    """
    if user.has_perm(MANAGE):
        return Q()
    own = Q(**{f"{prefix}owner": user})
    return own | Q(**{f"{prefix}visibility": Visibility.TEAM}) if user.has_perm("ai.manage") else own


class OwnedQuerySet(models.QuerySet):
    """Rows with `owner` and `visibility`."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(seen_by(user))

    def writable_by(self, user: Any) -> Self:
        return self.all() if user.has_perm(MANAGE) else self.filter(owner=user)


def may_write(user: Any, row: Any) -> bool:
    return row.owner_id == user.pk or user.has_perm(MANAGE)
