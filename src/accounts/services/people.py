"""Changing people: what they may do, and whether they may sign in."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.utils import timezone

from src.accounts.models import ApiToken, Invitation, User
from src.accounts.models.person import PersonQuerySet
from src.accounts.services.tokens import revoke_all_tokens
from src.core.audit import difference, record
from src.core.errors import Conflict, InvalidFields, NotFound

GROUPS_BY_NAME = Prefetch("groups", Group.objects.order_by("name"))
PLAIN_FIELDS = ("email", "first_name", "last_name", "is_active")
ACT_BY_IS_ACTIVE = {True: "reactivated", False: "deactivated", None: "changed"}


def list_people() -> PersonQuerySet:
    """With their groups, and `has_live_token`: three queries a page at most."""
    live = ApiToken.objects.live().filter(user=OuterRef("pk"))
    return User.objects.annotate(has_live_token=Exists(live)).prefetch_related(GROUPS_BY_NAME)


def find_person(person_id: int) -> User:
    """As `list_people` gives them. Raises NotFound."""
    person = list_people().filter(pk=person_id).first()
    if person is None:
        raise NotFound
    return person


@transaction.atomic
def update_person(*, person_id: int, changes: dict[str, Any], actor: User | None) -> User:
    """Change any of groups (names), is_super_admin, is_active, email, first_name, last_name.

    Switching off ends the person's sessions, tokens and open invitations for good; a super admin who is one no longer
    loses the invitations. Raises NotFound, InvalidFields(unknown_group), Conflict(last_super_admin,
    not_on_yourself).
    """
    person = _lock_with_super_admins(person_id)
    groups = find_groups(changes["groups"]) if "groups" in changes else None
    if actor is not None and actor.pk == person.pk and changes.get("is_active") is False:
        raise Conflict("not_on_yourself")
    before = _facts(person)
    for name in PLAIN_FIELDS:
        setattr(person, name, changes.get(name, getattr(person, name)))
    person.is_superuser = changes.get("is_super_admin", person.is_superuser)
    person.save(update_fields=[*PLAIN_FIELDS, "is_superuser", "search_text"])
    if groups is not None:
        person.groups.set(groups)
    old, new = difference(before, _facts(person))
    if not new:
        return find_person(person_id)
    if "is_active" in old or "is_super_admin" in old:
        if before["is_super_admin"] and before["is_active"]:
            _require_a_super_admin()
        new |= _withdraw_access(person, is_switched_off=new.get("is_active") is False)
    record_person(ACT_BY_IS_ACTIVE[new.get("is_active")], person, actor=actor, before=old, after=new)
    return find_person(person_id)


@transaction.atomic
def end_sessions(*, person_id: int, actor: User | None) -> User:
    """Sign the person out everywhere; tokens stay. Raises NotFound."""
    person = User.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise NotFound
    _raise_session_epoch(person)
    record_person("sessions_ended", person, actor=actor)
    return find_person(person_id)


def find_groups(names: Iterable[str]) -> list[Group]:
    """Raises InvalidFields(unknown_group)."""
    wanted = set(names)
    found = list(Group.objects.filter(name__in=wanted).order_by("name"))
    missing = wanted - {group.name for group in found}
    if missing:
        raise InvalidFields.one("groups", "unknown_group", group=min(missing))
    return found


def record_person(act: str, person: User, *, actor: User | None, **facts: Any) -> None:
    record(
        f"person.{act}",
        actor=actor,
        object_type="person",
        object_id=person.pk,
        object_label=person.get_username(),
        **facts,
    )


def _lock_with_super_admins(person_id: int) -> User:
    """The person and every super admin, always in the same order: two who switch each other off wait in line."""
    rows = User.objects.select_for_update().filter(Q(pk=person_id) | Q(is_superuser=True, is_active=True))
    person = next((row for row in rows.order_by("pk") if row.pk == person_id), None)
    if person is None:
        raise NotFound
    return person


def _require_a_super_admin() -> None:
    if not User.objects.super_admins().exists():
        raise Conflict("last_super_admin")


def _withdraw_access(person: User, *, is_switched_off: bool) -> dict[str, int]:
    """End whatever would outlive the change; how many of each, for the audit entry."""
    ended: dict[str, int] = {}
    if is_switched_off:
        _raise_session_epoch(person)
        ended["tokens_revoked"] = revoke_all_tokens(user=person)
    if is_switched_off or not person.is_superuser:
        open_invitations = Invitation.objects.pending().filter(invited_by=person)
        ended["invitations_revoked"] = open_invitations.update(revoked_at=timezone.now())
    return {name: count for name, count in ended.items() if count}


def _raise_session_epoch(person: User) -> None:
    User.objects.filter(pk=person.pk).update(session_epoch=F("session_epoch") + 1)


def _facts(person: User) -> dict[str, Any]:
    return {
        **{name: getattr(person, name) for name in PLAIN_FIELDS},
        "is_super_admin": person.is_superuser,
        "groups": sorted(group.name for group in person.groups.all()),
    }
