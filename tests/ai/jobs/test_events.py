"""What a job's followers are told, over real sockets."""

import gc
import time
from dataclasses import replace

import pytest
from django.contrib.auth.models import Group

from src.ai.models import AIModel, JobEvent
from src.ai.services import job_streams
from src.core import notices
from src.core.groups import AI_MANAGERS
from tests.ai.jobs.conftest import JOBS
from tests.factories import GPT_IMAGE_SPEC
from tests.serving import Server

REFUSAL = {"error": {"code": "moderation_blocked", "message": "no"}}


@pytest.fixture
def looks_often(monkeypatch):
    monkeypatch.setattr(notices, "QUIET_S", 0.1)


@pytest.fixture(autouse=True)
def services_may_take_long(settings):
    settings.PROVIDER_TIMEOUT_S = 60


def statuses(told):
    return [each.data["status"] for each in told if each.kind == "state"]


def wait_until(holds, *, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_first_how_it_stands_then_each_change_then_the_result_and_the_end(api, upstream):
    with upstream.hold():
        job_id = api.submit()
        upstream.wait_until_in_flight(1)
        stream = api.follow(job_id)
        first = stream.next()
    rest = stream.rest()

    assert (first.kind, first.data["id"], first.data["status"]) == ("job", job_id, "running")
    assert (statuses(rest), [each.kind for each in rest]) == (["succeeded"], ["state", "result"])
    assert rest[-1].data == api.job(job_id)
    assert int(rest[-1].number) > int(first.number)


def test_once_the_result_was_seen_there_is_nothing_to_come_back_for(api):
    job_id = api.submit()
    with api.follow(job_id) as stream:
        last = stream.rest()[-1]

    again = api.get(f"{JOBS}{job_id}/events/", Last_Event_ID=last.number)

    assert (again.status, again.body) == (204, {})


def test_a_job_that_has_ended_is_its_result(api):
    job_id = api.submit()
    ended = api.wait_for(job_id)

    with api.follow(job_id) as stream:
        assert [(told.kind, told.data) for told in stream.rest()] == [("result", ended)]


def test_it_is_no_page_to_keep_or_hold_back(api):
    with api.follow() as stream:
        headers = stream.headers
        assert headers["Content-Type"] == "text/event-stream"
        assert (headers["Cache-Control"], headers["X-Accel-Buffering"]) == ("no-store", "no")
        assert next(stream.blocks()).data == "retry: 2000"


def test_previews_come_with_an_address_that_gives_the_picture(api, api_of, gpt_image, other_manager, upstream):
    AIModel.objects.filter(pk=gpt_image.pk).update(image_spec={**GPT_IMAGE_SPEC, "partial_images": 3})
    with upstream.hold():
        job_id = api.submit(partial_images=2, size="1024x1024")
        upstream.wait_until_in_flight(1)
        stream = api.follow(job_id)
        stream.next()
    previews = [told for told in stream.rest() if told.kind == "preview"]

    assert [(each.data["image_index"], each.data["preview_index"]) for each in previews] == [(0, 0), (0, 1)]
    assert api.job(job_id)["params_sent"]["partial_images"] == 2
    assert upstream.paid_requests[0].json["stream"] is True
    contents = [fetch(api, each.data["url"]) for each in previews]
    assert [(status, kind) for status, kind, _content in contents] == [(200, "image/png")] * 2
    assert contents[0][2].startswith(b"\x89PNG") and contents[0][2] != contents[1][2]
    assert fetch(api_of(other_manager), previews[0].data["url"])[0] == 404


def fetch(api, url):
    connection = api.begin("GET", url)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers["Content-Type"], content


def test_a_preview_that_was_swept_is_gone(api, gpt_image, settings):
    AIModel.objects.filter(pk=gpt_image.pk).update(image_spec={**GPT_IMAGE_SPEC, "partial_images": 3})
    job_id = api.submit(partial_images=1)
    with api.follow(job_id, Last_Event_ID="0") as stream:
        [preview] = [told for told in stream.rest() if told.kind == "preview"]
    for path in settings.INBOX_DIR.rglob("preview-*"):
        path.unlink()

    answer = api.get(preview.data["url"])

    assert (answer.status, answer.code) == (404, "result_gone")


def test_who_comes_back_is_told_all_that_was_missed(api):
    job_id = api.submit()
    api.wait_for(job_id)

    rest = api.follow(job_id, Last_Event_ID="1").rest()

    assert statuses(rest) == ["running", "succeeded"]
    assert [told.number for told in rest] == ["2", None, "3"]
    assert rest[-1].data == api.job(job_id)


def test_so_is_who_comes_back_to_a_server_that_was_restarted(api, upstream):
    with upstream.hold():
        job_id = api.submit()
        upstream.wait_until_in_flight(1)
        with api.follow(job_id) as stream:
            seen = stream.next().number
    api.wait_for(job_id)
    api.server.stop()

    with Server() as restarted:
        api.server = restarted
        with api.follow(job_id, Last_Event_ID=seen) as stream:
            assert [told.kind for told in stream.rest()] == ["state", "result"]


def test_a_job_of_one_server_is_followed_at_another(api, upstream, settings):
    if not settings.REDIS_URL:
        pytest.skip("one process only without Redis")
    with Server() as other:
        elsewhere = replace(api, server=other)
        with upstream.hold():
            job_id = api.submit()
            upstream.wait_until_in_flight(1)
            stream = elsewhere.follow(job_id)
            first = stream.next()
        rest = stream.rest()

        assert [told.kind for told in rest] == ["state", "result"]
        assert api.follow(job_id, Last_Event_ID=first.number).rest() == rest
        assert elsewhere.get(f"{JOBS}{job_id}/events/", Last_Event_ID=rest[-1].number).status == 204


def test_a_number_from_a_future_that_never_was_begins_anew(api):
    job_id = api.submit()
    api.wait_for(job_id)

    with api.follow(job_id, Last_Event_ID="999999999999999999") as stream:
        assert [told.kind for told in stream.rest()] == ["result"]


@pytest.mark.parametrize("number", ["-1", "abc", "1.5", "9" * 19, "۱"])
def test_a_number_that_is_none_is_refused(api, number):
    answer = api.get(f"{JOBS}events/", Last_Event_ID=number.encode().decode("latin1"))

    assert (answer.status, answer.body["errors"]["Last-Event-ID"][0]["code"]) == (400, "not_integer")


def test_more_than_is_read_at_once_comes_without_a_pause(api, monkeypatch):
    monkeypatch.setattr(job_streams, "EVENTS_AT_ONCE", 2)
    ids = [api.submit(prompt=str(number)) for number in range(3)]
    for job_id in ids:
        api.wait_for(job_id)
    began = time.monotonic()

    with api.follow(Last_Event_ID="0") as stream:
        events = stream.events()
        results = []
        while len(results) < 3:
            told = next(events)
            results += [told.data["id"]] if told.kind == "result" else []

    assert set(results) == set(ids)
    assert time.monotonic() - began < job_streams.PING_S / 3


def test_all_of_ones_jobs_are_followed_at_once_and_nobody_elses(api, api_of, other_manager):
    with api.follow() as stream:
        assert stream.next().kind == "open"
        api_of(other_manager).wait_for(api_of(other_manager).submit())
        ids = {api.submit(prompt=str(number)) for number in range(2)}
        events, told = stream.events(), []
        while [each.kind for each in told].count("result") < 2:
            told.append(next(events))

    results = [each.data for each in told if each.kind == "result"]
    assert {each["id"] for each in results} == ids
    assert {each.data.get("job_id") or each.data["id"] for each in told} == ids
    assert all(each == api.job(each["id"]) for each in results)


def test_silence_is_filled_with_pings(api, upstream, monkeypatch):
    monkeypatch.setattr(job_streams, "PING_S", 0.15)
    with upstream.hold():
        job_id = api.submit()
        with api.follow(job_id) as stream:
            blocks = stream.blocks()
            seen = [next(blocks) for _ in range(8)]
    api.wait_for(job_id)

    assert [told.data for told in seen].count(": ping") >= 4


def test_a_person_has_so_many_streams_and_gets_the_place_back(api, api_of, ai_manager, other_manager, settings):
    settings.EVENT_STREAMS_PER_PERSON = 2
    first, second = api.follow(), api.follow()

    refused = api.get(f"{JOBS}events/")
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (429, "too_many_streams", "5")
    api_of(other_manager).follow().hang_up()

    first.hang_up()
    wait_until(lambda: job_streams.open_streams(ai_manager) == 1)
    api.follow().hang_up()
    second.hang_up()
    wait_until(lambda: not any(job_streams.open_streams(person) for person in (ai_manager, other_manager)))


def test_a_stream_that_ended_gives_its_place_back(api, ai_manager):
    job_id = api.submit()
    api.wait_for(job_id)

    api.follow(job_id).rest()

    wait_until(lambda: not job_streams.open_streams(ai_manager))
    assert job_streams.open_streams(ai_manager) == 0


def test_one_who_asks_only_for_the_headers_takes_no_place(api, ai_manager, settings):
    settings.EVENT_STREAMS_PER_PERSON = 1

    answers = [api.ask("HEAD", f"{JOBS}events/", None, {}) for _ in range(3)]

    assert [(answer.status, answer.headers["Content-Type"]) for answer in answers] == [(200, "text/event-stream")] * 3
    assert job_streams.open_streams(ai_manager) == 0


def test_so_does_an_answer_that_was_closed_or_lost_before_it_began(transactional_db, client_of, ai_manager):
    answers = [client_of(ai_manager).get(f"{JOBS}events/") for _ in range(2)]
    assert job_streams.open_streams(ai_manager) == 2

    answers[0].close()
    assert job_streams.open_streams(ai_manager) == 1
    lost = answers.pop()
    del lost
    gc.collect()

    assert job_streams.open_streams(ai_manager) == 0


def deactivate(person):
    person.is_active = False
    person.save()


def revoke_tokens(person):
    for token in person.api_tokens.all():
        token.revoked_at = token.created_at
        token.save()


def lose_permission(person):
    person.groups.clear()


@pytest.mark.parametrize("loss", [deactivate, revoke_tokens, lose_permission])
@pytest.mark.parametrize("job", ["one", "all"])
def test_who_may_no_longer_look_is_told_nothing_more(api, ai_manager, upstream, looks_often, loss, job):
    with upstream.hold():
        job_id = api.submit()
        upstream.wait_until_in_flight(1)
        with api.follow(job_id if job == "one" else "") as stream:
            stream.next()
            loss(ai_manager)
            assert stream.rest() == []
    wait_until(lambda: JobEvent.objects.filter(data__status="succeeded").exists())


def test_a_super_admin_follows_anybodys_job_as_long_as_it_is_one(api, api_of, super_admin, upstream, looks_often):
    super_admin.groups.add(Group.objects.get(name=AI_MANAGERS))
    with upstream.hold():
        job_id = api.submit()
        upstream.wait_until_in_flight(1)
        with api_of(super_admin).follow(job_id) as stream:
            assert stream.next().data["owner"]["name"] == "manager"
            type(super_admin).objects.filter(pk=super_admin.pk).update(is_superuser=False)
            assert stream.rest() == []
    api.wait_for(job_id)


def test_a_session_that_was_ended_is_told_nothing_more(api, ai_manager, client_of, looks_often):
    cookie = client_of(ai_manager).cookies["sessionid"].value

    with api.follow(Authorization="", Cookie=f"sessionid={cookie}") as stream:
        stream.next()
        type(ai_manager).objects.filter(pk=ai_manager.pk).update(session_epoch=7)
        assert stream.rest() == []


def test_each_follower_is_told_in_the_language_asked_for(api, upstream):
    upstream.play_response(status=400, body=REFUSAL)
    with upstream.hold():
        job_id = api.submit()
        streams = {language: api.follow(job_id, Accept_Language=language) for language in ("fa", "en")}
        began = {language: stream.next().data["message"] for language, stream in streams.items()}
    ended = {language: stream.rest()[-1].data["message"] for language, stream in streams.items()}

    assert ended["en"] == "The service refused this request under its content policy."
    assert (
        not ended["fa"].isascii() and ended["fa"] == api.get(f"{JOBS}{job_id}/", Accept_Language="fa").data["message"]
    )
    assert began["en"].isascii() and not began["fa"].isascii()


def test_somebody_elses_job_is_not_there(api, api_of, other_manager):
    job_id = api.submit()
    api.wait_for(job_id)

    assert api_of(other_manager).get(f"{JOBS}{job_id}/events/").status == 404
