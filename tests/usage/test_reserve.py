"""Holding pictures and money: all scopes or none, never past a limit."""

import pytest
from django.db import IntegrityError, transaction

from src.usage.models import Counter, LedgerEntry
from src.usage.services import LimitReached, Scope, ScopeLimit, reserve, settle
from tests.usage.conftest import PERSON, PROVIDER, counted, entries_of, movement, reserved

pytestmark = pytest.mark.django_db


def exhausted_budget(spent: int = 100) -> ScopeLimit:
    """A budget of 100 micros of which `spent` are gone."""
    made = reserved()
    settle(movement=made, images=1, micros=spent)
    return ScopeLimit(PERSON, max_micros=100)


def test_it_holds_pictures_and_money_in_every_scope():
    made = reserved(ScopeLimit(PERSON), ScopeLimit(PROVIDER), images=3, micros=120)

    assert counted(PERSON) == counted(PROVIDER) == {"reserved_images": 3, "reserved_micros": 120}
    assert entries_of(made) == [("reserve", 3, 120), ("reserve", 3, 120)]


def test_an_entry_tells_whose_it_is():
    made = reserved()

    entry = LedgerEntry.objects.get()
    assert (entry.generation_id, entry.person_id) == (made.generation_id, 1)
    assert (entry.provider_slug, entry.model_id, entry.key_source) == ("openai", "gpt-image", "shared")


def test_the_last_picture_of_a_limit_can_be_had():
    limit = ScopeLimit(PERSON, max_images=3)
    reserved(limit, images=2)
    reserved(limit, images=1)

    with pytest.raises(LimitReached) as caught:
        reserved(limit, images=1)

    assert (caught.value.kind, caught.value.scope) == ("images", PERSON)
    assert counted() == {"reserved_images": 3}


def test_the_last_micro_of_a_budget_can_be_had():
    limit = ScopeLimit(PERSON, max_micros=100)
    reserved(limit, micros=99)

    with pytest.raises(LimitReached) as caught:
        reserved(limit, micros=2)
    reserved(limit, micros=1)

    assert caught.value.kind == "micros"
    assert counted() == {"reserved_images": 2, "reserved_micros": 100}


@pytest.mark.parametrize("micros", [None, 0, 5])
def test_a_limit_of_no_pictures_lets_nothing_through(micros):
    with pytest.raises(LimitReached, match="images"):
        reserved(ScopeLimit(PERSON, max_images=0), micros=micros)


def test_an_unknown_price_holds_pictures_and_no_money():
    made = reserved(ScopeLimit(PERSON, max_micros=1), images=4, micros=None)

    assert counted() == {"reserved_images": 4}
    assert entries_of(made) == [("reserve", 4, None)]


@pytest.mark.parametrize("spent", [100, 101])
def test_an_unknown_price_does_not_pass_an_exhausted_budget(spent):
    limit = exhausted_budget(spent)

    with pytest.raises(LimitReached, match="micros"):
        reserved(limit, micros=None)


@pytest.mark.parametrize("spent", [100, 101])
def test_what_is_free_passes_an_exhausted_budget(spent):
    limit = exhausted_budget(spent)

    made = reserved(limit, micros=0)

    assert entries_of(made) == [("reserve", 1, 0)]


def test_what_costs_does_not_pass_an_exhausted_budget():
    limit = exhausted_budget(101)

    with pytest.raises(LimitReached, match="micros"):
        reserved(limit, micros=1)


def test_a_second_scope_without_room_leaves_the_first_as_it_was():
    reserved(ScopeLimit(PERSON), micros=10)

    with pytest.raises(LimitReached) as caught:
        reserved(ScopeLimit(PERSON), ScopeLimit(PROVIDER, max_micros=5), images=2, micros=10)

    assert caught.value.scope == PROVIDER
    assert counted(PERSON) == {"reserved_images": 1, "reserved_micros": 10}
    assert not Counter.objects.filter(scope_kind="provider").exists()
    assert LedgerEntry.objects.count() == 1


def test_scopes_are_touched_in_one_order_however_they_are_named():
    scopes = [Scope("provider", "2"), Scope("provider", "1"), Scope("person_provider", "9:2")]

    made = [reserved(*map(ScopeLimit, order)) for order in (scopes, reversed(scopes))]

    written = [
        list(
            LedgerEntry.objects.filter(generation_id=each.generation_id)
            .order_by("id")
            .values_list("scope_kind", "scope_id")
        )
        for each in made
    ]
    assert written[0] == written[1] == [("person_provider", "9:2"), ("provider", "1"), ("provider", "2")]


def test_a_generation_cannot_be_reserved_twice():
    made = reserved()

    with pytest.raises(IntegrityError), transaction.atomic():
        reserve(movement=movement(made.generation_id), limits=[ScopeLimit(PERSON)], images=1, micros=1)

    assert counted() == {"reserved_images": 1}
