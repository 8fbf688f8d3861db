"""The same request as a job: at once where that is asked for, and where the pictures take too long."""

import pytest

from src.ai.models import ImageGeneration
from tests.ai.jobs.conftest import JOBS


@pytest.mark.parametrize(
    ("body", "headers"), [({"wait": False}, {}), ({}, {"Prefer": "respond-async"}), ({}, {"Prefer": "foo, wait=0"})]
)
def test_a_job_is_answered_at_once_and_ends_by_itself(api, upstream, body, headers):
    with upstream.hold():
        answer = api.generate(headers=headers, **body)
        upstream.wait_until_in_flight(1)
        running = api.job(answer.data["id"])

    assert (answer.status, answer.code) == (202, "job_accepted")
    assert answer.headers["Location"] == f"{JOBS}{answer.data['id']}/"
    assert (running["status"], running["charged"], running["is_finished"]) == ("running", "unknown", False)
    ended = api.wait_for(answer.data["id"])
    assert (ended["status"], ended["charged"], ended["delivered"], ended["saved"]) == ("succeeded", "yes", 1, True)
    assert (ended["cost_micros"], ended["actions"]) == (40_000, [])
    assert upstream.paid_calls == 1


def test_what_was_preferred_is_said(api):
    answer = api.generate(headers={"Prefer": "respond-async"})

    assert answer.headers["Preference-Applied"] == "respond-async"
    api.wait_for(answer.data["id"])


def test_pictures_that_take_too_long_become_a_job(api, upstream, settings):
    settings.JOB_WAIT_S = 0.3
    with upstream.hold():
        answer = api.generate()

    assert (answer.status, answer.data["status"], answer.data["charged"]) == (202, "running", "unknown")
    assert api.wait_for(answer.data["id"])["status"] == "succeeded"
    assert upstream.paid_calls == 1


def test_a_failed_job_says_why_and_that_it_was_not_charged(api, upstream):
    upstream.play_response(status=400, body={"error": {"code": "moderation_blocked", "message": "no"}})

    ended = api.wait_for(api.generate(wait=False).data["id"])

    assert (ended["status"], ended["error_code"], ended["charged"]) == ("refused", "content_refused", "no")
    assert ended["message"] == "The service refused this request under its content policy."
    assert ended["actions"] == ["retry"]


def test_a_job_that_may_not_begin_makes_no_row(api):
    answer = api.generate(wait=False, size="1x1")

    assert (answer.status, ImageGeneration.objects.count()) == (400, 0)


def test_jobs_are_their_owners_and_super_admins(api, api_of, other_manager, super_admin):
    job_id = api.generate(wait=False).data["id"]
    api.wait_for(job_id)

    assert api_of(other_manager).get(f"{JOBS}{job_id}/").status == 404
    assert api_of(other_manager).get(JOBS).data["results"] == []
    seen = api_of(super_admin).get(JOBS).data["results"]
    assert [(job["id"], job["owner"]["name"]) for job in seen] == [(job_id, "manager")]


def test_jobs_are_filtered_in_the_database(api):
    assert [api.generate(prompt=str(number)).status for number in range(2)] == [201, 201]

    assert len(api.get(f"{JOBS}?status=succeeded").data["results"]) == 2
    assert api.get(f"{JOBS}?is_finished=false").data["results"] == []
    assert api.get(f"{JOBS}?charged=unknown").data["results"] == []
    assert len(api.get(f"{JOBS}?provider=openai").data["results"]) == 2
    assert api.get(f"{JOBS}?nonsense=1").status == 400


def test_a_list_asks_the_same_number_of_queries_however_long_it_is(
    generate, client_of, ai_manager, django_assert_num_queries
):
    client = client_of(ai_manager)
    counts = []
    for _ in range(2):
        generate(n=2)
        generate()
        with django_assert_num_queries(8) as queries:
            assert client.get(JOBS).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
