"""Making people and tokens, and telling whose a token is."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from src.accounts.models import ApiToken, User
from src.accounts.token_text import hash_of, is_well_formed, new_token_text
from src.core.errors import InvalidFields
from src.core.token_scopes import SCOPES

NAME_MAX_CHARS = 100
LAST_USED_STEP = timedelta(minutes=1)


@transaction.atomic
def create_api_token(
    *, user: User, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """The row and its secret, which is not stored and cannot be shown again.

    Raises InvalidFields(unknown_scope, too_long).
    """
    scopes = sorted(set(scopes))
    if not 0 < len(name) <= NAME_MAX_CHARS:
        raise InvalidFields.one("name", "too_long", limit=NAME_MAX_CHARS)
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise InvalidFields.one("scopes", "unknown_scope", scope=unknown[0])
    text = new_token_text()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        secret_hash=hash_of(text),
        last4=text[-4:],
        scopes=scopes,
        expires_at=expires_at,
    )
    return token, text


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
