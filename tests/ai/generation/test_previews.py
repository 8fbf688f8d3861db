"""Partial pictures on the way, as events of the job; they never touch what is paid for."""

import pytest
from asgiref.sync import sync_to_async

from src.ai.models import ImageGeneration, JobEvent
from src.ai.providers.contract import ImageParams
from src.ai.services.image_generation_service import generate_and_save_to_media
from src.ai.services.image_order import ImageOrder
from src.ai.services.inbox import read_from_inbox
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


async def draw(model, admin, **params):
    asked = ImageParams(**{"prompt": "a red bicycle", "partial_images": 2, **params})
    return await generate_and_save_to_media(order=ImageOrder(admin=admin, model_id=model.pk, params=asked))


@pytest.fixture(params=["openai", "openrouter"])
def model(request, transactional_db):
    provider = request.getfixturevalue(request.param)
    name = GPT_IMAGE if request.param == "openai" else f"openai/{GPT_IMAGE}"
    return streaming(provider, name, size_rule=None, sizes=None)


@sync_to_async
def read_feed():
    return [(event.kind, event.data.get("status"), event.data) for event in JobEvent.objects.order_by("seq")]


async def test_each_partial_picture_is_an_event_before_the_end(model, ai_manager):
    data = await draw(model, ai_manager)

    feed = await read_feed()
    assert [(kind, status) for kind, status, _data in feed] == [
        ("state", "queued"),
        ("state", "running"),
        ("preview", None),
        ("preview", None),
        ("state", "succeeded"),
    ]
    previews = [each for kind, _status, each in feed if kind == "preview"]
    assert [each["preview_index"] for each in previews] == [0, 1]
    assert all(inspect_picture(read_from_inbox(each["path"])) for each in previews)
    assert (data["delivered"], data["params_sent"]["partial_images"]) == (1, 2)


async def test_a_preview_that_cannot_be_kept_breaks_nothing(openai, ai_manager, upstream, settings):
    model = await sync_to_async(streaming)(openai)
    settings.INBOX_DIR.mkdir(parents=True)
    # Where the folder of previews and answers would be: previews fail at once, the answer is kept in memory.
    for first in range(256):
        (settings.INBOX_DIR / f"{first:02x}").write_text("no folder")

    assert (await draw(model, ai_manager))["delivered"] == 1
    assert [kind for kind, _status, _data in await read_feed()] == ["state", "state", "state"]


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
    assert (upstream.requests, await sync_to_async(ImageGeneration.objects.count)()) == ([], 0)
