"""Ending a reservation: once, with what was really used."""

import pytest
from django.db import IntegrityError, transaction

from src.usage.models import LedgerEntry
from src.usage.services import Scope, ScopeLimit, release, reserve, settle
from tests.usage.conftest import NO_LIMIT, PERSON, PROVIDER, counted, entries_of, movement, reserved

pytestmark = pytest.mark.django_db


def test_settling_books_what_was_used_and_gives_back_the_rest():
    made = reserved(images=4, micros=400)

    settle(movement=made, images=3, micros=250)

    assert counted() == {"spent_images": 3, "spent_micros": 250}
    assert entries_of(made) == [("reserve", 4, 400), ("settle", 3, 250), ("release", 1, 150)]


def test_settling_books_in_full_what_is_more_than_was_reserved():
    made = reserved(ScopeLimit(PERSON, max_images=2, max_micros=100), images=2, micros=100)

    settle(movement=made, images=3, micros=170)

    assert counted() == {"spent_images": 3, "spent_micros": 170}
    assert entries_of(made) == [("reserve", 2, 100), ("settle", 3, 170), ("release", 0, 0)]


def test_settling_at_an_unknown_cost_books_pictures_and_no_money():
    made = reserved(images=2, micros=80)

    settle(movement=made, images=2, micros=None)

    assert counted() == {"spent_images": 2}
    assert entries_of(made) == [("reserve", 2, 80), ("settle", 2, None), ("release", 0, 80)]


def test_settling_books_a_cost_that_was_unknown_before():
    made = reserved(images=1, micros=None)

    settle(movement=made, images=1, micros=70)

    assert counted() == {"spent_images": 1, "spent_micros": 70}
    assert entries_of(made) == [("reserve", 1, None), ("settle", 1, 70), ("release", 0, None)]


def test_releasing_gives_everything_back():
    made = reserved(ScopeLimit(PERSON), ScopeLimit(PROVIDER), images=2, micros=80)

    release(movement=made)

    assert counted(PERSON) == counted(PROVIDER) == {}
    assert entries_of(made)[2:] == [("release", 2, 80), ("release", 2, 80)]


def test_what_is_given_back_can_be_had_again():
    limit = ScopeLimit(PERSON, max_images=1, max_micros=10)
    release(movement=reserved(limit, micros=10))

    reserved(limit, micros=10)

    assert counted() == {"reserved_images": 1, "reserved_micros": 10}


ENDINGS = {
    "settled in full": lambda made: settle(movement=made, images=2, micros=80),
    "settled for less": lambda made: settle(movement=made, images=1, micros=30),
    "settled at an unknown cost": lambda made: settle(movement=made, images=0, micros=None),
    "released": lambda made: release(movement=made),
}


@pytest.mark.parametrize("second", ENDINGS)
@pytest.mark.parametrize("first", ENDINGS)
def test_a_reservation_ends_once(first, second):
    """Another one is held meanwhile, so that the counter would not go below zero by a second end."""
    reserved(images=5, micros=500)
    made = reserved(images=2, micros=80)
    ENDINGS[first](made)
    before = counted(), LedgerEntry.objects.count()

    with pytest.raises(IntegrityError), transaction.atomic():
        ENDINGS[second](made)

    assert (counted(), LedgerEntry.objects.count()) == before


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS.keys())
def test_what_was_never_reserved_has_no_end(end):
    reserved(images=5, micros=500)

    end(movement())

    assert counted() == {"reserved_images": 5, "reserved_micros": 500}
    assert LedgerEntry.objects.count() == 1


def test_scopes_are_ended_in_the_one_order_however_they_were_written():
    made = reserved(ScopeLimit(Scope("team", "all")))
    reserve(movement=made, limits=[ScopeLimit(PROVIDER), NO_LIMIT], images=1, micros=None)

    settle(movement=made, images=1, micros=None)

    ended = LedgerEntry.objects.filter(kind="settle").order_by("id").values_list("scope_kind", flat=True)
    assert list(ended) == ["person_provider", "provider", "team"]
