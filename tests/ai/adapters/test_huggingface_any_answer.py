"""Whatever the hub, the router or a backend sends, there is a result or a typed error, and never the key."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.ai.providers.contract import GeneratedImage, ImageLink, ProviderConnection
from src.ai.providers.errors import ProviderError
from src.ai.providers.huggingface import HuggingFace
from src.ai.providers.huggingface.backends import BACKENDS
from src.ai.providers.huggingface.hub_answers import next_page, read_mapping, read_whoami
from src.ai.providers.huggingface.jobs import QUEUES, is_done, new_handle
from src.ai.providers.huggingface.pictures_in import read_answer
from src.core.outbound import Answer, origin_of
from src.core.secret import Secret

KEY = "hf_canary0123456789"
CONNECTION = ProviderConnection(base_url="https://api.example/hf", key=Secret(KEY))
NAMES = (
    *("images", "url", "data", "b64_json", "output", "status", "error", "has_nsfw_concepts", "seed", "detail", "loc"),
    *("msg", "type", "categories", "urls", "get", "outputs", "image_result", "task_status", "id", "response_url"),
    *("request_id", "message", "param", "code", "estimated_time", "provider", "providerId", "task", "fal-ai"),
    *("auth", "accessToken", "role", "fineGrained", "global", "scoped", "permissions", "adapterWeightsPath"),
)
WORDS = (
    "COMPLETED",
    "failed",
    "SUCCESS",
    "FAIL",
    "processing",
    "live",
    "text-to-image",
    "fineGrained",
    "http://[",
    KEY,
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(WORDS)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)
BODIES = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "content-type": st.sampled_from(["image/png", "application/json", "text/html", ""]),
        "ratelimit": st.text() | st.just('"api";r=0;t=137'),
        "link": st.text(max_size=50).map(lambda text: f'<{text}>; rel="next"'),
        "x-error-code": st.sampled_from(["RepoNotFound", "x"]),
    },
)


def assert_it_keeps_the_key(error: ProviderError) -> None:
    assert KEY not in json.dumps([error.facts, str(error), repr(error)])


@settings(max_examples=300, deadline=None)
@given(status=st.integers(100, 599), headers=HEADERS, body=BODIES)
def test_an_error_answer_becomes_a_provider_error(status: int, headers: dict[str, str], body: bytes):
    error = HuggingFace().class_error(Answer(status, headers, body), CONNECTION)

    assert error.charged in ("no", "unknown")
    assert_it_keeps_the_key(error)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=150, deadline=None)
@given(headers=HEADERS, body=BODIES)
def test_a_success_is_read_or_refused(backend: str, headers: dict[str, str], body: bytes):
    try:
        read = read_answer(Answer(200, headers, body), CONNECTION, backend=backend, seed=None)
    except ProviderError as error:
        assert_it_keeps_the_key(error)
    else:
        assert all(isinstance(image, GeneratedImage | ImageLink) for image in read.images)


@pytest.mark.parametrize("backend", QUEUES)
@settings(max_examples=150, deadline=None)
@given(body=BODIES)
def test_a_job_has_a_handle_that_stays_below_the_router_or_is_refused(backend: str, body: bytes):
    try:
        handle = new_handle(Answer(200, {}, body), backend, CONNECTION)
        is_done(Answer(200, {}, body), QUEUES[backend], CONNECTION)
    except ProviderError as error:
        assert_it_keeps_the_key(error)
    else:
        assert handle == "" or (handle.startswith(f"{backend}/") and ".." not in handle.split("/"))


@settings(max_examples=300, deadline=None)
@given(said=JSON, headers=HEADERS)
def test_what_the_hub_says_is_read_whatever_it_is(said: Any, headers: dict[str, str]):
    assert isinstance(read_mapping("a/b", said), tuple)
    assert isinstance(read_mapping(said, [said]), tuple)
    assert read_whoami(said).is_valid in (True, None)
    page = next_page(Answer(200, headers, b""), "https://huggingface.co/api/models")
    assert page == "" or origin_of(page) == "https://huggingface.co:443"
