"""What a job that is taken over must not do: pay, blame, release or remove on an old runner's account."""

import json

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from src.ai.models import ImageGeneration, KeyStatus, ProviderCall
from src.ai.providers.contract import CallResult, GeneratedImage, ImageResult, Received
from src.ai.services.inbox import write_answer
from src.ai.services.job_claims import find_claimable
from src.ai.services.job_execution import _take_back
from src.ai.services.job_repair import find_late_answers
from src.ai.services.received_pictures import Places, keep_pictures
from src.ai.services.stored_keys import store_key
from src.core.secret import Secret
from src.media.services.assets import AssetDetails, create_asset
from src.media.services.originals import default_storage
from tests.ai.jobs.test_after_a_crash import GEMINI_PART, PNG, die, gemini, reserve, run, sums
from tests.factories import make_model, make_provider

__all__ = ["gemini", "reserve"]
PARTS = {"content": {"parts": [GEMINI_PART, GEMINI_PART]}, "finishReason": "STOP"}
TWO_PICTURES = json.dumps({"candidates": [PARTS]}).encode()


def test_what_only_another_version_can_read_is_not_given_away(reserve, upstream, openai):
    generation_id = reserve()
    die(generation_id, answered=(0,))
    type(openai).objects.update(adapter="of-tomorrow")

    job = run(generation_id)
    assert (job.status, job.charged, job.setbacks, sums()) == ("queued", "unknown", 1, {(1, 0, 40_000, 0)})

    type(openai).objects.update(adapter="openai")
    ImageGeneration.objects.update(not_before=None)
    assert (run(generation_id).status, upstream.paid_calls) == ("succeeded", 0)


def test_one_who_may_no_longer_gets_what_was_sent_and_pays_for_nothing_more(gemini, reserve, upstream, ai_manager):
    generation_id = reserve(gemini, n=2)
    die(generation_id, sent=(0,), answered=(0,), answer=TWO_PICTURES)
    ai_manager.is_active = False
    ai_manager.save()

    job = run(generation_id)

    assert (job.status, job.charged, upstream.paid_calls) == ("succeeded", "yes", 0)
    assert [(each["index"], each["code"], each["reason"], each["charged"]) for each in job.failures] == [
        (1, "job_cancelled", "access_lost", "no")
    ]


def test_a_key_of_today_is_not_blamed_for_one_of_yesterday(reserve, openai):
    generation_id = reserve()
    die(generation_id)
    ProviderCall.objects.update(status="failed", charged="no", error_code="provider_key_invalid")
    openai.refresh_from_db()
    store_key(openai, Secret("sk-test-new"), openai)
    openai.key_status = KeyStatus.VALID
    openai.save()

    assert run(generation_id).error_code == "provider_key_invalid"
    openai.refresh_from_db()
    assert openai.key_status == KeyStatus.VALID


def test_more_pictures_than_were_asked_for_find_room_beside_late_ones(gemini, reserve):
    generation_id = reserve(gemini, n=2)
    die(generation_id, sent=(0, 1), answered=(0,), answer=TWO_PICTURES)
    assert sorted(run(generation_id).outputs.values_list("index", flat=True)) == [0, 2]
    answer = Received(body=TWO_PICTURES, content_type="application/json", call_index=1)
    write_answer(generation_id=generation_id, received=answer)

    async_to_sync(find_late_answers)()
    job = run(generation_id)

    assert (job.charged, sorted(job.outputs.values_list("index", flat=True))) == ("yes", [0, 1, 2, 3])


def test_the_answer_of_an_earlier_attempt_is_not_taken_for_the_later_one(reserve, upstream):
    generation_id = reserve()
    die(generation_id, answered=(0,))
    ProviderCall.objects.update(status="failed", charged="no", finished_at=timezone.now())
    ProviderCall.objects.create(
        generation_id=generation_id, attempt=2, status="sent", sent_at=timezone.now(), charged="unknown"
    )

    job = run(generation_id)

    assert (job.status, job.error_facts, sums()) == ("unknown", {"reason": "interrupted"}, {(1, 0, 40_000, 0)})


def test_a_job_that_was_given_up_is_tried_again_and_sends_nothing(gemini, reserve, upstream, settings):
    generation_id = reserve(gemini, n=2)
    die(generation_id, sent=(0,), answered=(0,), answer=TWO_PICTURES)
    ImageGeneration.objects.update(setbacks=40)
    ProviderCall.objects.filter(index=1).update(status="unknown", sent_at=timezone.now(), charged="unknown")
    settings.MEDIA_ROOT.write_text("no folder")

    assert (run(generation_id).status, upstream.paid_calls) == ("unknown", 0)
    settings.MEDIA_ROOT.unlink()
    assert list(async_to_sync(find_late_answers)()) == [generation_id]
    job = run(generation_id)

    assert (job.status, job.setbacks, job.outputs.count(), upstream.paid_calls) == ("succeeded", 0, 2, 0)


@pytest.mark.parametrize("is_booked", [True, False])
def test_a_stored_picture_is_removed_only_if_no_row_has_it(reserve, ai_manager, is_booked):
    generation_id = reserve()
    result = ImageResult(calls=(CallResult(images=(GeneratedImage(content=PNG),)),))
    pictures = keep_pictures(generation_id=generation_id, result=result, places=Places({0: 0}, 1), save_to_media=True)
    original = pictures.kept[0].original
    if is_booked:
        create_asset(original=original, details=AssetDetails(owner_id=ai_manager.pk, title="a"))

    async_to_sync(_take_back)(pictures)

    assert default_storage.exists(original.file_name) == is_booked


def test_of_a_provider_with_little_room_no_more_jobs_are_found_than_fit(openai, reserve, upstream):
    type(openai).objects.update(max_jobs_at_once=1)
    mine = [reserve() for _ in range(3)]
    other = make_model(make_provider("other", api_base_url=upstream.openai_url, allow_private_address=True), "x")
    theirs = reserve(other)

    assert list(find_claimable(limit=10)) == [mine[0], theirs]
    assert list(find_claimable(limit=10, without=[mine[0]])) == [mine[1], theirs]
