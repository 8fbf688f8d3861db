"""Whatever a service sends, each adapter gives a result or a typed error, and never the key."""

import asyncio
import base64
import copy
import itertools
import json
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.ai.providers import adapters, get_adapter, huggingface, linked_pictures
from src.ai.providers.answers import MAX_RETRY_AFTER_S
from src.ai.providers.contract import ImageEditRequest, ImageRequest, ImageResult, ProviderConnection
from src.ai.providers.errors import WORDS_MAX_CHARS, ProviderError
from src.ai.providers.huggingface import HuggingFace
from src.core.outbound import Answer
from src.core.secret import Secret
from tests.ai.adapters.references import REFERENCES
from tests.ai.adapters.services import connection_of, request_of
from tests.upstream.pictures import draw
from tests.upstream.wire import fixture_names, load_fixture

KEY = "plainkey-canary-0123456789"
CONNECTION = ProviderConnection(base_url="https://api.example/v1", key=Secret(KEY))
EVERY = sorted(adapters())
CALLERS = [slug for slug in EVERY if slug != "sandbox"]
MAKERS = [slug for slug in CALLERS if adapters()[slug].makes_images]
# What some ask before they pay; garbage there would be all that they ever see.
LOOKUP = "/api/models"
JOB_REQUESTS = {
    "wavespeed": ImageRequest(model_id="black-forest-labs/FLUX.1-schnell", prompt="a"),
    "fal-ai": ImageEditRequest(model_id="black-forest-labs/FLUX.1-Kontext-dev", prompt="a", references=REFERENCES[:1]),
}
PICTURE = base64.b64encode(draw((8, 8), "png")).decode()

# The words of all services' answers.
NAMES_TEXT = """
    data error errors message code type param status detail details reason msg x
    b64_json url usage cost revised_prompt media_type input_tokens output_tokens input_tokens_details
    metadata availability retry_after error_type reasons is_byok cost_details prompt_tokens completion_tokens_details
    supported_parameters endpoints pricing billable unit cost_usd variant values min max limit_remaining expires_at
    candidates content parts inlineData mimeType text thought promptFeedback blockReason finishReason finishMessage
    usageMetadata promptTokenCount candidatesTokensDetails modality tokenCount retryDelay violations quotaId @type
    models name supportedGenerationMethods inputTokenLimit nextPageToken fieldViolations field
    images output outputs urls get task_status image_result has_nsfw_concepts seed id request_id response_url
    status_url estimated_time inferenceProviderMapping provider providerId task
    auth accessToken fineGrained global scoped permissions
    has_more last_id capabilities image_input supported retires_at lifecycle max_tokens
    is_available active context_window shutdown_date
"""
# Values that mean something somewhere.
WORDS_TEXT = """
    error completed failed SUCCESS PROCESSING FAIL STOP IMAGE_SAFETY SAFETY IMAGE TEXT enum range boolean
    image token megapixel live fal-ai together hf-inference text-to-image 18s 1e999s content_policy_violation
    image_generation.completed type.googleapis.com/google.rpc.RetryInfo model_not_found 2026-11-30T00:00:00Z
"""
NAMES = NAMES_TEXT.split()
COUNTER = itertools.count()
# A link to a private address is given up without being tried again.
OTHERS = ["", KEY, f"a {KEY} b", "https://10.0.0.1/x.png", "\0", "\ud800", "9" * 400, "words " * 500]
WORDS = [*WORDS_TEXT.split(), *OTHERS, PICTURE, f"data:image/png;base64,{PICTURE}"]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=8)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)
DEEP = st.sampled_from([b"[" * 5000, b'{"error":' * 5000, b"[" * 5000 + b"]" * 5000])
ANYTHING = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200) | DEEP
STATUSES = st.integers(100, 599)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["content-type", "retry-after", "retry-after-ms", "ratelimit", "x-request-id", "request-id", "link"]
    ),
    st.sampled_from(["application/json", "text/event-stream", "image/png", "-1", "1e400", "12", '"api";r=0;t=137', KEY])
    | st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=12),
    max_size=4,
)


FIXTURES = {
    slug: [fixture.json for name in fixture_names(slug) if (fixture := load_fixture(name)).json]
    or [load_fixture("openai/server_error").json]
    for slug in EVERY
}


@st.composite
def bodies_of(draw_from: st.DrawFn, slug: str) -> bytes:
    """Anything, or a real answer in which one place holds something else."""
    if draw_from(st.integers(0, 2)) == 0:
        return draw_from(ANYTHING)
    document = copy.deepcopy(draw_from(st.sampled_from(FIXTURES[slug])))
    place, name = draw_from(st.sampled_from(list(places_in(document))))
    place[name] = draw_from(JSON)
    return json.dumps(document).encode()


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container within `value` with each of its keys."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield value, name
        yield from places_in(inner)


def assert_typed(error: ProviderError) -> None:
    """Within its caps, and without the key."""
    told = json.dumps([error.facts, str(error), error.reason])
    assert KEY not in told
    assert KEY not in repr(error)
    assert error.charged in ("yes", "no", "unknown")
    assert error.retry_after_s is None or 0 <= error.retry_after_s <= MAX_RETRY_AFTER_S
    assert len(error.facts.get("provider_message", "")) <= WORDS_MAX_CHARS
    assert all(isinstance(category, str) for category in error.facts.get("categories", ()))


@pytest.mark.parametrize("slug", EVERY)
@settings(max_examples=150, deadline=None)
@given(status=STATUSES, headers=HEADERS, data=st.data())
def test_any_error_answer_becomes_a_provider_error(
    slug: str, status: int, headers: dict[str, str], data: st.DataObject
):
    body = data.draw(bodies_of(slug))

    error = get_adapter(slug).class_error(Answer(status, headers, body), CONNECTION)

    assert isinstance(error, ProviderError)
    assert_typed(error)


@pytest.mark.parametrize("slug", CALLERS)
@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_long_words_are_shortened(slug, status):
    body = json.dumps({"error": {"message": "words " * 5000}}).encode()

    error = get_adapter(slug).class_error(Answer(status, {}, body), CONNECTION)

    assert_typed(error)
    assert error.facts["provider_message"].startswith("words words")


played = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(autouse=True)
def leftovers_are_cleared(upstream):
    """What the last example did not use."""
    yield
    upstream.clear_switches()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    """A link that fails is tried again at once, and a job asked for soon."""
    monkeypatch.setattr(linked_pictures, "FETCH_PAUSE_S", 0.0)
    monkeypatch.setattr(huggingface, "FIRST_POLL_PAUSE_S", 0.01)


def connect(slug, upstream) -> ProviderConnection:
    """A key of its own each time, so that no verdict that an adapter keeps for a while is met again."""
    upstream.reset()
    key = f"{KEY}-{next(COUNTER)}"
    upstream.good_keys.add(key)
    return replace(connection_of(slug, upstream), key=Secret(key), timeout_s=0.5)


async def no_event(event: object) -> None:
    pass


def run(call: Coroutine[Any, Any, Any]) -> Any:
    """What came of it: a result, or the ProviderError."""
    try:
        return asyncio.run(call)
    except ProviderError as error:
        assert_typed(error)
        return error


def generate(slug: str, connection: ProviderConnection) -> ImageResult | ProviderError:
    result = run(get_adapter(slug).generate(connection, request_of(slug), on_event=no_event))
    assert isinstance(result, ImageResult | ProviderError)
    if isinstance(result, ImageResult):
        assert result.calls
        told = [(image.revised_prompt, image.problem) for image in result.images]
        assert KEY not in json.dumps([told, [call.upstream_request_id for call in result.calls]])
    return result


def sendable(status: int, headers: dict[str, str]) -> dict[str, Any]:
    """1xx is no end of an answer, and these headers are the server's own business."""
    return {"status": max(status, 200), "headers": {name: value.strip() for name, value in headers.items()}}


@pytest.mark.parametrize("slug", MAKERS)
@played
@given(status=st.just(200) | STATUSES, headers=HEADERS, data=st.data())
def test_any_answer_to_a_paid_call_is_read_or_refused(slug, upstream, status, headers, data):
    body = data.draw(bodies_of(slug))
    connection = connect(slug, upstream)
    upstream.play_response(body=body, **sendable(status, headers), times=8)

    generate(slug, connection)

    assert upstream.unused_switches == 7


@pytest.mark.parametrize("slug", MAKERS)
@played
@given(status=st.just(200) | STATUSES, headers=HEADERS, data=st.data())
def test_any_answer_to_any_call_of_generating_is_read_or_refused(slug, upstream, status, headers, data):
    body = data.draw(bodies_of(slug))
    connection = connect(slug, upstream)
    upstream.play_response(body=body, **sendable(status, headers), path="/", except_path=LOOKUP, times=40)

    generate(slug, connection)

    assert upstream.paid_calls == 1


@played
@given(status=st.just(200) | STATUSES, headers=HEADERS, data=st.data())
def test_any_answer_to_the_lookup_before_a_paid_call_is_read_or_refused(upstream, status, headers, data):
    body = data.draw(bodies_of("huggingface"))
    connection = connect("huggingface", upstream)
    upstream.play_response(body=body, **sendable(status, headers), path=LOOKUP)

    # A new one each time, which keeps no lookup of before.
    run(HuggingFace().generate(connection, request_of("huggingface"), on_event=no_event))

    assert upstream.unused_switches == 0


# The calls after the paid one, of the only service with jobs: its backend, and which of their calls is answered oddly.
AFTERWARDS = [
    ("wavespeed", "/predictions/", None),
    ("wavespeed", "/files/", None),
    ("fal-ai", "/status", None),
    ("fal-ai", "/requests/", "/status"),
]


@pytest.mark.parametrize(("backend", "path", "except_path"), AFTERWARDS)
@settings(played, max_examples=25)
@given(status=st.just(200) | STATUSES, headers=HEADERS, data=st.data())
def test_any_answer_about_a_job_is_read_or_refused(upstream, backend, path, except_path, status, headers, data):
    body = data.draw(bodies_of("huggingface"))
    connection = replace(connect("huggingface", upstream), config={"backend": backend})
    where = {"path": path, "except_path": except_path, "times": 8}
    upstream.play_response(body=body, **sendable(status, headers), **where)

    run(get_adapter("huggingface").generate(connection, JOB_REQUESTS[backend], on_event=no_event))

    assert upstream.unused_switches < 8


# How the body ends: as declared but too early, short but declared so, or where the connection does.
ENDS = {
    "early": lambda upstream, at: upstream.truncate_body(at=at),
    "short": lambda upstream, at: upstream.send_only(at=at, declares_length=True),
    "open": lambda upstream, at: upstream.send_only(at=at, declares_length=False),
}


@pytest.mark.parametrize("slug", MAKERS)
@pytest.mark.parametrize("ends", ENDS)
@settings(played, max_examples=25)
@given(at=st.integers(0, 4000))
def test_a_success_cut_off_anywhere_is_read_or_refused(slug, upstream, ends, at):
    connection = connect(slug, upstream)
    ENDS[ends](upstream, at)

    came_of_it = generate(slug, connection)

    assert upstream.unused_switches == 0
    was_lost = isinstance(came_of_it, ProviderError) and came_of_it.reason == "connection_lost"
    assert was_lost is (ends == "early")


@pytest.mark.parametrize("slug", CALLERS)
@played
@given(status=st.just(200) | STATUSES, headers=HEADERS, data=st.data())
def test_any_answer_to_a_key_check_is_a_verdict(slug, upstream, status, headers, data):
    body = data.draw(bodies_of(slug))
    connection = connect(slug, upstream)
    upstream.play_response(body=body, **sendable(status, headers), path="/", times=40)

    check = asyncio.run(get_adapter(slug).check_key(connection))

    assert check.is_valid in (True, False, None)
    assert KEY not in check.reason


@pytest.mark.parametrize("slug", CALLERS)
@played
@given(status=st.just(200) | STATUSES, headers=HEADERS, data=st.data())
def test_any_answer_to_a_list_is_a_list_or_refused(slug, upstream, status, headers, data):
    body = data.draw(bodies_of(slug))
    connection = connect(slug, upstream)
    upstream.play_response(body=body, **sendable(status, headers), path="/", times=60)

    models = run(get_adapter(slug).list_models(connection))

    if not isinstance(models, ProviderError):
        assert all(isinstance(model.model_id, str) and model.model_id for model in models)
