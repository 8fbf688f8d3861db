"""Calling a job off: what was not sent costs nothing, what was sent cannot be called back."""

import pytest

from src.accounts.models import AuditEntry
from src.ai.models import AIProvider, ImageGeneration
from tests.ai.jobs.books import FREE, counters
from tests.ai.jobs.conftest import JOBS
from tests.factories import make_model, make_provider


@pytest.fixture
def one_at_a_time(openai):
    AIProvider.objects.filter(pk=openai.pk).update(max_jobs_at_once=1)


@pytest.fixture
def gemini(openai, upstream):
    """A service that makes one picture per call, and all of them at once."""
    provider = make_provider("gemini", adapter="gemini", api_base_url=upstream.gemini_url, allow_private_address=True)
    return make_model(provider, "gemini-nano-banana-2.1", image_spec={"max_n": 10})


def test_a_job_that_waits_ends_at_once_and_costs_nothing(api, upstream, one_at_a_time):
    with upstream.hold():
        first = api.submit()
        upstream.wait_until_in_flight(1)
        waiting = api.submit(n=2)
        assert "cancel" in api.job(waiting)["actions"]

        answer = api.act(waiting, "cancel")

        assert (answer.status, answer.code) == (200, "job_cancelled")
        assert (answer.data["status"], answer.data["charged"], answer.data["is_finished"]) == ("cancelled", "no", True)
        assert answer.data["message"] == "The job was called off before it was sent; it cost nothing."
        assert answer.data["actions"] == ["retry"]
        assert counters() == {(1, 0, 40_000, 0)}
    api.wait_for(first)
    assert (upstream.paid_calls, counters()) == (1, {(0, 1, 0, 40_000)})
    assert not AuditEntry.objects.filter(action="job.cancelled").exists()


def test_a_job_that_is_sent_cannot_be_called_off(api, upstream):
    with upstream.hold():
        job_id = api.submit()
        upstream.wait_until_in_flight(1)
        sent = api.job(job_id)
        answer = api.act(job_id, "cancel")

    assert sent["actions"] == []
    assert (answer.status, answer.code) == (409, "job_is_sent")
    assert (answer.body["status"], answer.body["charged"]) == ("running", "unknown")
    assert api.wait_for(job_id)["status"] == "succeeded"


def test_nor_one_that_has_ended(api):
    job_id = api.submit()
    api.wait_for(job_id)

    answer = api.act(job_id, "cancel")

    assert (answer.status, answer.code, answer.body["charged"]) == (409, "job_has_ended", "yes")


def test_of_a_job_that_is_partly_sent_the_rest_is_called_off(reserve, claim, gemini, api, upstream):
    job_id = reserve(gemini, n=3)
    claim(job_id, sent=[1])

    answer = api.act(job_id, "cancel")
    assert (answer.status, answer.code) == (200, "job_cancelling")
    assert (answer.data["status"], answer.data["cancel_requested"], answer.data["actions"]) == ("running", True, [])
    assert api.act(job_id, "cancel").code == "job_cancelling"
    ImageGeneration.objects.update(lease_until=None)
    ended = api.wait_for(job_id)

    assert (ended["status"], ended["charged"], upstream.paid_calls) == ("unknown", "unknown", 0)
    assert [(each["index"], each["code"], each["charged"]) for each in ended["failures"]] == [
        (0, "job_cancelled", "no"),
        (1, "provider_error", "unknown"),
        (2, "job_cancelled", "no"),
    ]


def test_a_running_job_of_which_nothing_is_sent_ends_before_it_is(reserve, claim, api, upstream):
    job_id = reserve()
    claim(job_id, sent=[])

    assert api.act(job_id, "cancel").code == "job_cancelling"
    ImageGeneration.objects.update(lease_until=None)
    ended = api.wait_for(job_id)

    assert (ended["status"], ended["charged"], ended["error_code"]) == ("cancelled", "no", "job_cancelled")
    assert (upstream.paid_calls, counters()) == (0, {FREE})


def test_a_super_admin_calls_off_anybodys_job_and_is_named(reserve, api_of, super_admin, ai_manager):
    job_id = reserve()

    answer = api_of(super_admin).act(job_id, "cancel")

    assert (answer.status, answer.data["status"]) == (200, "cancelled")
    entry = AuditEntry.objects.get(action="job.cancelled")
    assert (entry.actor_id, entry.object_id, entry.object_label) == (super_admin.pk, str(job_id), "manager")
    assert counters() == {FREE}


def test_nobody_else_does(reserve, api_of, other_manager, stranger):
    job_id = reserve()

    assert api_of(other_manager).act(job_id, "cancel").status == 404
    assert api_of(stranger).act(job_id, "cancel").status == 403
    assert ImageGeneration.objects.get().status == "queued"


def test_nothing_is_sent_along(reserve, api):
    job_id = reserve()

    answer = api.act(job_id, "cancel", {"now": True})

    assert answer.body["errors"] == {"now": [{"code": "unknown_field", "message": "This field is not known here."}]}


def test_a_job_that_is_not_there(api):
    answer = api.act("00000000-0000-0000-0000-000000000000", "cancel")

    assert (answer.status, answer.code) == (404, "not_found")
    assert api.get(f"{JOBS}nonsense/").status == 404
