"""Deciding whether a job with an unclear end was charged."""

import pytest

from src.accounts.models import AuditEntry
from src.ai.models import ImageGeneration, JobEvent, ProviderCall
from tests.ai.jobs.books import FREE, counters, totals
from tests.factories import make_model, make_provider, make_settings

HELD = (2, 0, 80_000, 0)
BOOKED = (0, 2, 0, 80_000)


@pytest.fixture
def unclear(api, upstream):
    upstream.drop_after_accept()
    job_id = api.submit(n=2)
    ended = api.wait_for(job_id)
    assert (ended["status"], ended["charged"], counters()) == ("unknown", "unknown", {HELD})
    return job_id


def test_its_owner_books_it_as_charged(api, unclear):
    answer = api.act(unclear, "settle")

    assert (answer.status, answer.code) == (200, "job_settled")
    assert (answer.data["status"], answer.data["charged"], answer.data["actions"]) == ("failed", "yes", ["retry"])
    assert [each["charged"] for each in answer.data["failures"]] == ["yes", "yes"]
    # The ledger holds what was held; what it really cost, nobody knows.
    assert (counters(), answer.data["cost_micros"], answer.data["cost_source"]) == ({BOOKED}, None, "unknown")
    assert totals() == {(1, 0, 0)}
    assert JobEvent.objects.latest("seq").data["charged"] == "yes"


def test_a_super_admin_gives_it_back(api, api_of, super_admin, unclear):
    boss = api_of(super_admin)
    assert boss.job(unclear)["actions"] == ["settle", "release"]

    answer = boss.act(unclear, "release")

    assert (answer.status, answer.code) == (200, "job_released")
    assert (answer.data["status"], answer.data["charged"], answer.data["actions"]) == ("failed", "no", [])
    assert [each["charged"] for each in answer.data["failures"]] == ["no", "no"]
    assert (counters(), totals()) == ({FREE}, {(1, 0, 0)})
    entry = AuditEntry.objects.get(action="job.released")
    assert (entry.actor_id, entry.object_id, entry.object_label) == (super_admin.pk, unclear, "manager")
    assert entry.before == {"charged": "unknown", "status": "unknown"}
    assert entry.after == {"charged": "no", "status": "failed"}


def test_its_owner_gives_nothing_of_the_teams_back(api, unclear):
    answer = api.act(unclear, "release")

    assert (answer.status, answer.code, counters()) == (403, "permission_denied", {HELD})
    assert not AuditEntry.objects.filter(object_type="job").exists()


def test_its_owner_gives_back_what_an_own_key_paid_for(api, ai_manager, openai, upstream):
    make_settings(ai_manager, openai, key="sk-test-good")
    upstream.drop_after_accept()
    job_id = api.submit()
    ended = api.wait_for(job_id)
    assert (ended["key_source"], ended["actions"]) == ("personal", ["retry", "settle", "release"])

    assert api.act(job_id, "release").code == "job_released"

    assert (counters(), AuditEntry.objects.get(action="job.released").actor_id) == ({FREE}, ai_manager.pk)


@pytest.mark.parametrize(("first", "second"), [("settle", "settle"), ("settle", "release"), ("release", "settle")])
def test_it_is_decided_once(api_of, super_admin, unclear, first, second):
    boss = api_of(super_admin)
    boss.act(unclear, first)
    decided = counters()

    answer = boss.act(unclear, second)

    assert (answer.status, answer.code, counters()) == (409, "nothing_unclear", decided)
    assert AuditEntry.objects.filter(object_type="job").count() == 1


def test_nothing_is_decided_of_a_job_that_is_clear_or_goes_on(api, upstream):
    with upstream.hold():
        job_id = api.submit()
        upstream.wait_until_in_flight(1)
        running = api.act(job_id, "settle")
    api.wait_for(job_id)

    assert [running.code, api.act(job_id, "settle").code] == ["nothing_unclear"] * 2


def test_nobody_else_decides(api_of, other_manager, unclear):
    other = api_of(other_manager)

    assert [other.act(unclear, action).status for action in ("settle", "release")] == [404, 404]
    assert counters() == {HELD}


@pytest.fixture
def partly(api, openai, upstream):
    """Three calls for a picture each: one brought it, one was turned down, of one nobody knows."""
    provider = make_provider("gemini", adapter="gemini", api_base_url=upstream.gemini_url, allow_private_address=True)
    gemini = make_model(provider, "gemini-nano-banana-2.1", image_spec={"max_n": 10})
    upstream.play_response(status=400, body={"error": {"status": "INVALID_ARGUMENT", "message": "no"}})
    upstream.drop_after_accept()
    job_id = api.submit(model_id=gemini.pk, n=3)
    ended = api.wait_for(job_id)
    assert (ended["status"], ended["charged"], ended["delivered"]) == ("succeeded", "unknown", 1)
    assert sorted(each["charged"] for each in ended["failures"]) == ["no", "unknown"]
    return job_id


@pytest.mark.parametrize(
    ("action", "charges", "books", "cost"),
    [
        ("settle", ["no", "yes"], (0, 2, 0, 80_000), None),
        ("release", ["no", "no"], (0, 1, 0, 40_000), 40_000),
    ],
)
def test_beside_pictures_that_came_only_the_unclear_call_is_decided(
    api_of, super_admin, partly, action, charges, books, cost
):
    answer = api_of(super_admin).act(partly, action)

    assert (answer.data["status"], answer.data["charged"], answer.data["delivered"]) == ("succeeded", "yes", 1)
    assert sorted(each["charged"] for each in answer.data["failures"]) == charges
    assert (counters(), answer.data["cost_micros"]) == ({books}, cost)
    assert totals() == {(1, 1, cost or 0)}
    assert not ProviderCall.objects.filter(charged="unknown").exists()
    assert ImageGeneration.objects.get().status == "succeeded"
