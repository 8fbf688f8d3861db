"""What is kept of a paid call while it lasts."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from src.ai.models import ProviderCall
from src.ai.providers.contract import ImageParams, Received, Sent
from src.ai.providers.errors import ServiceFailed
from src.ai.services.call_recorder import CallRecorder
from src.ai.services.inbox import read_from_inbox
from src.ai.services.reservation import ImageOrder, reserve_generation
from src.core import background


@pytest.fixture
def recorder(gpt_image, ai_manager):
    """Of a generation that is reserved and not sent."""
    order = ImageOrder(admin=ai_manager, model_id=gpt_image.pk, params=ImageParams(prompt="a"))
    return CallRecorder(reserve_generation(order=order).generation_id)


async def test_no_paid_call_begins_while_the_server_stops(recorder):
    last = background.begin(asyncio.sleep(0.2))
    draining = asyncio.create_task(background.drain(5))
    await asyncio.sleep(0.05)

    with pytest.raises(ServiceFailed) as caught:
        await recorder(Sent())

    assert (caught.value.charged, caught.value.reason, recorder.is_sent) == ("no", "server_stopping", False)
    await asyncio.gather(last, draining)
    await recorder(Sent())
    assert recorder.is_sent


async def test_an_answer_that_is_on_the_disk_is_read_though_its_row_cannot_say_so(recorder):
    # A call that was never announced cannot be received: the database refuses the row.
    await recorder(Received(body=b"the answer"))

    assert read_from_inbox(recorder.received[0]) == b"the answer"
    assert (await sync_to_async(ProviderCall.objects.get)()).status == "prepared"
