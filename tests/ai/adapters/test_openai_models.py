"""OpenAI's list names no modality: what makes pictures follows from the id, and is marked as a guess."""

from datetime import date

import pytest

from src.ai.providers import get_adapter

BOTH = ("image", "image_edit")


@pytest.mark.parametrize(
    ("model_id", "capabilities"),
    [
        ("gpt-image-2.6-flare", BOTH),
        ("chatgpt-image-latest", BOTH),
        ("dall-e-2", BOTH),
        ("dall-e-3", ("image",)),
        ("gpt-6-luna", None),
        ("my-gpt-image-2", None),
    ],
)
async def test_the_documented_prefixes_make_pictures(upstream, openai_connection, model_id, capabilities):
    upstream.play_response(path="/models", body={"data": [{"id": model_id}]})

    [model] = await get_adapter("openai").list_models(openai_connection)

    assert (model.capabilities, model.is_guess) == (capabilities, capabilities is not None)


@pytest.mark.parametrize(
    ("stated", "read"),
    [("2026-12-01", date(2026, 12, 1)), (None, None), ("soon", None), (20261201, None), (["2026-12-01"], None)],
)
async def test_the_day_of_shutdown_is_read(upstream, openai_connection, stated, read):
    upstream.play_response(path="/models", body={"data": [{"id": "gpt-image-2", "shutdown_date": stated}]})

    [model] = await get_adapter("openai").list_models(openai_connection)

    assert model.shutdown_date == read
