"""Inviting people, and making their accounts when they come."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from src.accounts.models import Invitation, User
from src.accounts.models.invitation import InvitationQuerySet
from src.accounts.services.invitation_mail import mail_invitation
from src.accounts.services.people import GROUPS_BY_NAME, find_groups, record_person
from src.accounts.token_text import hash_of, new_invitation_text
from src.core.audit import record
from src.core.errors import FieldError, Forbidden, InvalidFields, NotFound

VALID_FOR = timedelta(days=7)
FIELD_CODES = {"username": "username_invalid"}
PASSWORD_CODES = frozenset(
    {"password_too_short", "password_too_common", "password_entirely_numeric", "password_too_similar"}
)


@dataclass(frozen=True)
class SentInvitation:
    """`link` is not kept and cannot be shown again."""

    invitation: Invitation
    link: str = field(repr=False)
    is_sent_by_email: bool


def invite_person(
    *,
    inviter: User,
    link_of: Callable[[str], str],
    language: str,
    email: str = "",
    groups: Iterable[str] = (),
    is_super_admin: bool = False,
    note: str = "",
) -> SentInvitation:
    """A link that makes one account within seven days, mailed to `email` where a mail server is set up.

    `link_of` makes the link of a token. The letter is sent after the commit, in `language` first. Raises
    InvalidFields(unknown_group), Forbidden(permission_denied) for an inviter who is no super admin.
    """
    text = new_invitation_text()
    with transaction.atomic():
        # Locked, so that none slips in while the inviter is switched off or made less.
        if User.objects.select_for_update().super_admins().filter(pk=inviter.pk).first() is None:
            raise Forbidden("permission_denied")
        found = find_groups(groups)
        invitation = Invitation.objects.create(
            token_hash=hash_of(text),
            email=email,
            is_super_admin=is_super_admin,
            note=note,
            invited_by=inviter,
            expires_at=timezone.now() + VALID_FOR,
        )
        invitation.groups.set(found)
        _record("created", invitation, actor=inviter, after=_facts(invitation))
    link = link_of(text)
    is_sent = bool(email) and mail_invitation(
        to=email, link=link, inviter=inviter, expires_at=invitation.expires_at, language=language
    )
    return SentInvitation(invitation, link, is_sent)


def list_pending_invitations() -> InvitationQuerySet:
    """With groups and inviter: two queries a page."""
    return Invitation.objects.pending().select_related("invited_by").prefetch_related(GROUPS_BY_NAME)


@transaction.atomic
def revoke_invitation(*, invitation_id: int, actor: User) -> None:
    """Raises NotFound for one that is not pending."""
    rows = Invitation.objects.pending().filter(pk=invitation_id)
    if not rows.update(revoked_at=timezone.now()):
        raise NotFound
    invitation = Invitation.objects.get(pk=invitation_id)
    _record("revoked", invitation, actor=actor, before=_facts(invitation))


def find_invitation(text: str) -> Invitation:
    """Raises NotFound(invitation_not_usable): unknown, used, revoked and expired are told alike."""
    found = Invitation.objects.pending().filter(token_hash=hash_of(text)).first()
    if found is None:
        raise NotFound("invitation_not_usable")
    return found


def accept_invitation(*, token: str, username: str, password: str, first_name: str = "", last_name: str = "") -> User:
    """Make the account that the invitation is for, which is used up by it; of several at once exactly one does.

    Raises NotFound(invitation_not_usable), InvalidFields on username and password.
    """
    invitation = find_invitation(token)
    person = User(
        username=User.normalize_username(username),
        first_name=first_name,
        last_name=last_name,
        email=invitation.email,
        is_superuser=invitation.is_super_admin,
    )
    problems = find_account_problems(person, password)
    if problems:
        raise InvalidFields(problems)
    # Slow on purpose, so done before anything is locked.
    person.password = make_password(password)
    try:
        _use_up(invitation, person)
    except IntegrityError as exc:
        raise InvalidFields.one("username", "username_taken") from exc
    return person


@transaction.atomic
def _use_up(invitation: Invitation, person: User) -> None:
    rows = Invitation.objects.pending().filter(pk=invitation.pk)
    if not rows.update(used_at=timezone.now()):
        raise NotFound("invitation_not_usable")
    person.save(force_insert=True)
    groups = list(invitation.groups.order_by("name"))
    person.groups.set(groups)
    Invitation.objects.filter(pk=invitation.pk).update(accepted_by=person)
    facts = {"is_super_admin": person.is_superuser, "groups": [group.name for group in groups]}
    record_person("joined", person, actor=person, after={**facts, "invitation": invitation.pk})


def find_account_problems(person: User, password: str) -> dict[str, list[FieldError]]:
    """What is wrong with the account that an unsaved `person` is to be, by field; {} where nothing is."""
    problems: dict[str, list[FieldError]] = {}
    try:
        person.clean_fields(exclude=["password", "email", "date_joined"])
    except ValidationError as exc:
        problems |= {name: [FieldError(FIELD_CODES.get(name, "invalid"))] for name in exc.error_dict}
    if User.objects.filter(username__iexact=person.username).exists():
        problems["username"] = [FieldError("username_taken")]
    try:
        validate_password(password, person)
    except ValidationError as exc:
        problems["password"] = [_password_error(error) for error in exc.error_list]
    return problems


def _password_error(error: ValidationError) -> FieldError:
    """Of validators that an operator added, the text is not ours to translate, so one text stands for all."""
    code = error.code if error.code in PASSWORD_CODES else "password_refused"
    return FieldError(str(code), error.params or {})


def _facts(invitation: Invitation) -> dict[str, Any]:
    return {
        "email": invitation.email,
        "is_super_admin": invitation.is_super_admin,
        "groups": sorted(group.name for group in invitation.groups.all()),
        "note": invitation.note,
        "expires_at": invitation.expires_at,
    }


def _record(act: str, invitation: Invitation, *, actor: User, **facts: Any) -> None:
    record(
        f"invitation.{act}",
        actor=actor,
        object_type="invitation",
        object_id=invitation.pk,
        object_label=invitation.email or invitation.note,
        **facts,
    )
