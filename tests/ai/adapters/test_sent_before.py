"""A call that was announced before is not sent again; a job whose place cannot be kept is asked for all the same."""

from dataclasses import replace

import pytest

from src.ai.providers import adapters, get_adapter
from src.ai.providers.contract import ImageRequest, Preview, Received, ResumeHandle, Sent
from src.ai.providers.errors import AlreadySent
from src.ai.providers.huggingface import HuggingFace
from tests.ai.adapters.conftest import Events
from tests.ai.adapters.references import REFERENCES
from tests.ai.adapters.services import connection_of, edit_request_of, request_of
from tests.upstream.pictures import draw

MAKERS = [slug for slug in sorted(adapters()) if adapters()[slug].makes_images]
SEVERAL = [slug for slug in MAKERS if adapters()[slug].one_picture_per_call]
SCHNELL = "black-forest-labs/FLUX.1-schnell"


class Refuses(Events):
    """An `on_event` that knows some calls as sent."""

    def __init__(self, *sent: int):
        super().__init__()
        self.sent = sent

    async def __call__(self, event):
        if isinstance(event, Sent) and event.call_index in self.sent:
            raise AlreadySent
        await super().__call__(event)


@pytest.mark.parametrize("slug", MAKERS)
async def test_a_single_call_raises(slug, upstream):
    events = Refuses(0)

    with pytest.raises(AlreadySent) as caught:
        await get_adapter(slug).generate(connection_of(slug, upstream), request_of(slug), on_event=events)

    assert (caught.value.charged, caught.value.code, caught.value.reason, caught.value.facts) == (
        "unknown",
        "provider_error",
        "already_sent",
        {"reason": "already_sent"},
    )
    assert (list(events), upstream.paid_calls) == ([], 0)


@pytest.mark.parametrize("slug", SEVERAL)
@pytest.mark.parametrize("edits", [False, True])
async def test_of_several_calls_the_others_are_made(slug, upstream, edits):
    adapter, events = get_adapter(slug), Refuses(0, 2)
    request = edit_request_of(slug, REFERENCES[0]) if edits else request_of(slug)
    make = adapter.edit if edits else adapter.generate

    result = await make(connection_of(slug, upstream), replace(request, n=4), on_event=events)

    assert [type(call.error) for call in result.calls] == [AlreadySent, type(None), AlreadySent, type(None)]
    assert [len(call.images) for call in result.calls] == [0, 1, 0, 1]
    assert upstream.paid_calls == 2
    assert sorted(event.call_index for event in events if isinstance(event, Received)) == [1, 3]


async def test_all_of_them_are_left_alone_where_all_were_sent(upstream):
    upstream.picture_next(draw((8, 8), "png"))
    request = ImageRequest(model_id="gpt-image-2.5-flare", prompt="a", n=4, size="3840x2160")

    result = await get_adapter("openai").generate(connection_of("openai", upstream), request, on_event=Refuses(0))

    assert [(call.asked, type(call.error), len(call.images)) for call in result.calls] == [
        (3, AlreadySent, 0),
        (1, type(None), 1),
    ]


async def test_a_job_is_not_asked_for(upstream):
    connection = replace(connection_of("huggingface", upstream), config={"backend": "wavespeed"})

    with pytest.raises(AlreadySent):
        await HuggingFace().generate(connection, ImageRequest(model_id=SCHNELL, prompt="a"), on_event=Refuses(0))

    assert [request.path for request in upstream.requests] == [f"/huggingface/api/models/{SCHNELL}"]


async def test_a_job_whose_place_cannot_be_kept_is_asked_for_all_the_same(upstream, events, caplog):
    async def broken_disk(event):
        if isinstance(event, ResumeHandle):
            raise OSError("disk full")
        await events(event)

    connection = replace(connection_of("huggingface", upstream), config={"backend": "wavespeed"})
    result = await HuggingFace().generate(connection, ImageRequest(model_id=SCHNELL, prompt="a"), on_event=broken_disk)

    assert len(result.images) == 1
    assert [type(event) for event in events] == [Sent, Received]
    assert "resume_handle_not_kept" in caplog.text


async def test_a_typed_refusal_to_keep_it_ends_the_call(upstream):
    async def stops(event):
        if isinstance(event, ResumeHandle):
            raise AlreadySent

    connection = replace(connection_of("huggingface", upstream), config={"backend": "wavespeed"})
    with pytest.raises(AlreadySent):
        await HuggingFace().generate(connection, ImageRequest(model_id=SCHNELL, prompt="a"), on_event=stops)


# The parts


def test_a_request_is_split_into_its_calls_in_their_order():
    request = ImageRequest(model_id="m", prompt="a", n=4, size="3840x2160", seed=7)

    parts = get_adapter("openai").parts_of(request)

    assert [(part.n, part.seed) for part in parts] == [(3, 7), (1, 10)]
    assert parts == get_adapter("openai").parts_of(request)
    assert {replace(part, n=4, seed=7) for part in parts} == {request}


@pytest.mark.parametrize("slug", MAKERS)
async def test_the_parts_are_the_calls_that_are_made(slug, upstream, events):
    adapter, request = get_adapter(slug), replace(request_of(slug), n=3)

    result = await adapter.generate(connection_of(slug, upstream), request, on_event=events)

    assert [call.asked for call in result.calls] == [part.n for part in adapter.parts_of(request)]


def test_the_sandbox_draws_all_in_one_call():
    request = ImageRequest(model_id="canvas", prompt="a", n=10, size="4096x4096")

    assert get_adapter("sandbox").parts_of(request) == (request,)


async def test_the_last_picture_of_several_calls_streams_nothing(upstream, events):
    upstream.picture_next(draw((8, 8), "png"), times=2)
    request = ImageRequest(model_id="gpt-image-2.5-flare", prompt="a", n=4, size="3840x2160", partial_images=2)

    await get_adapter("openai").generate(connection_of("openai", upstream), request, on_event=events)

    assert sorted(event.call_index for event in events if isinstance(event, Sent)) == [0, 1]
    assert not [event for event in events if isinstance(event, Preview)]
