"""What is kept of a paid call while it lasts."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from src.ai.models import ImageGeneration, ProviderCall
from src.ai.providers.contract import Failed, ImageParams, Received, ResumeHandle, Sent
from src.ai.providers.errors import AlreadySent, Rejected, ServiceFailed
from src.ai.services.call_recorder import CallRecorder
from src.ai.services.image_order import ImageOrder
from src.ai.services.inbox import call_path, read_answer
from src.ai.services.job_claims import claim_job
from src.ai.services.job_errors import JobCancelled
from src.ai.services.reservation import reserve_generation
from src.core import background


@pytest.fixture
def claim(gpt_image, ai_manager):
    """Of a job that is claimed and not sent."""
    order = ImageOrder(admin=ai_manager, model_id=gpt_image.pk, params=ImageParams(prompt="a"))
    return claim_job(generation_id=reserve_generation(order=order).generation_id)


@pytest.fixture
def recorder(claim):
    return CallRecorder(claim)


@sync_to_async
def the_call() -> ProviderCall:
    return ProviderCall.objects.get()


@sync_to_async
def change_generation(**values) -> None:
    ImageGeneration.objects.update(**values)


async def test_no_paid_call_begins_while_the_server_stops(recorder):
    last = background.begin(asyncio.sleep(0.2))
    draining = asyncio.create_task(background.drain(5))
    await asyncio.sleep(0.05)

    with pytest.raises(ServiceFailed) as caught:
        await recorder(Sent())

    assert (caught.value.charged, caught.value.reason, recorder.sent) == ("no", "server_stopping", set())
    await asyncio.gather(last, draining)


async def test_a_call_is_sent_once(recorder):
    await recorder(Sent())

    with pytest.raises(AlreadySent):
        await recorder(Sent())

    assert (await the_call()).status == "sent"


async def test_a_job_that_was_called_off_is_not_sent(recorder, claim):
    await change_generation(cancel_requested_at=(await the_call()).prepared_at)

    with pytest.raises(JobCancelled):
        await recorder(Sent())

    assert ((await the_call()).status, recorder.sent) == ("prepared", set())


async def test_one_who_lost_the_lease_sends_nothing(recorder, claim):
    await change_generation(fence=claim.fence + 1)

    with pytest.raises(ServiceFailed) as caught:
        await recorder(Sent())

    assert (caught.value.reason, caught.value.charged, (await the_call()).status) == ("lease_lost", "no", "prepared")


async def test_and_writes_nothing_more_but_keeps_the_answer(recorder, claim):
    await recorder(Sent())
    await change_generation(fence=claim.fence + 1)

    await recorder(ResumeHandle(handle="fal-ai/x"))
    await recorder(Received(body=b"the answer"))
    await recorder(Failed(error=Rejected()))

    call = await the_call()
    assert (call.status, call.resume_handle, call.inbox_path, call.error_code) == ("sent", "", "", "")
    assert read_answer(call_path(claim.generation_id, 0)).body == b"the answer"


async def test_an_answer_that_is_on_the_disk_is_read_though_its_row_cannot_say_so(recorder, claim):
    # A call that was never announced cannot be received: no row takes it.
    await recorder(Received(body=b"the answer"))

    assert read_answer(call_path(claim.generation_id, 0)).body == b"the answer"
    assert (await the_call()).status == "prepared"


async def test_how_a_call_failed_is_kept_as_it_happens(recorder):
    await recorder(Sent())
    await recorder(Failed(error=Rejected(words="no such size", field="size")))

    call = await the_call()
    assert (call.status, call.charged, call.error_code) == ("failed", "no", "provider_rejected")
    assert call.error_facts == {"reason": "bad_request", "field": "size", "provider_message": "no such size"}


async def test_an_answer_that_the_inbox_does_not_take_is_not_lost(recorder, claim, settings):
    await recorder(Sent())
    settings.INBOX_DIR.write_text("no folder")

    await recorder(Received(body=b"the answer"))
    assert list(recorder.unkept) == [0]
    with pytest.raises(OSError):
        await recorder.keep_unkept()

    settings.INBOX_DIR.unlink()
    await recorder.keep_unkept()
    assert (recorder.unkept, (await the_call()).status) == ({}, "received")
    assert read_answer(call_path(claim.generation_id, 0)).body == b"the answer"
