"""A played OpenAI with one image model, and a call to generate."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.response import Response

from src.accounts.models import User
from src.ai.models import AIModel, AIProvider
from src.ai.providers.contract import ImageParams
from src.ai.services.image_generation_service import generate_and_save_to_media, generate_image_only
from src.ai.services.image_order import ImageOrder
from tests.factories import make_model, make_openai
from tests.upstream import Upstream

URL = "/api/ai/admin/images/generate/"


@pytest.fixture
def openai(transactional_db, upstream: Upstream) -> AIProvider:
    return make_openai(upstream)


@pytest.fixture
def gpt_image(openai: AIProvider) -> AIModel:
    return make_model(openai)


@pytest.fixture
def generate(gpt_image: AIModel, ai_manager: User, client_of) -> Callable[..., Response]:
    """`generate(prompt=…, size=…)` posts as the AI manager for the GPT image model, in English.

    `as_user` is another person, `model_id` another model; None leaves a field out.
    """

    def call(*, as_user: User | None = None, **body: Any) -> Response:
        sent = {"model_id": gpt_image.pk, "prompt": "a red bicycle", **body}
        client = client_of(as_user or ai_manager, scopes=["images", "media:read"], language="en")
        return client.post(URL, {name: value for name, value in sent.items() if value is not None})

    return call


@pytest.fixture
def generate_async(gpt_image: AIModel, ai_manager: User) -> Callable[..., Any]:
    """`await generate_async(…)` runs the service as a view would and gives its `data`."""

    async def call(*, save_to_media: bool = True, **params: Any) -> dict[str, Any]:
        order = ImageOrder(
            admin=ai_manager, model_id=gpt_image.pk, params=ImageParams(**{"prompt": "a red bicycle", **params})
        )
        run = generate_and_save_to_media if save_to_media else generate_image_only
        return await run(order=order)

    return call
