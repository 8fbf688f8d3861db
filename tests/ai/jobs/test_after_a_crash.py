"""A job whose runner died at any point of its life is brought to its end, and nothing is paid for twice."""

import base64
import json

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from src.ai.models import ImageGeneration, ProviderCall
from src.ai.providers.contract import ImageParams, Received
from src.ai.services.image_order import ImageOrder
from src.ai.services.inbox import call_path, move_to_quarantine, write_answer
from src.ai.services.job_claims import claim_job, give_back, renew_leases
from src.ai.services.job_repair import find_late_answers, read_quarantine_again
from src.ai.services.job_runner import run_job
from src.ai.services.reservation import reserve_generation
from src.media.models import MediaAsset
from src.usage.models import Counter
from tests.factories import GPT_IMAGE, make_model, make_provider
from tests.upstream import pictures

PNG = pictures.draw((64, 64), "png")
BASE64 = base64.b64encode(PNG).decode()
ANSWER = json.dumps({"data": [{"b64_json": BASE64}]}).encode()
GEMINI_PART = {"inlineData": {"mimeType": "image/png", "data": BASE64}}
GEMINI_ANSWER = json.dumps({"candidates": [{"content": {"parts": [GEMINI_PART]}, "finishReason": "STOP"}]}).encode()


@pytest.fixture
def reserve(gpt_image, ai_manager):
    def make(model=gpt_image, **params):
        asked = ImageParams(**{"prompt": "a red bicycle", **params})
        order = ImageOrder(admin=ai_manager, model_id=model.pk, params=asked)
        return reserve_generation(order=order).generation_id

    return make


def die(generation_id, *, sent=(0,), answered=(), failed=(), answer=ANSWER):
    """Claim the job, get so far, and let the lease run out."""
    assert claim_job(generation_id=generation_id)
    calls = ProviderCall.objects.filter(generation_id=generation_id)
    calls.filter(index__in=sent).update(status="sent", sent_at=timezone.now(), charged="unknown")
    for index in answered:
        write_answer(
            generation_id=generation_id,
            received=Received(body=answer, content_type="application/json", call_index=index),
        )
    calls.filter(index__in=failed).update(status="failed", charged="no", error_code="provider_rejected")
    ImageGeneration.objects.update(lease_until=timezone.now(), charged="unknown" if sent else "no")


def run(generation_id):
    assert async_to_sync(run_job)(generation_id)
    return ImageGeneration.objects.get(pk=generation_id)


def sums():
    rows = Counter.objects.order_by("scope_kind")
    return {(row.reserved_images, row.spent_images, row.reserved_micros, row.spent_micros) for row in rows}


def test_before_it_was_sent_it_is_sent(reserve, upstream):
    generation_id = reserve()
    die(generation_id, sent=())

    assert (run(generation_id).status, upstream.paid_calls) == ("succeeded", 1)


def test_after_it_was_sent_it_is_unclear_and_held(reserve, upstream):
    generation_id = reserve()
    die(generation_id)

    job = run(generation_id)

    assert (job.status, job.charged, job.error_code) == ("unknown", "unknown", "provider_error")
    assert job.error_facts == {"reason": "interrupted"}
    assert (upstream.paid_calls, sums()) == (0, {(1, 0, 40_000, 0)})


def test_after_the_answer_it_is_read_and_booked(reserve, upstream):
    generation_id = reserve()
    die(generation_id, answered=(0,))

    job = run(generation_id)

    assert (job.status, job.charged, job.cost_micros) == ("succeeded", "yes", 40_000)
    assert (upstream.paid_calls, MediaAsset.objects.count(), sums()) == (0, 1, {(0, 1, 0, 40_000)})


@pytest.fixture
def gemini(openai, upstream):
    """A service that makes one picture per call."""
    provider = make_provider("gemini", adapter="gemini", api_base_url=upstream.gemini_url, allow_private_address=True)
    return make_model(provider, "gemini-nano-banana-2.1", image_spec={"max_n": 10})


def test_of_several_calls_each_is_taken_from_where_it_was(gemini, reserve, upstream):
    generation_id = reserve(gemini, n=4)
    die(generation_id, sent=(0, 1, 2), answered=(1,), failed=(2,), answer=GEMINI_ANSWER)

    job = run(generation_id)

    # 0: nobody knows; 1: read; 2: known not to have been taken; 3: sent now.
    assert (job.status, job.charged) == ("succeeded", "unknown")
    assert [(each["index"], each["code"], each["charged"]) for each in job.failures] == [
        (0, "provider_error", "unknown"),
        (2, "provider_rejected", "no"),
    ]
    assert sorted(job.outputs.values_list("index", flat=True)) == [1, 3]
    assert (upstream.paid_calls, sums()) == (1, {(4, 0, 160_000, 0)})

    # The answer that was missing comes late, and takes its place beside the others.
    write_answer(
        generation_id=generation_id,
        received=Received(body=GEMINI_ANSWER, content_type="application/json", call_index=0),
    )
    async_to_sync(find_late_answers)()
    job = run(generation_id)

    assert (job.charged, [each["index"] for each in job.failures]) == ("yes", [2])
    assert sorted(job.outputs.values_list("index", flat=True)) == [0, 1, 3]
    assert (upstream.paid_calls, sums()) == (1, {(0, 3, 0, 120_000)})


def test_a_request_that_another_version_would_send_otherwise_is_not_sent_twice(gemini, reserve, upstream, openai):
    generation_id = reserve(gemini, n=3)
    type(openai).objects.filter(slug="gemini").update(adapter="openai", api_base_url=upstream.openai_url)
    type(gemini).objects.filter(pk=gemini.pk).update(model_id=GPT_IMAGE)
    die(generation_id, sent=())

    job = run(generation_id)

    assert (job.status, job.outputs.count(), upstream.paid_calls) == ("succeeded", 3, 1)


def test_a_late_answer_ends_the_job_after_all(reserve, upstream, openai):
    generation_id = reserve()
    die(generation_id)
    run(generation_id)
    write_answer(generation_id=generation_id, received=Received(body=ANSWER, content_type="application/json"))

    assert list(async_to_sync(find_late_answers)()) == [generation_id]
    job = run(generation_id)

    assert (job.status, job.charged, job.cost_micros, job.failures) == ("succeeded", "yes", 40_000, [])
    assert (sums(), upstream.paid_calls) == ({(0, 1, 0, 40_000)}, 0)
    openai.refresh_from_db()
    assert (openai.total_requests, openai.total_images, openai.total_cost_micros) == (1, 1, 40_000)
    assert list(async_to_sync(find_late_answers)()) == []


def test_an_answer_in_quarantine_is_read_again_when_asked(reserve, upstream):
    generation_id = reserve()
    die(generation_id)
    run(generation_id)
    write_answer(generation_id=generation_id, received=Received(body=ANSWER, content_type="application/json"))
    move_to_quarantine(call_path(generation_id, 0))
    assert list(async_to_sync(find_late_answers)()) == []

    assert list(read_quarantine_again()) == [generation_id]
    assert run(generation_id).status == "succeeded"


def test_a_job_that_somebody_runs_is_not_claimed(reserve):
    generation_id = reserve()
    claim = claim_job(generation_id=generation_id)

    assert claim_job(generation_id=generation_id) is None
    assert renew_leases(claims=[claim]) == set()


def test_one_who_lost_the_lease_learns_it_and_gives_nothing_back(reserve):
    generation_id = reserve()
    first = claim_job(generation_id=generation_id)
    ImageGeneration.objects.update(lease_until=timezone.now())
    second = claim_job(generation_id=generation_id)

    assert (second.fence, renew_leases(claims=[first, second])) == (first.fence + 1, {first})
    assert not give_back(claim=first)
    assert ImageGeneration.objects.get().status == "running"
