"""Requests that are split so that each answer fits into what is read of one."""

from dataclasses import replace

import pytest

from src.ai.providers import get_adapter
from src.ai.providers.contract import ImageRequest
from src.ai.providers.errors import RateLimited
from tests.ai.adapters.references import REFERENCES
from tests.ai.adapters.services import connection_of, edit_request_of
from tests.upstream.pictures import draw

LARGE = ImageRequest(model_id="gpt-image-2.5-flare", prompt="a", n=10, size="3840x2160")


@pytest.fixture
def small_pictures(upstream):
    upstream.picture_next(draw((8, 8), "png"), times=4)


def asked_in(upstream) -> list[int]:
    return sorted(request.json["n"] for request in upstream.paid_requests)


async def test_ten_large_pictures_are_four_calls(upstream, openai_connection, events, small_pictures):
    result = await get_adapter("openai").generate(openai_connection, LARGE, on_event=events)

    assert [(call.call_index, call.asked, len(call.images)) for call in result.calls] == [
        (0, 3, 3),
        (1, 3, 3),
        (2, 3, 3),
        (3, 1, 1),
    ]
    assert asked_in(upstream) == [1, 3, 3, 3]


async def test_edits_are_a_few_at_a_time_since_each_carries_its_pictures(upstream, events):
    upstream.latency_s = 0.1
    request = replace(edit_request_of("gemini", REFERENCES[0]), n=6)

    result = await get_adapter("gemini").edit(connection_of("gemini", upstream), request, on_event=events)

    assert (len(result.images), upstream.max_in_flight) == (6, 4)


async def test_one_that_fails_keeps_its_place(upstream, openai_connection, events):
    upstream.play("openai/rate_limited_images")
    upstream.picture_next(draw((8, 8), "png"), times=3)

    result = await get_adapter("openai").generate(openai_connection, LARGE, on_event=events)

    [failed] = [call for call in result.calls if call.error]
    assert (type(failed.error), failed.images) == (RateLimited, ())
    assert [call.asked for call in result.calls] == [3, 3, 3, 1]


@pytest.mark.parametrize(("n", "size"), [(10, "1024x1024"), (10, "auto"), (10, None), (3, "3840x2160")])
async def test_what_fits_is_one_call(upstream, openai_connection, events, n, size):
    upstream.picture_next(draw((8, 8), "png"))

    await get_adapter("openai").generate(openai_connection, replace(LARGE, n=n, size=size), on_event=events)

    assert asked_in(upstream) == [n]


@pytest.mark.parametrize(("resolution", "most"), [(None, 16), ("1K", 16), ("2K", 6), ("4K", 1)])
def test_a_tier_is_as_large_as_it_says(resolution, most):
    request = ImageRequest(model_id="m", prompt="a", n=10, resolution=resolution)

    assert get_adapter("openrouter").pictures_per_call(request) == most
