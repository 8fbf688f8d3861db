"""Making, revoking and finding API tokens."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from src.accounts.models import ApiToken, User
from src.accounts.token_text import hash_of, is_well_formed, new_token_text
from src.core.audit import record
from src.core.errors import Conflict, Forbidden, InvalidFields, NotFound
from src.core.messages import text_for
from src.core.token_scopes import SCOPES

NAME_MAX_CHARS = 100
MAX_LIVE_TOKENS = 50
LAST_USED_STEP = timedelta(minutes=1)


@transaction.atomic
def create_api_token(
    *,
    user: User,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    actor: User | None = None,
    granted_by: ApiToken | None = None,
) -> tuple[ApiToken, str]:
    """The row and its secret, which is not stored and cannot be shown again.

    `granted_by` is the token that asks for it, which gives on no more than it has. Raises
    InvalidFields(unknown_scope, too_long, in_the_past, later_than_own_token), Forbidden(permission_denied),
    Conflict(too_many_tokens).
    """
    scopes = sorted(set(scopes))
    _check_wishes(name, scopes, expires_at)
    if granted_by is not None:
        _check_is_within(granted_by, scopes, expires_at)
    # Locked, so that two requests at once count each other's token, and none slips in while the person is switched off.
    if not User.objects.select_for_update().get(pk=user.pk).is_active:
        raise Forbidden("permission_denied")
    if ApiToken.objects.live().filter(user=user).count() >= MAX_LIVE_TOKENS:
        raise Conflict("too_many_tokens", limit=MAX_LIVE_TOKENS)
    text = new_token_text()
    token = ApiToken.objects.create(
        user=user, name=name, secret_hash=hash_of(text), last4=text[-4:], scopes=scopes, expires_at=expires_at
    )
    facts = {"name": name, "last4": token.last4, "scopes": scopes, "expires_at": expires_at}
    _record("created", token, actor=actor, after=facts)
    return token, text


def _check_wishes(name: str, scopes: list[str], expires_at: datetime | None) -> None:
    if not 0 < len(name) <= NAME_MAX_CHARS:
        raise InvalidFields.one("name", "too_long", limit=NAME_MAX_CHARS)
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise InvalidFields.one("scopes", "unknown_scope", scope=unknown[0])
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidFields.one("expires_at", "in_the_past")


def _check_is_within(own: ApiToken, scopes: list[str], expires_at: datetime | None) -> None:
    lacking = [scope for scope in scopes if not own.has_scope(scope)]
    if lacking:
        error = {"code": "scope_not_held", "message": text_for("scope_not_held", scope=lacking[0])}
        raise Forbidden("permission_denied", facts={"errors": {"scopes": [error]}})
    if own.expires_at is not None and (expires_at is None or expires_at > own.expires_at):
        limit = own.expires_at.isoformat(timespec="seconds")
        raise InvalidFields.one("expires_at", "later_than_own_token", limit=limit)


@transaction.atomic
def revoke_api_token(*, user: User, token_id: int) -> ApiToken:
    """One's own token, for good; once it is revoked, revoking it changes nothing. Raises NotFound."""
    token = ApiToken.objects.select_for_update().filter(pk=token_id, user=user).first()
    if token is None:
        raise NotFound
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        _record("revoked", token, actor=user, before={"name": token.name, "last4": token.last4})
    return token


def revoke_all_tokens(*, user: User) -> int:
    """How many there were. For the transaction of what ends them, whose audit entry says so."""
    return ApiToken.objects.live().filter(user=user).update(revoked_at=timezone.now())


def find_api_token(text: str) -> ApiToken | None:
    """The usable token that `text` is the secret of, or None. A bad checksum costs no query."""
    if not is_well_formed(text):
        return None
    return ApiToken.objects.usable().select_related("user").filter(secret_hash=hash_of(text)).first()


def note_token_use(token: ApiToken) -> None:
    """Record the moment, at most once a minute."""
    now = timezone.now()
    due = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - LAST_USED_STEP)
    if token.last_used_at is None or token.last_used_at < now - LAST_USED_STEP:
        ApiToken.objects.filter(due, pk=token.pk).update(last_used_at=now)


def _record(act: str, token: ApiToken, *, actor: User | None, **facts: Any) -> None:
    record(
        f"api_token.{act}",
        actor=actor,
        object_type="api_token",
        object_id=token.pk,
        object_label=f"{token.user.get_username()}: {token.name}",
        **facts,
    )
