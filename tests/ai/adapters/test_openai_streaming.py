"""OpenAI's streams when they do not go well: what was paid for is never lost over a preview or a cut."""

import json
from typing import Any

import pytest

from src.ai.providers import get_adapter
from src.ai.providers.contract import ImageRequest, Preview, Received
from src.ai.providers.errors import (
    BrokenAnswer,
    Overloaded,
    ProviderError,
    RateLimited,
    Rejected,
    ServiceFailed,
)
from src.ai.providers.sse import BOM, read_events
from tests.upstream import delivery, load_fixture

STREAM = load_fixture("openai/images_generate_stream_success").body
PLAIN = load_fixture("openai/images_generate_success")
REQUEST = ImageRequest(model_id="gpt-image-2.5-flare", prompt="a", partial_images=2)
SSE = {"content-type": "text/event-stream"}


def stream_of(*documents: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(document).encode() + b"\n\n" for document in documents)


def previews_in(events) -> list[int]:
    return [event.preview_index for event in events if isinstance(event, Preview)]


async def make(connection, events, request=REQUEST):
    return await get_adapter("openai").generate(connection, request, on_event=events)


async def test_the_whole_stream_is_handed_on_before_it_is_read(upstream, openai_connection, events):
    upstream.play_response(headers=SSE, body=STREAM)

    await make(openai_connection, events)

    [received] = [event for event in events if isinstance(event, Received)]
    assert (received.body, received.content_type) == (STREAM, "text/event-stream")
    assert previews_in(events) == [0, 1]


async def test_what_was_handed_on_can_be_read_again(openai_connection, upstream, events):
    result = await make(openai_connection, events)

    [received] = [event for event in events if isinstance(event, Received)]
    upstream.play_response(headers=SSE, body=received.body)
    assert (await make(openai_connection, events)).images == result.images


async def test_plain_json_in_spite_of_it_is_read(upstream, openai_connection, events):
    upstream.play("openai/images_generate_success")

    result = await make(openai_connection, events)

    assert (len(result.images), previews_in(events)) == (1, [])
    assert result.calls[0].usage.image_out == PLAIN.json["usage"]["output_tokens"]


async def test_a_connection_lost_after_the_picture_loses_nothing(upstream, openai_connection, events):
    cut = delivery.cut_short(len(STREAM))
    upstream.play_response(headers=SSE, body=STREAM + b"data: [DONE]\n\n", deliver=cut)

    assert len((await make(openai_connection, events)).images) == 1


@pytest.mark.parametrize("missing", [1, 2])
async def test_a_picture_whose_event_was_not_closed_is_kept(upstream, openai_connection, events, missing):
    assert STREAM.endswith(b"}\n\n")
    upstream.play_response(headers=SSE, body=STREAM, deliver=delivery.cut_short(len(STREAM) - missing))

    result = await make(openai_connection, events)

    assert (len(result.images), previews_in(events)) == (1, [0, 1])
    assert [type(event) for event in events][-1] is Received


async def test_a_byte_order_mark_before_it_is_passed_over(upstream, openai_connection, events):
    body = BOM + stream_of(read_events(STREAM)[-1])
    upstream.play_response(headers=SSE, body=body)

    assert len((await make(openai_connection, events)).images) == 1


@pytest.mark.parametrize("at", [0, 10, 400, len(STREAM) - 3])
async def test_one_lost_before_it_may_have_been_billed(upstream, openai_connection, events, at):
    upstream.play_response(headers=SSE, body=STREAM, deliver=delivery.cut_short(at))

    with pytest.raises(BrokenAnswer) as caught:
        await make(openai_connection, events)

    assert (caught.value.charged, caught.value.reason) == ("unknown", "connection_lost")


@pytest.mark.parametrize("body", [b"", STREAM[:400], b"data: [DONE]\n\n", b": waiting\n\n", stream_of({"type": "x"})])
async def test_an_end_without_the_picture_may_have_been_billed(upstream, openai_connection, events, body):
    upstream.play_response(headers=SSE, body=body)

    with pytest.raises(BrokenAnswer) as caught:
        await make(openai_connection, events)

    assert caught.value.charged == "unknown"


async def test_the_last_event_needs_no_blank_line(upstream, openai_connection, events):
    upstream.play_response(headers=SSE, body=STREAM.rstrip(b"\n"))

    assert len((await make(openai_connection, events)).images) == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"b64_json": "AAAA", "partial_image_index": None},
        {"b64_json": "AAAA", "partial_image_index": True},
        {"b64_json": "AAAA", "partial_image_index": -1},
        {"b64_json": "AAAA", "partial_image_index": 10**30},
        {"b64_json": "*", "partial_image_index": 0},
        {"b64_json": ["AAAA"], "partial_image_index": 0},
        {},
    ],
)
async def test_a_preview_that_cannot_be_shown_is_skipped(upstream, openai_connection, events, odd):
    body = stream_of({"type": "image_generation.partial_image", **odd}) + STREAM
    upstream.play_response(headers=SSE, body=body)

    result = await make(openai_connection, events)

    assert (previews_in(events), len(result.images)) == ([0, 1], 1)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "rate_limit_exceeded", "type": "tokens"}, RateLimited),
        ({"code": "server_is_overloaded"}, Overloaded),
        ({"code": "invalid_api_key", "type": "invalid_request_error"}, ServiceFailed),
        ({"code": "401"}, ServiceFailed),
        ({"code": None, "type": "invalid_request_error", "param": "size"}, Rejected),
        ({"code": "429"}, RateLimited),
        ({"code": 503}, Overloaded),
        ({"code": 999}, ServiceFailed),
        ({"type": "server_error", "message": 5}, ServiceFailed),
        ("it broke", ServiceFailed),
        (["it broke"], ServiceFailed),
    ],
)
async def test_an_error_in_it_is_classed_by_its_code_and_may_have_been_billed(
    upstream, openai_connection, events, error, kind
):
    upstream.play_response(headers=SSE, body=stream_of({"type": "error", "error": error}))

    with pytest.raises(ProviderError) as caught:
        await make(openai_connection, events)

    assert (type(caught.value), caught.value.charged) == (kind, "unknown")


async def test_an_error_before_it_is_an_error_as_ever(upstream, openai_connection, events):
    upstream.play("openai/rate_limited_images")

    with pytest.raises(RateLimited) as caught:
        await make(openai_connection, events)

    assert caught.value.charged == "no"


@pytest.mark.parametrize(("n", "partial_images"), [(2, 2), (1, 0), (1, None)])
async def test_it_streams_only_a_single_picture_that_is_to_be_previewed(
    upstream, openai_connection, events, n, partial_images
):
    request = ImageRequest(model_id=REQUEST.model_id, prompt="a", n=n, partial_images=partial_images)

    assert len((await make(openai_connection, events, request)).images) == n
    assert not upstream.paid_requests[0].json.keys() & {"stream", "partial_images"}
