"""What people are called."""

from collections.abc import Iterable

from django.contrib.auth import get_user_model


def names_of(person_ids: Iterable[int]) -> dict[int, str]:
    """Full name, else username; `#5` for one who is gone. One query, none without ids."""
    names = {person_id: f"#{person_id}" for person_id in person_ids}
    if names:
        found = get_user_model()._default_manager.filter(pk__in=names)
        names |= {person.pk: person.get_full_name() or person.get_username() for person in found}
    return names
