"""One Idempotency-Key, one generation."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import time_machine
from django.utils import timezone

from src.ai.models import ImageGeneration
from src.media.models import MediaAsset
from tests.factories import GPT_IMAGE, make_model
from tests.media.assets import make_asset
from tests.upstream import pictures

KEY = {"Idempotency-Key": "order-1"}


def test_the_same_request_gets_the_same_answer_and_is_paid_for_once(api, upstream):
    first, second = api.generate(headers=KEY), api.generate(headers=KEY)

    assert (first.status, second.status) == (201, 201)
    assert first.body == second.body
    assert ("Idempotency-Replayed" in first.headers, second.headers["Idempotency-Replayed"]) == (False, "true")
    assert upstream.paid_calls == 1


def test_so_does_an_unsaved_one(api, upstream):
    first, second = (api.generate(headers=KEY, save_to_media=False) for _ in range(2))

    assert first.data["images"][0]["image_data_url"].startswith("data:image/png;base64,")
    assert first.body == second.body
    assert upstream.paid_calls == 1


def test_and_one_that_failed(api, upstream):
    upstream.play_response(status=400, body={"error": {"code": "moderation_blocked", "message": "no"}})

    first, second = api.generate(headers=KEY), api.generate(headers=KEY)

    assert (first.status, first.code, first.body["charged"]) == (422, "content_refused", "no")
    assert {**first.body, "request_id": ""} == {**second.body, "request_id": ""}
    assert upstream.paid_calls == 1


def test_another_request_with_the_key_is_refused(api, upstream):
    api.generate(headers=KEY)

    answer = api.generate(prompt="a blue bicycle", headers=KEY)

    assert (answer.status, answer.code) == (422, "idempotency_mismatch")
    assert upstream.paid_calls == 1


def test_a_hundred_at_once_are_one_call(api, upstream):
    upstream.latency_s = 0.3

    with ThreadPoolExecutor(100) as threads:
        answers = list(threads.map(lambda _: api.generate(headers=KEY), range(100)))

    assert {answer.status for answer in answers} == {201}
    assert len({str(answer.body) for answer in answers}) == 1
    assert (upstream.paid_calls, ImageGeneration.objects.count()) == (1, 1)


def test_the_second_waits_while_the_first_is_in_flight_or_gets_the_job(api, upstream):
    with upstream.hold():
        first = api.generate(wait=False, headers=KEY)
        second = api.generate(wait=False, headers=KEY)

    assert (first.status, second.status, first.data["id"]) == (202, 202, second.data["id"])
    assert api.generate(headers=KEY).status == 201


def test_a_limit_that_the_first_reached_does_not_stop_its_replay(api, upstream, openai):
    type(openai).objects.update(monthly_budget_micros=40_000)

    assert api.generate(headers=KEY).status == 201
    assert api.generate(headers=KEY).status == 201
    assert api.generate().status == 402


def test_a_key_is_its_persons(api, api_of, other_manager, upstream):
    assert api.generate(headers=KEY).status == 201
    assert api_of(other_manager).generate(headers=KEY).status == 201
    assert upstream.paid_calls == 2


def test_a_request_that_was_turned_down_leaves_its_key_free(api, openai):
    type(openai).objects.update(monthly_budget_micros=0)
    assert api.generate(headers=KEY).status == 402
    type(openai).objects.update(monthly_budget_micros=None)

    assert api.generate(headers=KEY).status == 201


def test_a_key_is_free_again_after_a_day(generate, upstream, client_of, ai_manager, gpt_image):
    def ask():
        client = client_of(ai_manager)
        return client.post(
            "/api/ai/admin/images/generate/",
            {"model_id": gpt_image.pk, "prompt": "a"},
            headers={"Idempotency-Key": "k"},
        )

    with time_machine.travel(timezone.now() - timedelta(hours=25), tick=True):
        assert ask().status_code == 201
    assert ask().status_code == 201

    assert upstream.paid_calls == 2
    assert list(ImageGeneration.objects.order_by("created_at").values_list("idempotency_key", flat=True)) == [None, "k"]


def test_a_key_that_is_none_is_refused(api):
    answer = api.generate(headers={"Idempotency-Key": "with a space"})

    assert answer.status == 400
    assert answer.body["errors"]["Idempotency-Key"][0]["code"] == "idempotency_key_invalid"


def test_twins_in_a_full_queue_are_one(api, settings):
    settings.JOB_QUEUE_CAP = 1
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: api.generate(wait=False, headers=KEY), range(8)))

    assert {answer.status for answer in answers} <= {200, 202}
    assert len({answer.data["id"] for answer in answers}) == 1


def test_an_error_is_marked_as_a_replay_too(api, upstream):
    upstream.play_response(status=400, body={"error": {"code": "moderation_blocked", "message": "no"}})

    first, second = api.generate(headers=KEY), api.generate(headers=KEY)

    assert (first.status, "Idempotency-Replayed" in first.headers) == (422, False)
    assert (second.status, second.headers["Idempotency-Replayed"]) == (422, "true")


def test_an_edit_is_replayed_though_its_picture_is_gone_by_now(openai, client_of, ai_manager, upstream):
    model = make_model(openai, "gpt-image-edit", capabilities={"image": True, "image_edit": True})
    type(model).objects.filter(pk=model.pk).update(model_id=GPT_IMAGE)
    asset = make_asset(ai_manager, pictures.draw((64, 64), "png"))

    def edit():
        return client_of(ai_manager).post(
            "/api/ai/admin/images/edit/",
            {"model_id": model.pk, "prompt": "at night", "reference_assets": [str(asset.pk)]},
            headers={"Idempotency-Key": "edit-1"},
        )

    first = edit()
    asset.visibility = "private"
    asset.save()
    second = edit()
    MediaAsset.objects.filter(pk=asset.pk).update(deleted_at=timezone.now())
    third = edit()

    assert [answer.status_code for answer in (first, second, third)] == [201, 201, 201]
    assert first.data == second.data == third.data
    assert upstream.paid_calls == 1
