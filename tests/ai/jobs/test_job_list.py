"""The list of jobs and one job: whose they are, in what order, and in how many queries."""

import pytest

from src.ai.models import JobEvent
from tests.ai.jobs.conftest import JOBS


@pytest.fixture
def client(client_of, ai_manager):
    return client_of(ai_manager, language="en")


def results(answer):
    assert answer.status_code == 200, answer.json()
    return answer.json()["data"]["results"]


def test_the_newest_comes_first_and_pages_hold_together(generate, client):
    ids = [generate(prompt=str(number)).data["data"]["generation_id"] for number in range(3)]

    first = client.get(f"{JOBS}?page_size=2").json()["data"]
    second = client.get(first["next"]).json()["data"]

    assert [job["id"] for job in first["results"] + second["results"]] == ids[::-1]
    assert second["next"] is None


def test_a_job_asks_the_same_number_of_queries_however_many_pictures_it_has(
    generate, client, django_assert_num_queries
):
    few, many = (generate(n=n).data["data"]["generation_id"] for n in (1, 4))

    for job_id in (few, many):
        with django_assert_num_queries(6):
            assert len(client.get(f"{JOBS}{job_id}/").json()["data"]["images"]) in (1, 4)


def test_the_list_and_the_job_itself_say_the_same(generate, client, upstream):
    generate(n=2)
    generate(save_to_media=False)
    upstream.play("openai/content_policy_refusal")
    generate()

    for job in results(client.get(JOBS)):
        assert client.get(f"{JOBS}{job['id']}/").json()["data"] == job


def test_super_admins_pick_a_persons(generate, client_of, super_admin, ai_manager, other_manager):
    generate()
    generate(as_user=other_manager)
    client = client_of(super_admin)

    owners = [job["owner"]["id"] for job in results(client.get(f"{JOBS}?owner={other_manager.pk}"))]

    assert owners == [other_manager.pk]
    assert len(results(client.get(JOBS))) == 2


def test_a_persons_number_opens_nobody_elses_list(generate, client_of, ai_manager, other_manager):
    generate()

    assert results(client_of(other_manager).get(f"{JOBS}?owner={ai_manager.pk}")) == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("status=done", 400),
        ("charged=maybe", 400),
        ("is_finished=1", 400),
        ("owner=me", 400),
        ("owner=1.5", 400),
        ("owner=99999999999999999999999", 400),
        ("provider=nobody", 200),
        ("provider=a%00b", 400),
        ("page_size=0", 400),
        ("cursor=nonsense", 400),
        ("owner=NaN", 400),
    ],
)
def test_a_filter_that_is_none_is_refused(generate, client, query, status):
    generate()

    answer = client.get(f"{JOBS}?{query}")

    assert answer.status_code == status, answer.json()
    assert status == 400 or answer.json()["data"]["results"] == []


def test_a_token_needs_the_scope_of_pictures(generate, client_of, ai_manager):
    job_id = generate().data["data"]["generation_id"]
    client = client_of(ai_manager, scopes=["media:read"])

    reads = [client.get(f"{JOBS}{path}").status_code for path in ("", "events/", f"{job_id}/", f"{job_id}/events/")]
    acts = [client.post(f"{JOBS}{job_id}/{act}/").status_code for act in ("cancel", "retry", "settle", "release")]

    assert {*reads, *acts} == {403}


def test_no_path_of_the_inbox_is_told(api, reserve, ai_manager):
    job_id = reserve()
    shown = {"image_index": 0, "preview_index": 0, "mime_type": "image/png", "path": "aa/secret.png"}
    JobEvent.objects.create(admin=ai_manager, seq=2, generation_id=job_id, kind="preview", data=shown)
    ai_manager.jobfeed.last_seq = 2
    ai_manager.jobfeed.save()

    with api.follow(str(job_id), Last_Event_ID="1") as stream:
        told = stream.next()

    assert (told.kind, set(told.data)) == (
        "preview",
        {"job_id", "at", "image_index", "preview_index", "mime_type", "url"},
    )
