"""Partial pictures on the way, for those who look on; they never touch what is paid for."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from src.ai.models import ImageGeneration
from src.ai.providers.contract import ImageParams, Preview
from src.ai.services import call_recorder
from src.ai.services.image_generation_service import generate_and_save_to_media
from src.ai.services.reservation import ImageOrder
from src.core.errors import InvalidFields
from src.media.inspection import inspect_picture
from tests.factories import GPT_IMAGE, GPT_IMAGE_SPEC, make_model, make_provider


def streaming(provider, model_id=GPT_IMAGE, **spec):
    return make_model(provider, model_id, image_spec={**GPT_IMAGE_SPEC, "partial_images": 3, **spec})


@pytest.fixture
def openrouter(transactional_db, upstream):
    return make_provider(
        "openrouter", adapter="openrouter", api_base_url=upstream.openrouter_url, allow_private_address=True
    )


async def draw(model, admin, on_preview=None, **params):
    asked = ImageParams(**{"prompt": "a red bicycle", "partial_images": 2, **params})
    order = ImageOrder(admin=admin, model_id=model.pk, params=asked, on_preview=on_preview)
    return await generate_and_save_to_media(order=order)


@pytest.fixture(params=["openai", "openrouter"])
def model(request, transactional_db):
    provider = request.getfixturevalue(request.param)
    name = GPT_IMAGE if request.param == "openai" else f"openai/{GPT_IMAGE}"
    return streaming(provider, name, size_rule=None, sizes=None)


async def test_each_partial_picture_is_shown_before_the_answer(model, ai_manager):
    seen: list[Preview] = []

    async def look(preview: Preview) -> None:
        assert await sync_to_async(lambda: ImageGeneration.objects.get().status)() == "running"
        seen.append(preview)

    data = await draw(model, ai_manager, look)

    assert [preview.preview_index for preview in seen] == [0, 1]
    assert all(inspect_picture(preview.content) for preview in seen)
    assert (data["delivered"], data["params_sent"]["partial_images"]) == (1, 2)


async def test_one_who_looks_on_and_fails_breaks_nothing(openai, ai_manager):
    model = await sync_to_async(streaming)(openai)

    async def fail(preview: Preview) -> None:
        raise OSError("the screen is gone")

    assert (await draw(model, ai_manager, fail))["delivered"] == 1


async def test_one_who_looks_on_for_too_long_is_left_behind(openai, ai_manager, monkeypatch):
    monkeypatch.setattr(call_recorder, "PREVIEW_S", 0.05)
    model = await sync_to_async(streaming)(openai)

    async def sleep(preview: Preview) -> None:
        await asyncio.sleep(60)

    async with asyncio.timeout(5):
        assert (await draw(model, ai_manager, sleep))["delivered"] == 1


@pytest.mark.parametrize(
    ("spec", "params", "code"),
    [
        ({"partial_images": None}, {}, "unsupported_parameter"),
        ({"partial_images": 1}, {}, "too_large"),
        ({}, {"n": 2}, "previews_need_one_picture"),
    ],
)
async def test_nobody_pretends_to_stream(openai, ai_manager, upstream, spec, params, code):
    model = await sync_to_async(streaming)(openai, **spec)

    with pytest.raises(InvalidFields) as caught:
        await draw(model, ai_manager, **params)

    assert {name: found[0].code for name, found in caught.value.fields.items()} == {"partial_images": code}
    assert upstream.requests == []
