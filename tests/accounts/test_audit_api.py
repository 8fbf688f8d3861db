"""`/api/accounts/audit/`: reading what was done, as pages and as CSV."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.test import AsyncClient

from src.accounts.services.audit_export import ROWS_PER_PIECE
from src.core.audit import record
from src.core.db import run
from tests.accounts.people import ROOT, entries, signed_in

URL = f"{ROOT}audit/"


def write(action="thing.done", actor=None, **fields):
    with transaction.atomic():
        record(action, actor=actor, **{"object_type": "thing", "object_id": 1, **fields})


@pytest.fixture
def boss(super_admin):
    return signed_in(super_admin)


def rows(answer):
    assert answer.status_code == 200, answer.json()
    return answer.json()["data"]["results"]


def test_entries_are_read_newest_first(boss, ai_manager):
    write("thing.done", ai_manager, object_label="the first", before={"a": 1}, after={"a": 2})
    write("thing.undone")

    newest, oldest = rows(boss.get(URL))

    assert (newest["action"], newest["actor"], newest["channel"]) == ("thing.undone", None, "system")
    assert oldest["actor"] == {"id": ai_manager.pk, "username": "manager"}
    assert (oldest["object_label"], oldest["before"], oldest["after"]) == ("the first", {"a": 1}, {"a": 2})


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("action=provider_key.set", ["provider_key.set"]),
        ("action=provider_key.", ["provider_key.set", "provider_key.removed"]),
        ("action=provider_key", []),
        ("action=provider%.", []),
        ("actor=manager", ["provider_key.removed"]),
        ("actor=man", []),
        ("object_type=provider", ["provider_key.set", "provider_key.removed"]),
        ("object_type=provider&object_id=2", ["provider_key.removed"]),
        ("object_id=1", ["provider_key.set", "providerXkey.set"]),
    ],
)
def test_entries_are_filtered(boss, ai_manager, query, found):
    write("providerXkey.set")
    write("provider_key.removed", ai_manager, object_type="provider", object_id=2)
    write("provider_key.set", object_type="provider")

    assert [row["action"] for row in rows(boss.get(f"{URL}?{query.replace('%', '%25')}"))] == found


def test_a_span_of_time_holds_its_start_and_not_its_end(boss):
    write()
    moment = entries()[0].created_at
    later = moment + timedelta(seconds=1)

    def count(**query):
        return len(rows(boss.get(URL, {name: value.isoformat() for name, value in query.items()})))

    assert count(since=moment) == count(until=later) == count(since=moment, until=later) == 1
    assert count(since=later) == count(until=moment) == 0


@pytest.mark.parametrize("query", ["since=yesterday", "until=0001-01-01T00:00:00%2B14:00", "who=me", "action=%00"])
def test_a_wrong_query_is_refused(boss, query):
    assert boss.get(f"{URL}?{query}").status_code == 400
    assert boss.get(f"{URL}export/?{query}").status_code == 400


def test_pages_hold_each_entry_once_while_entries_are_added(boss):
    for number in range(5):
        write(object_id=number)
    seen, url = [], f"{URL}?page_size=2&object_type=thing"
    while url:
        answer = boss.get(url)
        seen += [row["object_id"] for row in rows(answer)]
        write(object_id="new")
        url = answer.json()["data"]["next"]

    assert seen == ["4", "3", "2", "1", "0"]


def test_the_list_costs_the_same_however_long(boss, ai_manager, django_assert_num_queries):
    for count in (1, 12):
        for _ in range(count):
            write(actor=ai_manager)
        with django_assert_num_queries(3):
            boss.get(URL)


async def export(user, query=""):
    client = AsyncClient()
    await client.aforce_login(user)
    answer = await client.get(f"{URL}export/{query}")
    assert answer.status_code == 200
    body = b"".join([piece async for piece in answer.streaming_content])
    return answer, body


@pytest.mark.django_db(transaction=True)
async def test_the_export_is_a_csv_that_spreadsheets_read(super_admin):
    await run(write, object_label="نگاره", after={"نام": "x"})

    answer, body = await export(super_admin)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    assert body.startswith(b"\xef\xbb\xbf")
    [row] = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
    assert (row["action"], row["object_label"], row["after"], row["actor_id"]) == (
        "thing.done",
        "نگاره",
        '{"نام": "x"}',
        "",
    )
    assert datetime.fromisoformat(row["created_at"]).utcoffset() == timedelta(0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
async def test_a_cell_that_a_spreadsheet_would_calculate_is_made_text(super_admin, start):
    label = f"{start}HYPERLINK('https://evil.example')"
    await run(write, object_label=label)

    _answer, body = await export(super_admin)

    [row] = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    assert row["object_label"] == f"'{label}"


@pytest.mark.django_db(transaction=True)
async def test_an_export_of_many_pieces_holds_each_entry_once(super_admin):
    await run(write_many, count=ROWS_PER_PIECE + 3)

    _answer, body = await export(super_admin, "?object_type=thing")

    ids = [int(row["object_id"]) for row in csv.DictReader(io.StringIO(body.decode("utf-8-sig")))]
    assert ids == list(reversed(range(ROWS_PER_PIECE + 3)))


@pytest.mark.django_db(transaction=True)
async def test_the_export_is_filtered_and_itself_recorded(super_admin):
    await run(write)
    await run(write, action="other.done", object_type="other")

    _answer, body = await export(super_admin, "?action=other.")

    assert [row["action"] for row in csv.DictReader(io.StringIO(body.decode("utf-8-sig")))] == ["other.done"]
    entry = (await run(entries))[-1]
    assert (entry.action, entry.actor_name, entry.after) == (
        "audit.exported",
        "super",
        {"filters": {"action": "other."}},
    )


def write_many(*, count):
    with transaction.atomic():
        for number in range(count):
            record("thing.done", actor=None, object_type="thing", object_id=number)


@pytest.mark.parametrize("query", ["cursor=zzz", "page_size=2", "colour=red"])
def test_the_export_knows_no_pages(super_admin, client_of, query):
    answer = client_of(super_admin).get(f"/api/accounts/audit/export/?{query}")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [query.split("=")[0]])


@pytest.mark.parametrize("path", ["", "export/"])
def test_an_action_is_not_endless(super_admin, client_of, path):
    answer = client_of(super_admin).get(f"/api/accounts/audit/{path}", {"action": "x" * 60_000 + "."})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["action"])
