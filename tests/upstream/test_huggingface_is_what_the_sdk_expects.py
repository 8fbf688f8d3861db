"""The official huggingface_hub SDK judges the played hub, router and backends."""

from collections.abc import Iterator

import pytest
from huggingface_hub import HfApi, ImageToImageTargetSize, InferenceClient
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RepositoryNotFoundError

from tests.upstream import Upstream, load_fixture
from tests.upstream.huggingface_models import MODELS
from tests.upstream.huggingface_sdk import KEY, sdk_led_to
from tests.upstream.pictures import draw
from tests.upstream.wire import fixture_names

SCHNELL, KONTEXT = "black-forest-labs/FLUX.1-schnell", "black-forest-labs/FLUX.1-Kontext-dev"
GENERATE = ("fal-ai", "together", "replicate", "nscale", "wavespeed", "zai-org", "hf-inference")
EDIT = ("fal-ai", "together", "replicate", "wavespeed", "hf-inference")
ERROR_FIXTURES = [name for name in fixture_names("huggingface") if load_fixture(name).status >= 400]


@pytest.fixture
def sdk(upstream: Upstream) -> Iterator[None]:
    with sdk_led_to(upstream):
        yield


def client_of(backend: str, key: str = KEY) -> InferenceClient:
    return InferenceClient(provider=backend, api_key=key, timeout=10)


@pytest.mark.parametrize("backend", GENERATE)
def test_the_sdk_reads_a_picture_of_the_asked_size(sdk, backend):
    picture = client_of(backend).text_to_image("A red bicycle", model=SCHNELL, width=128, height=64, seed=7)

    assert picture.size == (128, 64)


@pytest.mark.parametrize("backend", EDIT)
def test_the_sdk_reads_an_edited_picture(sdk, backend):
    told = (
        {"target_size": ImageToImageTargetSize(width=128, height=64)} if backend in ("fal-ai", "hf-inference") else {}
    )
    reference = draw((32, 32), "jpeg")

    picture = client_of(backend).image_to_image(reference, prompt="Red sky", model=KONTEXT, **told)

    assert picture.size == ((128, 64) if told else (64, 64))


@pytest.mark.parametrize(
    ("backend", "model"),
    [("replicate", "ByteDance/SDXL-Lightning"), ("fal-ai", "example/pixel-art"), ("replicate", "example/pixel-art")],
)
def test_the_sdk_reads_pictures_of_versions_and_loras(sdk, backend, model):
    assert client_of(backend).text_to_image("A", model=model).size == (64, 64)


@pytest.mark.parametrize("name", ERROR_FIXTURES)
def test_the_sdk_raises_on_every_error(sdk, upstream, name):
    upstream.play(name)

    with pytest.raises(HfHubHTTPError) as caught:
        client_of("fal-ai").text_to_image("A red bicycle", model=SCHNELL)

    assert caught.value.response.status_code == load_fixture(name).status


def test_a_wrong_key_is_refused(sdk):
    with pytest.raises(HfHubHTTPError, match="401"):
        client_of("fal-ai", key="hf_wrong").text_to_image("A", model=SCHNELL)
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        HfApi().whoami(token="hf_wrong")


def test_the_sdk_reads_who_a_key_belongs_to(sdk):
    assert HfApi().whoami(token=KEY)["auth"]["accessToken"]["role"] == "fineGrained"


@pytest.mark.parametrize("task", ["text-to-image", "image-to-image"])
def test_the_sdk_reads_all_pages_of_the_models_list(sdk, upstream, task):
    listed = HfApi().list_models(
        inference_provider="all", pipeline_tag=task, expand=["inferenceProviderMapping"], token=KEY
    )

    assert [model.id for model in listed] == [model_id for model_id, model in MODELS.items() if model.task == task]
    assert len(upstream.requests) > 1 or task == "image-to-image"


def test_the_sdk_reads_which_backends_serve_a_model(sdk):
    info = HfApi().model_info("example/pixel-art", expand=["inferenceProviderMapping"])

    assert [(entry.provider, entry.provider_id) for entry in info.inference_provider_mapping] == [
        ("fal-ai", "fal-ai/lora"),
        ("replicate", "lucataco/flux-dev-lora"),
    ]


def test_a_model_that_is_not_there_is_not_found(sdk):
    with pytest.raises(RepositoryNotFoundError):
        HfApi().model_info("example/none", expand=["inferenceProviderMapping"])


@pytest.mark.parametrize(
    ("backend", "told"),
    [
        ("fal-ai", {"extra_body": {"image_size": "1024x1024"}}),
        ("fal-ai", {"seed": -1}),
        ("together", {"extra_body": {"response_format": "b64_json"}}),
        ("nscale", {"width": 64}),
        ("hf-inference", {"width": "wide"}),
    ],
)
def test_what_a_backend_refuses_is_refused(sdk, backend, told):
    with pytest.raises(HfHubHTTPError) as caught:
        client_of(backend).text_to_image("A red bicycle", model=SCHNELL, **told)

    assert caught.value.response.status_code in (400, 422)


def test_an_empty_prompt_is_refused(sdk):
    with pytest.raises(HfHubHTTPError, match="422"):
        client_of("fal-ai").text_to_image("", model=SCHNELL)


def test_a_model_that_a_backend_does_not_know_is_a_bad_request(sdk):
    from huggingface_hub.hf_api import InferenceProviderMapping
    from huggingface_hub.inference._providers import _common

    unknown = InferenceProviderMapping(
        provider="together", hf_model_id="a/b", providerId="a/b", status="live", task="text-to-image"
    )
    _common.HARDCODED_MODEL_INFERENCE_MAPPING["together"]["a/b"] = unknown
    try:
        with pytest.raises(BadRequestError):
            client_of("together").text_to_image("A", model="a/b")
    finally:
        del _common.HARDCODED_MODEL_INFERENCE_MAPPING["together"]["a/b"]
