"""Reports by person, provider, model, key source and day, against what was counted by hand."""

import csv
import io
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import uuid4

import pytest
import time_machine
from django.test import AsyncClient

from src.accounts.models import User
from src.core.db import run
from src.usage.models import Counter, LedgerEntry
from src.usage.scopes import WHOLE_TEAM, Scope, ScopeLimit, person_day
from src.usage.services import release
from tests.usage.conftest import reserved, spent

URL = "/api/usage/"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOTHING = {
    "requests": 0,
    "images": 0,
    "cost_micros": 0,
    "unpriced_images": 0,
    "held_images": 0,
    "held_micros": 0,
}


def scopes(person, provider: str, key_source: str) -> list[ScopeLimit]:
    """Those that a real generation counts in: five kinds, of which the report counts one."""
    if key_source == "personal":
        return [ScopeLimit(Scope("own_key", f"{person.pk}:{provider}"))]
    own = Scope("person_provider", f"{person.pk}:{provider}")
    return [ScopeLimit(scope) for scope in (own, Scope("provider", provider), person_day(person.pk), WHOLE_TEAM)]


def book(end: str, person, *, day: str, model: str = "openai/gpt-image", key_source="shared", images=1, micros=None):
    provider, _slash, model_id = model.partition("/")
    whose = {"person_id": person.pk, "provider_slug": provider, "model_id": model_id, "key_source": key_source}
    act = spent if end == "settled" else reserved
    with time_machine.travel(datetime.fromisoformat(day), tick=False):
        made = act(*scopes(person, provider, key_source), images=images, micros=micros, **whose)
        if end == "released":
            release(movement=made)


@pytest.fixture
def booked(ai_manager, stranger):
    """Eight requests of two people in November, one in October; noon of the site is 08:30 UTC."""
    book("settled", ai_manager, day="2026-11-01T08:30Z", images=2, micros=200)
    book("settled", ai_manager, day="2026-11-01T09:30Z", images=1, micros=None)
    # Five minutes after the site's midnight: the second.
    book("settled", ai_manager, day="2026-11-01T20:35Z", images=1, micros=50, key_source="personal")
    book("held", ai_manager, day="2026-11-24T08:30Z", images=4, micros=400)
    book("released", ai_manager, day="2026-11-24T08:30Z", images=9, micros=900)
    book("settled", stranger, day="2026-11-02T08:30Z", model="google/imagen/4", images=3, micros=300)
    book("held", stranger, day="2026-11-24T08:30Z", model="google/imagen/4", images=2, micros=None)
    book("settled", stranger, day="2026-11-24T08:30Z", model="google/nano", images=1, micros=None)
    book("settled", stranger, day="2026-10-31T08:30Z", images=5, micros=500)


def amounts(*values) -> dict[str, int | None]:
    return dict(zip(NOTHING, values, strict=True))


TOTALS = amounts(8, 8, 550, 2, 6, 400)
HAND_COUNTED = {
    "provider": {"openai": amounts(5, 4, 250, 1, 4, 400), "google": amounts(3, 4, 300, 1, 2, None)},
    "model": {
        "google/imagen/4": amounts(2, 3, 300, 0, 2, None),
        "openai/gpt-image": amounts(5, 4, 250, 1, 4, 400),
        "google/nano": amounts(1, 1, None, 1, 0, 0),
    },
    "key_source": {"shared": amounts(7, 7, 500, 2, 6, 400), "personal": amounts(1, 1, 50, 0, 0, 0)},
    "day": {
        "2026-11-01": amounts(2, 3, 200, 1, 0, 0),
        "2026-11-02": amounts(2, 4, 350, 0, 0, 0),
        "2026-11-24": amounts(4, 1, None, 1, 6, 400),
    },
}


@pytest.fixture
def boss(client_of, super_admin):
    return client_of(super_admin, language="en")


def report(client, **params) -> dict:
    with time_machine.travel(NOW, tick=False):
        answer = client.get(URL, params)
    assert answer.status_code == 200, answer.data
    return answer.json()["data"]


def by_key(found: dict) -> dict[str, dict]:
    return {row["key"]: {name: row[name] for name in NOTHING} for row in found["rows"]}


@pytest.mark.parametrize("group_by", HAND_COUNTED)
def test_a_report_is_what_was_counted_by_hand(boss, booked, group_by):
    found = report(boss, group_by=group_by)

    assert by_key(found) == HAND_COUNTED[group_by]
    assert found["totals"] == TOTALS
    assert (found["group_by"], found["from"], found["to"]) == (group_by, "2026-11-01", "2026-11-24")


def test_people_are_named(boss, booked, ai_manager, stranger):
    stranger.first_name, stranger.last_name = "Sara", "Ahmadi"
    stranger.save()

    found = report(boss, group_by="person")

    assert by_key(found) == {
        str(ai_manager.pk): amounts(5, 4, 250, 1, 4, 400),
        str(stranger.pk): amounts(3, 4, 300, 1, 2, None),
    }
    assert [row["label"] for row in found["rows"]] == ["Sara Ahmadi", "manager"]


def test_without_a_group_it_is_by_day_in_order(boss, booked):
    found = report(boss)

    assert [row["key"] for row in found["rows"]] == list(HAND_COUNTED["day"])


def test_all_else_is_the_dearest_first(boss, booked):
    found = report(boss, group_by="model")

    assert [row["key"] for row in found["rows"]] == ["google/imagen/4", "openai/gpt-image", "google/nano"]


def test_key_sources_are_labelled_in_the_callers_language(boss, client_of, super_admin, booked):
    labels = [
        {row["label"] for row in report(client, group_by="key_source")["rows"]}
        for client in (boss, client_of(super_admin))
    ]

    assert labels == [{"the team's key", "personal keys"}, {"کلید تیم", "کلیدهای شخصی"}]


FILTERS = [
    ({"from": "2026-11-02", "to": "2026-11-02"}, 2),
    ({"from": "2026-11-02"}, 6),
    ({"to": "2026-11-02"}, 4),
    ({"to": "2026-10-31"}, 1),
    ({"from": "2026-12-01"}, 0),
    ({"provider": "google"}, 3),
    ({"model": "google/imagen/4"}, 2),
    ({"model": "openai/imagen/4"}, 0),
    ({"key_source": "personal"}, 1),
    ({"provider": "openai", "key_source": "shared"}, 4),
]


@pytest.mark.parametrize(("params", "requests"), FILTERS, ids=str)
def test_filters_narrow_the_report(boss, booked, params, requests):
    assert report(boss, **params)["totals"]["requests"] == requests


def test_one_persons_report(boss, booked, stranger):
    assert report(boss, person=stranger.pk, group_by="provider")["totals"] == amounts(3, 4, 300, 1, 2, None)


def test_a_month_is_what_the_counters_of_the_month_say(boss, booked):
    team = Counter.objects.get(scope_kind="team", period="2026-11")

    totals = report(boss, key_source="shared")["totals"]

    assert (totals["images"], totals["cost_micros"]) == (team.spent_images, team.spent_micros)
    assert (totals["held_images"], totals["held_micros"]) == (team.reserved_images, team.reserved_micros)


def test_everybody_else_sees_only_their_own(client_of, booked, ai_manager, stranger):
    client = client_of(ai_manager)

    assert report(client)["totals"] == amounts(5, 4, 250, 1, 4, 400)
    assert list(by_key(report(client, group_by="person"))) == [str(ai_manager.pk)]
    assert report(client, person=stranger.pk)["totals"] == NOTHING


def test_a_report_of_nothing_is_empty(boss):
    assert report(boss, group_by="person") == {
        "from": "2026-11-01",
        "to": "2026-11-24",
        "group_by": "person",
        "rows": [],
        "totals": NOTHING,
    }


@pytest.mark.parametrize("group_by", ["person", "model"])
def test_a_report_costs_the_same_however_much_it_holds(boss, db, django_assert_num_queries, group_by):
    for number in range(3):
        person = User.objects.create_user(f"p{number}")
        book("settled", person, day="2026-11-24T08:30Z", model=f"p/{number}", micros=number)
        # Session, person, sums, and the names of people.
        with django_assert_num_queries(4 if group_by == "person" else 3):
            report(boss, group_by=group_by)


WRONG = [
    ("group_by=colour", "group_by"),
    ("from=yesterday", "from"),
    ("from=2026-02-30", "from"),
    ("from=2026-11-02&to=2026-11-01", "to"),
    ("person=me", "person"),
    ("person=0", "person"),
    (f"person={2**63}", "person"),
    ("model=gpt-image", "model"),
    ("model=", "model"),
    ("key_source=stolen", "key_source"),
    (f"provider={'x' * 65}", "provider"),
    ("provider=a%00b", "provider"),
    ("day=2026-11-01", "day"),
    ("page_size=5", "page_size"),
    ("person=1&person=2", "person"),
]


@pytest.mark.parametrize("path", ["", "report.csv/"])
@pytest.mark.parametrize(("query", "field"), WRONG)
def test_a_wrong_question_is_refused_with_the_field(boss, path, query, field):
    answer = boss.get(f"{URL}{path}?{query}")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


@pytest.mark.parametrize("path", ["", "report.csv/"])
def test_a_report_takes_somebody_and_a_token_for_usage(client_of, ai_manager, path):
    clients = [client_of(), client_of(ai_manager, scopes=["settings"]), client_of(ai_manager, scopes=["usage"])]

    assert [client.get(URL + path).status_code for client in clients] == [401, 403, 200]


async def export(user, query: str = ""):
    client = AsyncClient()
    await client.aforce_login(user)
    with time_machine.travel(NOW, tick=False):
        answer = await client.get(f"{URL}report.csv/{query}")
        assert answer.status_code == 200
        return answer, b"".join([piece async for piece in answer.streaming_content])


@pytest.mark.django_db(transaction=True)
async def test_the_csv_holds_the_same_rows(super_admin, booked):
    answer, body = await export(super_admin, "?group_by=model")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="usage.csv"'
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert [row["key"] for row in rows] == ["google/imagen/4", "openai/gpt-image", "google/nano"]
    for row in rows:
        wanted = HAND_COUNTED["model"][row["key"]]
        assert {name: row[name] for name in NOTHING} == {name: cell(value) for name, value in wanted.items()}


def cell(value: int | None) -> str:
    return "" if value is None else str(value)


@pytest.mark.django_db(transaction=True)
async def test_the_csv_is_filtered_and_holds_only_ones_own(ai_manager, stranger, booked):
    _answer, body = await export(ai_manager, f"?group_by=person&model={quote('openai/gpt-image')}")

    [row] = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
    assert (row["key"], row["label"], row["requests"]) == (str(ai_manager.pk), "manager", "5")


@pytest.mark.django_db(transaction=True)
async def test_a_name_that_a_spreadsheet_would_calculate_is_made_text(super_admin):
    await run(rename, person=super_admin, name="=HYPERLINK('https://evil.example')")
    await run(book, end="settled", person=super_admin, day="2026-11-24T08:30Z", micros=5)

    _answer, body = await export(super_admin, "?group_by=person")

    [row] = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
    assert row["label"] == "'=HYPERLINK('https://evil.example')"


def rename(*, person, name: str) -> None:
    person.first_name = name
    person.save()


@pytest.mark.django_db(transaction=True)
async def test_a_csv_of_many_pieces_holds_each_row_once(super_admin):
    await run(book_many, person=super_admin, count=503)

    _answer, body = await export(super_admin, "?group_by=model")

    keys = [row["key"] for row in csv.DictReader(io.StringIO(body.decode("utf-8-sig")))]
    assert len(keys) == len(set(keys)) == 503


def book_many(*, person, count: int) -> None:
    scope = {"scope_kind": "person_provider", "scope_id": "1:1", "period": "2026-11", "day": "2026-11-24"}
    whose = {"person_id": person.pk, "provider_slug": "p", "key_source": "shared"}
    LedgerEntry.objects.bulk_create(
        LedgerEntry(kind="reserve", generation_id=uuid4(), images=1, model_id=f"m{number}", **scope, **whose)
        for number in range(count)
    )
