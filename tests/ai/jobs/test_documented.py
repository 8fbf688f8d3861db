"""What the API's document says of jobs is what they answer."""

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from tests.ai.jobs.conftest import JOBS
from tests.test_openapi import failures_of

JOB = f"{JOBS}{{generation_id}}/"


@pytest.fixture(scope="module")
def document() -> dict:
    with GENERATOR_STATS.silence():
        return SchemaGenerator().get_schema(public=True)


@pytest.fixture
def departures(document):
    """`departures(answer, "get", path)`: where the answer departs from the document."""

    def check(answer, method, path):
        responses = document["paths"][path][method]["responses"]
        found = responses.get(str(answer.status), responses["default"])
        return failures_of(document, found["content"]["application/json"]["schema"], answer.body)

    return check


def test_a_job_in_each_of_its_states_is_as_documented(api, api_of, reserve, super_admin, upstream, departures):
    waiting = str(reserve(n=2))
    upstream.play_response(status=400, body={"error": {"code": "moderation_blocked", "message": "no"}})
    upstream.drop_after_accept()
    refused, unclear, partial = (api.submit(prompt=prompt) for prompt in ("a", "b", "c"))
    for job_id in (refused, unclear, partial):
        api.wait_for(job_id)
    boss = api_of(super_admin)

    for job_id in (waiting, refused, unclear, partial):
        assert departures(api.get(f"{JOBS}{job_id}/"), "get", JOB) == []
    assert departures(boss.get(JOBS), "get", JOBS) == []
    assert departures(api.act(waiting, "cancel"), "post", f"{JOB}cancel/") == []
    assert departures(api.act(waiting, "cancel"), "post", f"{JOB}cancel/") == []
    again = api.act(waiting, "retry", Idempotency_Key="k")
    assert (again.status, departures(again, "post", f"{JOB}retry/")) == (202, [])
    api.wait_for(again.data["id"])
    replayed = api.act(waiting, "retry", Idempotency_Key="k")
    assert (replayed.status, departures(replayed, "post", f"{JOB}retry/")) == (200, [])
    unclear = next(job for job in boss.get(JOBS).data["results"] if job["charged"] == "unknown")["id"]
    assert departures(boss.act(unclear, "release"), "post", f"{JOB}release/") == []


@pytest.mark.parametrize("path", [f"{JOB}events/", f"{JOBS}events/"])
def test_events_are_documented_as_such(document, path):
    operation = document["paths"][path]["get"]

    assert "text/event-stream" in operation["responses"]["200"]["content"]
    assert ("204" in operation["responses"]) == (path == f"{JOB}events/")
    assert "Last-Event-ID" in [parameter["name"] for parameter in operation["parameters"]]
