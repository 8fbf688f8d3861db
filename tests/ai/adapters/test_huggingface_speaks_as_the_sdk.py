"""The official SDK is the judge: the same requests leave both, and both understand the same answers."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from huggingface_hub import HfApi, ImageToImageTargetSize, InferenceClient
from huggingface_hub.errors import HfHubHTTPError
from PIL import Image

from src.ai.providers.contract import ImageEditRequest, ImageRequest, ProviderConnection, ReferenceImage
from src.ai.providers.errors import (
    KeyInvalid,
    Overloaded,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Rejected,
    ServiceFailed,
)
from src.ai.providers.huggingface import HuggingFace
from src.core.secret import Secret
from tests.upstream import RecordedRequest, Upstream
from tests.upstream.huggingface_sdk import KEY, sdk_led_to
from tests.upstream.pictures import draw
from tests.upstream.wire import fixture_names, load_fixture

SCHNELL, KONTEXT = "black-forest-labs/FLUX.1-schnell", "black-forest-labs/FLUX.1-Kontext-dev"
FLUX_2, LIGHTNING, LORA = "black-forest-labs/FLUX.2-dev", "ByteDance/SDXL-Lightning", "example/pixel-art"
REFERENCE = draw((32, 32), "jpeg")
ALL_TOLD = {"size": "128x64", "seed": 7, "negative_prompt": "blur"}
GENERATIONS = [
    *((backend, SCHNELL, {}) for backend in ("fal-ai", "together", "replicate", "nscale", "wavespeed", "zai-org")),
    *((backend, SCHNELL, ALL_TOLD) for backend in ("fal-ai", "together", "replicate", "nscale", "wavespeed")),
    ("zai-org", SCHNELL, ALL_TOLD),
    ("hf-inference", SCHNELL, {}),
    ("hf-inference", SCHNELL, ALL_TOLD),
    ("replicate", LIGHTNING, ALL_TOLD),
    ("replicate", LORA, {}),
    ("fal-ai", LORA, ALL_TOLD),
]
EDITS = [
    *((backend, KONTEXT, {}) for backend in ("fal-ai", "together", "replicate", "wavespeed", "hf-inference")),
    ("fal-ai", KONTEXT, ALL_TOLD),
    ("hf-inference", KONTEXT, ALL_TOLD),
    ("together", FLUX_2, {"negative_prompt": "blur", "seed": 7}),
]
HEADERS_THAT_MATTER = ("authorization", "content-type", "accept", "prefer", "x-source-channel", "x-hf-bill-to")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

CLASS_BY_STATUS: dict[int, type[ProviderError]] = {
    400: Rejected,
    401: KeyInvalid,
    402: QuotaExhausted,
    403: Rejected,
    410: Rejected,
    429: RateLimited,
    502: ServiceFailed,
    503: Overloaded,
}
ERROR_FIXTURES = [name for name in fixture_names("huggingface") if load_fixture(name).status >= 400]
ANSWERS_BY_BACKEND = {
    "hf-inference": {"": "hf_inference_t2i_success_raw_bytes"},
    "fal-ai": {"": "fal_t2i_success"},
    "together": {"": "together_t2i_success"},
    "nscale": {"": "nscale_t2i_success"},
    "replicate": {"": "replicate_t2i_success"},
    "wavespeed": {"": "wavespeed_submit", "/result": "wavespeed_result"},
}


@pytest.fixture
def sdk(upstream: Upstream) -> Iterator[None]:
    with sdk_led_to(upstream):
        yield


@pytest.fixture
def connection(upstream: Upstream) -> ProviderConnection:
    return ProviderConnection(base_url=upstream.huggingface_url, key=Secret(KEY), allow_private=True, timeout_s=10)


def by_sdk(backend: str, model: str, told: dict[str, Any], *, is_edit: bool = False) -> Image.Image:
    client = InferenceClient(provider=backend, api_key=KEY, timeout=10, bill_to="example")
    names = {name: value for name, value in told.items() if name != "size"}
    width, height = map(int, told["size"].split("x")) if "size" in told else (None, None)
    if not is_edit:
        return client.text_to_image("a cat", model=model, width=width, height=height, **names)
    size = ImageToImageTargetSize(width=width, height=height) if width else None
    return client.image_to_image(REFERENCE, prompt="a cat", model=model, target_size=size, **names)


async def by_us(connection, events, backend: str, model: str, told: dict[str, Any], *, is_edit: bool = False) -> bytes:
    connection = replace(connection, config={"backend": backend, "bill_to": "example"})
    asked: dict[str, Any] = {"model_id": model, "prompt": "a cat", **told}
    if is_edit:
        reference = ReferenceImage(content=REFERENCE, mime_type="image/jpeg", width=32, height=32)
        edit = ImageEditRequest(references=(reference,), **asked)
        return (await HuggingFace().edit(connection, edit, on_event=events)).images[0].content
    return (await HuggingFace().generate(connection, ImageRequest(**asked), on_event=events)).images[0].content


def paid_of(upstream: Upstream) -> list[RecordedRequest]:
    """The SDK's request and ours."""
    assert len(upstream.paid_requests) == 2
    return upstream.paid_requests


def polls_of(upstream: Upstream) -> list[tuple[str, dict[str, str]]]:
    """Where jobs were asked for, in order, without their own ids."""
    others = ("/huggingface/api", "/huggingface/files")
    return [
        (UUID.sub("ID", request.path), dict(request.query))
        for request in upstream.requests
        if request.method == "GET" and not request.path.startswith(others)
    ]


@pytest.mark.parametrize(
    ("backend", "model", "told", "is_edit"),
    [*((*case, False) for case in GENERATIONS), *((*case, True) for case in EDITS)],
    ids=lambda value: str(len(value)) if isinstance(value, dict) else None,
)
async def test_the_same_request_leaves_both(upstream, sdk, connection, events, backend, model, told, is_edit):
    picture = by_sdk(backend, model, told, is_edit=is_edit)
    asked_by_sdk = polls_of(upstream)
    content = await by_us(connection, events, backend, model, told, is_edit=is_edit)

    theirs, own = paid_of(upstream)
    assert (own.path, own.query, own.json) == (theirs.path, theirs.query, theirs.json)
    for name in HEADERS_THAT_MATTER:
        assert own.headers.get(name) == theirs.headers.get(name), name
    assert polls_of(upstream) == asked_by_sdk * 2
    assert Image.open(io.BytesIO(content)).tobytes() == picture.tobytes()


@pytest.mark.parametrize("backend", ANSWERS_BY_BACKEND)
async def test_both_read_the_same_pictures(upstream, sdk, connection, events, backend):
    for _reader in ("sdk", "ours"):
        for path, name in ANSWERS_BY_BACKEND[backend].items():
            play_with_links_here(upstream, f"huggingface/{name}", path=path or None)
    if backend in ("fal-ai", "replicate", "wavespeed"):
        upstream.play_response(body=draw((8, 8), "png"), path="/files/linked.png", times=2)

    theirs = by_sdk(backend, SCHNELL, {})
    own = await by_us(connection, events, backend, SCHNELL, {})

    assert Image.open(io.BytesIO(own)).tobytes() == theirs.tobytes()


async def test_both_follow_a_queue_as_it_was_recorded(upstream, sdk, connection, events):
    for _reader in ("sdk", "ours"):
        upstream.play("huggingface/fal_queue_submit")
        upstream.play("huggingface/fal_queue_status_completed", path="/status")
        play_with_links_here(upstream, "huggingface/fal_t2i_success", path="/fal-ai/flux-2/requests/")
    upstream.play_response(body=draw((8, 8), "png"), path="/files/linked.png", times=2)

    theirs = by_sdk("fal-ai", KONTEXT, {}, is_edit=True)
    own = await by_us(connection, events, "fal-ai", KONTEXT, {}, is_edit=True)

    assert Image.open(io.BytesIO(own)).tobytes() == theirs.tobytes()


def play_with_links_here(upstream: Upstream, fixture: str, *, path: str | None) -> None:
    """The fixture, its pictures on this machine."""
    stored = load_fixture(fixture)
    if stored.json is None:
        upstream.play(fixture, path=path)
        return
    link = f"{upstream.huggingface_url}/files/linked.png"
    text = re.sub(r'"https://[^"]+\.(png|jpg|webp)"', json.dumps(link), json.dumps(stored.json))
    upstream.play_response(status=stored.status, body=json.loads(text), path=path)


@pytest.mark.parametrize("fixture", ERROR_FIXTURES)
async def test_both_tell_errors_apart_alike(upstream, sdk, connection, events, fixture):
    upstream.play(fixture, times=2)

    with pytest.raises(HfHubHTTPError) as theirs:
        by_sdk("together", SCHNELL, {})
    with pytest.raises(ProviderError) as own:
        await by_us(connection, events, "together", SCHNELL, {})

    status = theirs.value.response.status_code
    assert type(own.value) is CLASS_BY_STATUS[status]
    assert own.value.charged == ("unknown" if status == 502 else "no")


async def test_both_list_the_same_models(upstream, sdk, connection):
    own = await HuggingFace().list_models(connection)

    for task, capability in (("text-to-image", "image"), ("image-to-image", "image_edit")):
        listed = HfApi().list_models(
            inference_provider="all", pipeline_tag=task, expand=["inferenceProviderMapping"], token=KEY
        )
        theirs = [
            model.id
            for model in listed
            if any(
                entry.status == "live" and entry.provider != "elsewhere" for entry in model.inference_provider_mapping
            )
        ]
        assert [model.model_id for model in own if capability in model.capabilities] == theirs
