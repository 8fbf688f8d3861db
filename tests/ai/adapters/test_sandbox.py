"""The built-in service: honours what was asked, costs nothing, fails when told to."""

import time
from dataclasses import replace

import pytest

from src.ai.providers import get_adapter
from src.ai.providers.contract import ImageRequest, ProviderConnection
from src.ai.providers.errors import (
    ContentRefused,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    ServiceFailed,
)
from src.media.inspection import inspect_picture

CONNECTION = ProviderConnection(base_url="")
REQUEST = ImageRequest(model_id="canvas", prompt="گربه‌ای در برف", size="256x128")


async def make(events, *, config=None, **changes):
    connection = replace(CONNECTION, config=config or {})
    return await get_adapter("sandbox").generate(connection, replace(REQUEST, **changes), on_event=events)


@pytest.mark.parametrize(("output_format", "mime"), [("png", "png"), ("jpeg", "jpeg"), ("webp", "webp")])
async def test_it_honours_size_count_and_format(events, output_format, mime):
    result = await make(events, n=3, output_format=output_format)

    facts = [inspect_picture(image.content) for image in result.images]
    assert [(fact.mime_type, fact.width, fact.height) for fact in facts] == [(f"image/{mime}", 256, 128)] * 3
    assert len({image.content for image in result.images}) == 3


async def test_it_costs_nothing(events):
    assert (await make(events)).calls[0].cost_micros == 0


async def test_a_seed_gives_the_same_picture_again(events):
    first, second = await make(events, seed=5), await make(events, seed=5)

    assert first.images[0].content == second.images[0].content
    assert first.images[0].seed == 5


async def test_it_can_be_slow(events):
    started = time.perf_counter()
    await make(events, config={"delay_s": 0.2})

    assert time.perf_counter() - started >= 0.2


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        ("error", ServiceFailed),
        ("overloaded", Overloaded),
        ("rate_limited", RateLimited),
        ("quota", QuotaExhausted),
        ("timeout", ProviderTimeout),
    ],
)
async def test_it_can_fail(events, failure, kind):
    with pytest.raises(ProviderError) as caught:
        await make(events, config={"fail": failure})

    assert type(caught.value) is kind


@pytest.mark.parametrize("refuse", [True, ["برف"]])
async def test_it_can_refuse(events, refuse):
    with pytest.raises(ContentRefused):
        await make(events, config={"refuse": refuse})


async def test_it_refuses_only_prompts_with_the_words(events):
    assert await make(events, config={"refuse": ["آتش"]})
