"""A paid answer that was kept reads the same again as when it came: nothing is paid, nothing is reported."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.ai.providers import adapters, get_adapter, linked_pictures
from src.ai.providers.contract import (
    MAX_CONTEXT_CHARS,
    CallResult,
    ImageEditRequest,
    ImageRequest,
    Preview,
    ProviderConnection,
    Received,
)
from src.ai.providers.errors import BrokenAnswer, ContentRefused, NoImageReturned, ProviderError, Rejected
from src.ai.providers.huggingface import SUBMITTED, HuggingFace
from src.ai.providers.huggingface.backends import BACKENDS
from tests.ai.adapters.conftest import Events
from tests.ai.adapters.references import REFERENCES
from tests.ai.adapters.services import connection_of, edit_request_of, request_of
from tests.ai.adapters.test_any_answer import bodies_of
from tests.upstream import Upstream, load_fixture
from tests.upstream.pictures import draw

MAKERS = [slug for slug in sorted(adapters()) if adapters()[slug].makes_images]
EDITORS = [slug for slug in MAKERS if adapters()[slug].edits_images]
STREAMERS = [slug for slug in MAKERS if adapters()[slug].streams_previews]
SCHNELL = "black-forest-labs/FLUX.1-schnell"
KONTEXT = "black-forest-labs/FLUX.1-Kontext-dev"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    """A link that fails is tried again at once."""
    monkeypatch.setattr(linked_pictures, "FETCH_PAUSE_S", 0.0)


def facts_of(outcome: CallResult | ProviderError) -> Any:
    if not isinstance(outcome, ProviderError):
        return outcome
    told = (outcome.charged, outcome.reason, outcome.facts, outcome.retry_after_s, outcome.usage)
    return (type(outcome), *told, outcome.permanent, outcome.http_status)


async def outcome_of(waiting: Any) -> CallResult | ProviderError:
    try:
        return await waiting
    except ProviderError as error:
        return error


async def first_outcomes(slug: str, connection: ProviderConnection, request: ImageRequest, events: Events) -> list[Any]:
    """What each paid call gave when it was made, by index."""
    adapter = get_adapter(slug)
    make = adapter.edit if isinstance(request, ImageEditRequest) else adapter.generate
    try:
        return list((await make(connection, request, on_event=events)).calls)
    except ProviderError as error:
        return [error]


def received_in(events: Events) -> Sequence[Received]:
    return [event for event in events if isinstance(event, Received)]


async def assert_reads_again(
    slug: str, connection: ProviderConnection, request: ImageRequest, upstream: Upstream
) -> list[Any]:
    """Gives what the first reading gave."""
    events = Events()
    outcomes = await first_outcomes(slug, connection, request, events)
    kept, paid = received_in(events), upstream.paid_calls
    assert sorted(received.call_index for received in kept) == list(range(len(outcomes)))
    for received in kept:
        again = await outcome_of(get_adapter(slug).read_received(connection, request, received=received))
        assert facts_of(again) == facts_of(outcomes[received.call_index])
    assert (upstream.paid_calls, len(received_in(events))) == (paid, len(kept))
    return outcomes


@pytest.mark.parametrize("slug", MAKERS)
async def test_pictures_of_every_service(slug, upstream):
    seed = 7 if "seed" in adapters()[slug].parameters else None
    request = replace(request_of(slug), n=3, seed=seed)

    calls = await assert_reads_again(slug, connection_of(slug, upstream), request, upstream)

    assert sum(len(call.images) for call in calls) == 3


@pytest.mark.parametrize("slug", EDITORS)
async def test_edits_of_every_service(slug, upstream):
    request = replace(edit_request_of(slug, REFERENCES[0]), n=2)

    calls = await assert_reads_again(slug, connection_of(slug, upstream), request, upstream)

    assert sum(len(call.images) for call in calls) == 2


@pytest.mark.parametrize("slug", STREAMERS)
async def test_streams(slug, upstream, events):
    request, connection = replace(request_of(slug), partial_images=2), connection_of(slug, upstream)

    [call] = await assert_reads_again(slug, connection, request, upstream)

    assert len(call.images) == 1
    await get_adapter(slug).generate(connection, request, on_event=events)
    assert any(isinstance(event, Preview) for event in events)
    assert [received.content_type for received in received_in(events)] == ["text/event-stream"]


async def test_links_are_fetched_again(upstream):
    connection = replace(connection_of("openai_compatible", upstream), config={"response_format": "url"})
    request = replace(request_of("openai_compatible"), n=2)

    [call] = await assert_reads_again("openai_compatible", connection, request, upstream)

    assert len([image for image in call.images if image.content]) == 2
    assert len([sent for sent in upstream.requests if sent.method == "GET"]) == 4


async def test_a_link_that_leads_nowhere_by_now_is_a_picture_that_could_not_be_fetched(upstream):
    connection = replace(connection_of("openai_compatible", upstream), config={"response_format": "url"})
    request, events = request_of("openai_compatible"), Events()
    await get_adapter("openai_compatible").generate(connection, request, on_event=events)
    upstream.play_response(status=404, path="/", times=3)

    [received] = received_in(events)
    again = await get_adapter("openai_compatible").read_received(connection, request, received=received)

    assert [image.problem for image in again.images] == ["fetch_failed"]


async def test_each_part_knows_how_many_it_was_asked_for(upstream):
    upstream.picture_next(draw((8, 8), "png"), times=4)
    request = ImageRequest(model_id="gpt-image-2.5-flare", prompt="a", n=10, size="3840x2160")

    calls = await assert_reads_again("openai", connection_of("openai", upstream), request, upstream)

    assert [(call.asked, len(call.images)) for call in calls] == [(3, 3), (3, 3), (3, 3), (1, 1)]


async def test_pictures_beyond_those_asked_for_are_cut_off_again(upstream):
    upstream.picture_count_next(15)

    [call] = await assert_reads_again("openai", connection_of("openai", upstream), request_of("openai"), upstream)

    assert call.images[-1].problem == "too_many"


PROBLEMS: list[tuple[str, dict[str, Any]]] = [
    ("openai", {"body": {"data": []}}),
    ("openai", {"body": b"<html>"}),
    ("openai", {"body": {"error": {"code": "moderation_blocked", "message": "no"}}}),
    ("openai", {"body": {"error": {"code": "429", "message": "wait"}}, "headers": {"x-request-id": "r1"}}),
    ("openai", {"body": {"data": [{"b64_json": "%%"}], "usage": {"input_tokens": 5}}}),
    ("openai_compatible", {"body": {"error": "out of memory"}}),
    ("openrouter", {"body": {"error": {"code": 502, "metadata": {"error_type": "provider_unavailable"}}}}),
    ("openrouter", {"body": {"error": {"code": 403, "metadata": {"reasons": ["violence"]}}}}),
    ("openrouter", {"body": {"data": [], "usage": {"cost": 0.02}}}),
    ("gemini", {"body": {"promptFeedback": {"blockReason": "SAFETY"}, "responseId": "abc"}}),
    ("gemini", {"body": {"candidates": [{"finishReason": "IMAGE_SAFETY"}], "usageMetadata": {"promptTokenCount": 9}}}),
    ("gemini", {"body": {"error": {"code": 503, "status": "UNAVAILABLE"}}}),
    ("huggingface", {"body": {"images": [], "has_nsfw_concepts": [True]}}),
    ("huggingface", {"body": {"error": "no", "detail": [{"type": "content_policy_violation"}]}}),
    ("huggingface", {"body": {"images": []}}),
]


@pytest.mark.parametrize(("slug", "played"), PROBLEMS)
async def test_what_was_wrong_with_an_answer_is_wrong_again(slug, played, upstream):
    upstream.play_response(**played)

    await assert_reads_again(slug, connection_of(slug, upstream), request_of(slug), upstream)


async def test_an_error_in_a_stream_is_one_again(upstream):
    upstream.play("openrouter/images_stream_error")
    request = replace(request_of("openrouter"), partial_images=2)

    [error] = await assert_reads_again("openrouter", connection_of("openrouter", upstream), request, upstream)

    assert (isinstance(error, ProviderError), error.charged) == (True, "no")


async def test_a_request_that_gemini_names_in_its_body_has_that_name_again(upstream):
    upstream.play("gemini/generate_image_success")

    [call] = await assert_reads_again("gemini", connection_of("gemini", upstream), request_of("gemini"), upstream)

    assert call.upstream_request_id == load_fixture("gemini/generate_image_success").json["responseId"]


@pytest.mark.parametrize("slug", [slug for slug in MAKERS if slug != "sandbox"])
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
async def test_any_answer_reads_the_same_again(slug, upstream, data):
    """Answers with links apart, whose pictures are fetched each time."""
    body = data.draw(bodies_of(slug))
    upstream.reset()
    upstream.play_response(body=body)
    connection, events = replace(connection_of(slug, upstream), timeout_s=0.5), Events()
    [first] = await first_outcomes(slug, connection, request_of(slug), events)

    [received] = received_in(events)
    again = await outcome_of(get_adapter(slug).read_received(connection, request_of(slug), received=received))

    assert facts_of(again) == facts_of(first)


# Hugging Face: which backend has answered is in the context.


@pytest.fixture
def hub(upstream):
    return connection_of("huggingface", upstream)


def at(connection: ProviderConnection, backend: str) -> ProviderConnection:
    return replace(connection, config={"backend": backend})


@pytest.mark.parametrize(
    ("backend", "model", "edits"),
    [
        *((name, SCHNELL, False) for name in ("fal-ai", "together", "replicate", "nscale", "wavespeed", "zai-org")),
        ("hf-inference", SCHNELL, False),
        *((name, KONTEXT, True) for name in ("fal-ai", "together", "replicate", "wavespeed", "hf-inference")),
    ],
)
async def test_every_backend_whatever_the_row_says_by_then(hub, upstream, backend, model, edits):
    request: ImageRequest = ImageRequest(model_id=model, prompt="a", n=2, seed=7)
    if edits:
        request = ImageEditRequest(model_id=model, prompt="a", n=2, seed=7, references=REFERENCES[:1])
    calls = await assert_reads_again("huggingface", at(hub, backend), request, upstream)
    assert [call.images[0].seed for call in calls] == [7, 8]

    events = Events()
    [first, *_rest] = await first_outcomes("huggingface", at(hub, backend), request, events)
    received = next(each for each in received_in(events) if each.call_index == 0)
    again = await HuggingFace().read_received(at(hub, "another"), request, received=received)

    assert (received.context, again) == (backend, first)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "no_job_state"),
        ([], "no_job_state"),
        ({"data": {"status": "created"}}, "no_job"),
        ({"data": {"status": "failed", "error": "bad seed"}}, "job_failed"),
        ({"data": {"status": "completed", "outputs": []}}, ""),
    ],
)
async def test_a_submit_that_left_no_job_is_read_as_one(hub, upstream, body, reason):
    upstream.play_response(body=body)
    request = ImageRequest(model_id=SCHNELL, prompt="a")

    [error] = await assert_reads_again("huggingface", at(hub, "wavespeed"), request, upstream)

    assert (isinstance(error, ProviderError), error.reason) == (True, reason)


async def test_a_submit_that_was_done_at_once_is_read_as_one(hub, upstream):
    upstream.play_response(body=draw((8, 8), "png"), path="/files/a.png", times=2)
    link = {"url": f"{upstream.huggingface_url}/files/a.png"}
    upstream.play_response(body={"id": "t1", "task_status": "SUCCESS", "image_result": [link]})
    request = ImageRequest(model_id=SCHNELL, prompt="a")

    [call] = await assert_reads_again("huggingface", at(hub, "zai-org"), request, upstream)

    assert call.images[0].content == draw((8, 8), "png")


async def test_what_a_resumed_job_brought_reads_the_same_again(hub, upstream, events):
    request = ImageRequest(model_id=SCHNELL, prompt="a", n=2, seed=7)
    job = "wavespeed/api/v3/predictions/task1/result"
    body = {"code": 200, "data": {"status": "completed", "outputs": [f"{upstream.huggingface_url}/files/a.png"]}}
    upstream.play_response(body=body, path="/" + job)
    upstream.play_response(body=draw((8, 8), "png"), path="/files/a.png", times=2)
    adapter = HuggingFace()
    call = await adapter.resume(hub, request, handle=job, call_index=1, on_event=events)

    [received] = received_in(events)
    again = await adapter.read_received(hub, request, received=received)

    assert (received.context, again, again.images[0].seed) == ("wavespeed", call, 8)


@pytest.mark.parametrize("context", ["", "elsewhere", " submitted"])
async def test_an_answer_of_no_known_backend_is_broken(hub, context):
    received = Received(body=b"{}", context=context)

    with pytest.raises(BrokenAnswer) as caught:
        await HuggingFace().read_received(hub, ImageRequest(model_id=SCHNELL, prompt="a"), received=received)

    assert (caught.value.charged, caught.value.reason) == ("unknown", "no_backend")


def test_contexts_fit():
    assert max(len(name + SUBMITTED) for name in BACKENDS) <= MAX_CONTEXT_CHARS


# Answers that fit no call


@pytest.mark.parametrize("slug", MAKERS)
@pytest.mark.parametrize("call_index", [-1, 3])
async def test_an_answer_to_a_call_that_the_request_does_not_make_is_broken(slug, upstream, call_index):
    request, received = replace(request_of(slug), n=3), Received(body=b"{}", call_index=call_index)

    with pytest.raises(BrokenAnswer) as caught:
        await get_adapter(slug).read_received(connection_of(slug, upstream), request, received=received)

    assert (caught.value.charged, caught.value.reason) == ("unknown", "no_such_call")


async def test_a_service_that_makes_no_pictures_reads_none(upstream):
    with pytest.raises(Rejected):
        await get_adapter("anthropic").read_received(
            connection_of("anthropic", upstream), request_of("anthropic"), received=Received(body=b"{}")
        )


@pytest.mark.parametrize(
    ("fixture", "kind", "charged"),
    [
        ("gemini/no_image_text_only", NoImageReturned, "yes"),
        ("gemini/prompt_blocked", ContentRefused, None),
        ("gemini/content_policy_refusal_image_safety", ContentRefused, None),
    ],
)
async def test_refusals_that_come_as_200(upstream, fixture, kind, charged):
    upstream.play(fixture)

    [error] = await assert_reads_again("gemini", connection_of("gemini", upstream), request_of("gemini"), upstream)

    assert isinstance(error, kind)
    assert charged in (None, error.charged)
