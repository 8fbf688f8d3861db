"""What has limits, and for how long each of its limits holds."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

PERSON_DAY = "person_day"
PERSON_PROVIDER = "person_provider"
PROVIDER = "provider"
OWN_KEY = "own_key"
TEAM = "team"
EVERYONE = "*"
"""Id of the limit that holds for each scope of a kind that has none of its own."""

DAILY = frozenset({PERSON_DAY})
OF_A_PERSON = frozenset({PERSON_DAY, PERSON_PROVIDER, OWN_KEY})
OF_A_PROVIDER = frozenset({PERSON_PROVIDER, PROVIDER, OWN_KEY})
ONCE_PER_GENERATION = (PERSON_PROVIDER, OWN_KEY)
"""Each generation has entries in exactly one scope of these kinds: sums over them count nothing twice."""


@dataclass(frozen=True, order=True)
class Scope:
    """Something that has limits.

    Kind and id: `team` `all`; `provider` its number; `person_provider` and `own_key` `person:provider`; `person_day`
    the person's number. `own_key` is counted, never limited. A `person_day` begins anew each day, the others each
    month.
    """

    kind: str
    id: str


WHOLE_TEAM = Scope(TEAM, "all")


def person_day(person_id: int) -> Scope:
    return Scope(PERSON_DAY, str(person_id))


@dataclass(frozen=True)
class ScopeLimit:
    """A scope with what it may use in a period; None is no limit."""

    scope: Scope
    max_images: int | None = None
    max_micros: int | None = None


def in_order(limits: Iterable[ScopeLimit]) -> list[ScopeLimit]:
    """The one order in which scopes are locked and asked."""
    return sorted(limits, key=lambda limit: limit.scope)


def any_of(scopes: Iterable[Scope]) -> Q:
    """Rows of these scopes."""
    wanted = Q(pk__in=[])
    for scope in scopes:
        wanted |= Q(scope_kind=scope.kind, scope_id=scope.id)
    return wanted
