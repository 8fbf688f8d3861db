"""Hugging Face: which backend is asked, what a job's answers mean, and where the key goes."""

import json
from dataclasses import replace

import pybase64
import pytest

from src.ai.providers.contract import (
    ImageEditRequest,
    ImageRequest,
    ProviderConnection,
    Received,
    ReferenceImage,
    ResumeHandle,
    Sent,
)
from src.ai.providers.errors import (
    BrokenAnswer,
    ContentRefused,
    KeyInvalid,
    NoImageReturned,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    RateLimited,
    Rejected,
    ServiceFailed,
)
from src.ai.providers.huggingface import HuggingFace
from src.core.secret import Secret
from src.media.inspection import inspect_picture
from tests.ai.adapters.conftest import GOOD_KEY
from tests.upstream import Upstream
from tests.upstream.pictures import draw

DEV, SCHNELL, KONTEXT = (f"black-forest-labs/FLUX.1-{name}" for name in ("dev", "schnell", "Kontext-dev"))
JOB = "wavespeed/api/v3/predictions/task1/result"
REFERENCE = ReferenceImage(content=draw((32, 32), "png"), mime_type="image/png", width=32, height=32)
EDIT = ImageEditRequest(model_id=KONTEXT, prompt="red sky", references=(REFERENCE,))


@pytest.fixture
def adapter() -> HuggingFace:
    return HuggingFace()


@pytest.fixture
def connection(upstream) -> ProviderConnection:
    return ProviderConnection(base_url=upstream.huggingface_url, key=Secret(GOOD_KEY), allow_private=True, timeout_s=5)


def at(connection: ProviderConnection, backend: str, **changes) -> ProviderConnection:
    return replace(connection, config={"backend": backend}, **changes)


def ask(model: str = SCHNELL, **told) -> ImageRequest:
    return ImageRequest(model_id=model, prompt="a red bicycle", **told)


def play_picture(upstream: Upstream) -> str:
    """The link to a picture that the next fetch of it gets."""
    upstream.play_response(body=draw((8, 8), "png"), path="/files/a.png")
    return f"{upstream.huggingface_url}/files/a.png"


def play_done_job(upstream: Upstream) -> None:
    body = {"code": 200, "data": {"status": "completed", "outputs": [play_picture(upstream)]}}
    upstream.play_response(body=body, path="/" + JOB)


# Which backend


async def test_the_preferred_backend_is_asked(adapter, connection, events, upstream):
    await adapter.generate(connection, ask(), on_event=events)

    assert upstream.paid_requests[0].path == "/huggingface/fal-ai/fal-ai/flux/schnell"


async def test_the_mapping_is_asked_for_once(adapter, connection, events, upstream):
    for _time in range(2):
        await adapter.generate(connection, ask(n=2), on_event=events)

    assert [request.path for request in upstream.requests].count(f"/huggingface/api/models/{SCHNELL}") == 1


async def test_a_mapping_may_be_a_list(adapter, connection, events, upstream):
    entry = {"provider": "together", "providerId": "a/b", "status": "live", "task": "text-to-image"}
    upstream.play_response(body={"id": "a/b", "inferenceProviderMapping": [entry]}, path="/api/models/a/b")
    upstream.play("huggingface/together_t2i_success")

    assert (await adapter.generate(connection, ask("a/b"), on_event=events)).images[0].content


@pytest.mark.parametrize(
    "model", ["example/resting", "example/elsewhere", "example/none", "../../whoami-v2", "a/b?x", "", KONTEXT]
)
async def test_a_model_without_a_backend_is_gone_and_nothing_is_paid(adapter, connection, events, upstream, model):
    with pytest.raises(Rejected) as caught:
        await adapter.generate(connection, ask(model), on_event=events)

    assert (caught.value.reason, caught.value.charged, events) == ("model_gone", "no", [])
    assert not [request for request in upstream.requests if "whoami" in request.path]


async def test_a_backend_that_is_not_the_rows_does_not_serve(adapter, connection, events):
    with pytest.raises(Rejected, match="provider_rejected"):
        await adapter.generate(at(connection, "together"), ask(DEV), on_event=events)


async def test_a_lookup_that_fails_behind_a_gateway_cost_nothing(adapter, connection, events, upstream):
    upstream.play("huggingface/provider_error", path="/api/models/")

    with pytest.raises(ServiceFailed) as caught:
        await adapter.generate(connection, ask(), on_event=events)

    assert (caught.value.charged, events) == ("no", [])


@pytest.mark.parametrize("backend", ["together", "replicate", "wavespeed"])
async def test_a_size_that_an_edit_cannot_be_told_is_said_before_anything_is_paid(adapter, connection, events, backend):
    with pytest.raises(Rejected) as caught:
        await adapter.edit(at(connection, backend), replace(EDIT, size="64x64"), on_event=events)

    assert (caught.value.reason, caught.value.facts["field"]) == ("unsupported_parameter", "size")
    assert events == []


async def test_a_mask_is_not_taken(adapter, connection, events):
    with pytest.raises(Rejected) as caught:
        await adapter.edit(connection, replace(EDIT, mask=REFERENCE), on_event=events)

    assert caught.value.facts["field"] == "mask"


# Pictures


async def test_each_picture_is_a_call_with_the_next_seed(adapter, connection, events, upstream):
    result = await adapter.generate(connection, ask(n=3, seed=7), on_event=events)

    assert [(call.call_index, call.images[0].seed) for call in result.calls] == [(0, 7), (1, 8), (2, 9)]
    assert sorted(request.json["seed"] for request in upstream.paid_requests) == [7, 8, 9]
    assert sorted(event.call_index for event in events if isinstance(event, Sent)) == [0, 1, 2]


async def test_the_seed_that_fal_took_is_kept(adapter, connection, events):
    assert (await adapter.generate(connection, ask(), on_event=events)).images[0].seed == 42


async def test_the_key_does_not_go_to_where_pictures_lie(adapter, connection, events, upstream):
    await adapter.generate(connection, ask(), on_event=events)

    fetched = upstream.requests[-1]
    assert fetched.path.startswith("/huggingface/files/")
    assert "Authorization" not in fetched.headers


async def test_a_black_picture_is_a_refusal_that_was_paid(adapter, connection, events, upstream):
    upstream.play("huggingface/content_policy_refusal_fal_nsfw")

    with pytest.raises(ContentRefused) as caught:
        await adapter.generate(connection, ask(), on_event=events)

    assert (caught.value.facts["categories"], caught.value.charged) == (["nsfw"], "yes")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (201, {"output": None, "status": "processing", "error": None}, ProviderTimeout),
        (201, {"output": None, "status": "failed", "error": "out of memory"}, ServiceFailed),
        (201, {"output": [], "status": "succeeded"}, NoImageReturned),
        (200, [], BrokenAnswer),
    ],
)
async def test_replicate_without_a_picture(adapter, connection, events, upstream, status, body, kind):
    upstream.play_response(status=status, body=body)

    with pytest.raises(kind) as caught:
        await adapter.generate(at(connection, "replicate"), ask(), on_event=events)

    assert caught.value.charged == "unknown"


@pytest.mark.parametrize(
    ("content_type", "body", "kind"),
    [("image/png", b"", NoImageReturned), ("text/html", b"<html>", BrokenAnswer), ("image/png", b"1", BrokenAnswer)],
)
async def test_raw_bytes_that_are_no_picture(adapter, connection, events, upstream, content_type, body, kind):
    upstream.play_response(headers={"content-type": content_type}, body=body)

    with pytest.raises(kind):
        await adapter.generate(at(connection, "hf-inference"), ask(), on_event=events)


# Jobs


@pytest.mark.parametrize(
    ("backend", "edits"), [("fal-ai", True), ("wavespeed", True), ("wavespeed", False), ("zai-org", False)]
)
async def test_a_job_is_noted_before_it_is_asked_for(adapter, connection, upstream, backend, edits):
    seen = []

    async def on_event(event) -> None:
        seen.append((type(event), upstream.requests[-1].method))

    make = adapter.edit if edits else adapter.generate
    result = await make(at(connection, backend), EDIT if edits else ask(), on_event=on_event)

    assert seen == [(Sent, "GET"), (ResumeHandle, "POST"), (Received, "GET")]
    assert inspect_picture(result.images[0].content)


async def test_a_job_goes_on_where_it_was_left(adapter, connection, events, upstream):
    with pytest.raises(ProviderTimeout) as caught:
        await adapter.generate(at(connection, "wavespeed", timeout_s=0.01), ask(n=1, seed=7), on_event=events)
    handle = next(event.handle for event in events if isinstance(event, ResumeHandle))

    call = await adapter.resume(connection, ask(n=2, seed=7), handle=handle, call_index=1, on_event=events)

    assert caught.value.charged == "unknown"
    assert (call.call_index, call.images[0].seed, isinstance(events[-1], Received)) == (1, 8, True)
    assert upstream.paid_calls == 1


@pytest.mark.parametrize(
    "handle",
    [
        *("", "wavespeed", "together/v1/x", "../api/whoami-v2", "wavespeed/../../api/whoami-v2", "wavespeed//x"),
        *("https://evil.example/x", "fal-ai/x?y", "fal-ai/x#y", "fal-ai/" + "x" * 300, "@evil.example/fal-ai"),
    ],
)
async def test_a_handle_that_is_none_of_ours_is_not_followed(adapter, connection, events, upstream, handle):
    with pytest.raises(Rejected) as caught:
        await adapter.resume(connection, ask(), handle=handle, call_index=0, on_event=events)

    assert (caught.value.reason, caught.value.charged, upstream.requests) == ("no_resuming", "unknown", [])


async def test_polling_stays_at_the_base_url_whatever_the_service_names(adapter, connection, events, upstream):
    body = {"data": {"status": "created", "urls": {"get": "https://evil.example/api/v3/predictions/task1/result"}}}
    upstream.play_response(body=body)
    play_done_job(upstream)

    await adapter.generate(at(connection, "wavespeed"), ask(), on_event=events)

    assert upstream.requests[-2].path == "/huggingface/" + JOB


@pytest.mark.parametrize(
    ("poll", "kind", "words"),
    [
        ({"status": 200, "body": {"data": {"status": "failed", "error": "bad seed"}}}, ServiceFailed, "bad seed"),
        ({"status": 200, "body": {"data": {"status": "lost"}}}, BrokenAnswer, None),
        ({"status": 404, "body": {"error": "Not Found"}}, BrokenAnswer, None),
        ({"status": 401, "body": {"error": "Invalid"}}, KeyInvalid, None),
    ],
)
async def test_what_becomes_of_a_job_that_fails(adapter, connection, events, upstream, poll, kind, words):
    upstream.play_response(**poll, path="/" + JOB)

    with pytest.raises(kind) as caught:
        await adapter.resume(connection, ask(), handle=JOB, call_index=0, on_event=events)

    assert (caught.value.charged, caught.value.facts.get("provider_message")) == ("unknown", words)


async def test_a_poll_that_fails_for_a_moment_does_not_lose_the_job(adapter, connection, events, upstream):
    upstream.play("huggingface/provider_error", path="/" + JOB)
    play_done_job(upstream)

    call = await adapter.resume(connection, ask(), handle=JOB, call_index=0, on_event=events)

    assert inspect_picture(call.images[0].content)


@pytest.mark.parametrize("body", [{}, {"data": {"status": "created"}}, {"data": {"status": "created", "urls": 1}}, []])
async def test_a_submit_that_names_no_job_is_handed_on_and_broken(adapter, connection, events, upstream, body):
    upstream.play_response(body=body)

    with pytest.raises(BrokenAnswer) as caught:
        await adapter.generate(at(connection, "wavespeed"), ask(), on_event=events)

    [sent, received] = events
    assert (caught.value.charged, type(sent), json.loads(received.body)) == ("unknown", Sent, body)


async def test_a_job_that_failed_at_once_is_handed_on(adapter, connection, events, upstream):
    upstream.play_response(body={"data": {"status": "failed", "error": "bad seed"}})

    with pytest.raises(ServiceFailed):
        await adapter.generate(at(connection, "wavespeed"), ask(), on_event=events)

    assert [type(event) for event in events] == [Sent, Received]


async def test_a_queue_of_fal_that_answers_with_pictures_is_done(adapter, connection, events, upstream):
    upstream.play_response(body={"images": [{"url": play_picture(upstream)}]})

    result = await adapter.edit(at(connection, "fal-ai"), EDIT, on_event=events)

    assert inspect_picture(result.images[0].content)
    assert [type(event) for event in events] == [Sent, Received]


async def test_a_job_that_is_done_at_once_is_not_asked_for(adapter, connection, events, upstream):
    link = play_picture(upstream)
    upstream.play_response(body={"id": "t1", "task_status": "SUCCESS", "image_result": [{"url": link}]})

    await adapter.generate(at(connection, "zai-org"), ask(), on_event=events)

    assert [type(event) for event in events] == [Sent, Received]


# Errors


@pytest.mark.parametrize(
    ("fixture", "kind", "reason", "wait_s"),
    [
        ("rate_limited", RateLimited, "", 137),
        ("server_error", Overloaded, "", 20),
        ("model_not_supported_by_provider", Rejected, "model_gone", None),
        ("gone_old_host", Rejected, "model_gone", None),
        ("missing_permission", Rejected, "no_permission", None),
    ],
)
async def test_what_an_error_tells(adapter, connection, events, upstream, fixture, kind, reason, wait_s):
    upstream.play(f"huggingface/{fixture}")

    with pytest.raises(kind) as caught:
        await adapter.generate(connection, ask(), on_event=events)

    assert (caught.value.reason, caught.value.retry_after_s) == (reason, wait_s)


BAD_SEED = [{"loc": ["body", "seed"], "msg": "too large", "type": "value_error"}]
FLAGGED = [{"loc": ["body", "prompt"], "msg": "no", "type": "content_policy_violation", "categories": ["sexual"]}]


@pytest.mark.parametrize(
    ("status", "body", "kind", "facts"),
    [
        (400, {"error": ["a", "b"]}, Rejected, {"reason": "bad_request", "provider_message": "a b"}),
        (400, {"error": {"message": "no", "param": "width"}}, Rejected, {"field": "size", "provider_message": "no"}),
        (422, {"detail": BAD_SEED}, Rejected, {"field": "seed", "provider_message": "body.seed: too large"}),
        (422, {"detail": FLAGGED}, ContentRefused, {"categories": ["sexual"]}),
        (422, FLAGGED, ContentRefused, {"categories": ["sexual"]}),
    ],
)
async def test_errors_in_the_backends_own_shapes(adapter, connection, events, upstream, status, body, kind, facts):
    upstream.play_response(status=status, body=body)

    with pytest.raises(kind) as caught:
        await adapter.generate(connection, ask(), on_event=events)

    assert facts.items() <= caught.value.facts.items()
    assert caught.value.charged == ("unknown" if status == 422 else "no")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": "Invalid username or password."}, KeyInvalid),
        ({"detail": "Invalid token"}, Rejected),
        ({"error": {"message": "Invalid API key", "code": "invalid_api_key"}}, Rejected),
        ({"message": "Unauthorized"}, Rejected),
        ([], Rejected),
        (b"<html>Unauthorized</html>", Rejected),
    ],
)
async def test_a_backend_that_does_not_let_in_is_no_verdict_on_the_key(
    adapter, connection, events, upstream, body, kind
):
    upstream.play_response(status=401, body=body)

    with pytest.raises(kind) as caught:
        await adapter.generate(connection, ask(), on_event=events)

    assert (caught.value.reason, caught.value.charged) == ("" if kind is KeyInvalid else "backend_refused", "no")


async def test_a_backend_that_has_the_model_no_more_is_looked_up_again(adapter, connection, events, upstream):
    await adapter.generate(connection, ask(), on_event=events)
    upstream.play("huggingface/model_not_supported_by_provider")
    with pytest.raises(Rejected):
        await adapter.generate(connection, ask(), on_event=events)

    await adapter.generate(connection, ask(), on_event=events)

    assert [request.path for request in upstream.requests].count(f"/huggingface/api/models/{SCHNELL}") == 2


# Keys


async def test_a_good_key_is_asked_about_once_a_minute(adapter, connection, upstream):
    checks = [await adapter.check_key(connection) for _time in range(2)]

    assert [check.reason for check in checks] == ["ok", "ok"]
    assert len(upstream.requests) == 1


async def test_another_key_and_a_bad_one_are_asked_about_each_time(adapter, connection, upstream):
    await adapter.check_key(connection)
    bad = replace(connection, key=Secret("hf_wrong"))
    checks = [await adapter.check_key(bad) for _time in range(2)]

    assert [check.reason for check in checks] == ["invalid", "invalid"]
    assert len(upstream.requests) == 3


MAY = ["inference.serverless.write"]


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ({"role": "write"}, "ok"),
        ({"role": "fineGrained", "fineGrained": {"global": MAY, "scoped": []}}, "ok"),
        ({"role": "fineGrained", "fineGrained": {"global": [], "scoped": [{"permissions": MAY}]}}, "ok"),
        ({"role": "fineGrained", "fineGrained": {"global": ["discussion.write"], "scoped": []}}, "no_permission"),
        ({"role": "fineGrained", "fineGrained": {"global": 1, "scoped": 1}}, "no_permission"),
        (None, "ok"),
    ],
)
async def test_a_fine_grained_token_may_lack_the_permission(adapter, connection, upstream, token, reason):
    upstream.play_response(body={"name": "example", "auth": {"accessToken": token}}, path="/whoami-v2")

    check = await adapter.check_key(connection)

    assert (check.is_valid, check.reason) == (True, reason)


@pytest.mark.parametrize(
    ("base_url", "hub"),
    [
        ("https://router.huggingface.co", "https://huggingface.co"),
        ("https://router.huggingface.co/", "https://huggingface.co"),
        ("http://router.huggingface.co", "http://router.huggingface.co"),
        ("https://proxy.example/hf/", "https://proxy.example/hf"),
        ("https://router.huggingface.co.evil.example", "https://router.huggingface.co.evil.example"),
    ],
)
def test_a_key_goes_only_to_the_origin_that_it_was_entered_for(adapter, base_url, hub):
    assert adapter.hub_of(ProviderConnection(base_url=base_url)) == hub


# The list


async def test_models_of_both_tasks_are_one_entry(adapter, connection, upstream):
    entry = {"provider": "fal-ai", "providerId": "x", "status": "live"}
    for task in ("text-to-image", "image-to-image"):
        row = {"id": "a/b", "inferenceProviderMapping": [entry | {"task": task}]}
        upstream.play_response(body=[row, 1, {}, {"id": 1}], path="/api/models")

    [model] = await adapter.list_models(connection)

    assert (model.model_id, model.capabilities) == ("a/b", ("image", "image_edit"))


async def test_the_list_has_no_models_without_a_backend_that_is_spoken(adapter, connection):
    ids = {model.model_id for model in await adapter.list_models(connection)}

    assert {SCHNELL, DEV, KONTEXT} <= ids
    assert not {"example/resting", "example/elsewhere"} & ids


@pytest.mark.parametrize("link", ["https://evil.example/api/models?cursor=1", "http://[", "//evil.example/", "x:y"])
async def test_a_next_page_elsewhere_is_not_followed(adapter, connection, upstream, link):
    upstream.play_response(body=[], headers={"link": f'<{link}>; rel="next"'}, path="/api/models", times=2)

    assert await adapter.list_models(connection) == ()
    assert len(upstream.requests) == 2


async def test_an_endless_list_ends(adapter, connection, upstream):
    link = {"link": f'<{upstream.huggingface_url}/api/models?cursor=1>; rel="next"'}
    upstream.play_response(body=[], headers=link, path="/api/models", times=20)

    await adapter.list_models(connection)

    assert len(upstream.requests) == 20


async def test_a_list_that_is_none_is_broken(adapter, connection, upstream):
    upstream.play_response(body={"error": None}, path="/api/models")

    with pytest.raises(ProviderError, match="provider_broken_answer"):
        await adapter.list_models(connection)


async def test_a_model_outside_the_list_is_asked_about_before_it_is_called_gone(adapter, connection):
    gone = await adapter.find_vanished(connection, {DEV, "example/elsewhere", "example/of-nobody"})

    assert gone == {"example/elsewhere", "example/of-nobody"}


async def test_many_models_outside_the_list_are_asked_about_a_few_at_a_time(adapter, connection, upstream):
    names = {f"example/{number:04}" for number in range(600)}

    gone = await adapter.find_vanished(connection, names)

    assert gone == set(sorted(names)[:500])
    assert 1 < upstream.max_in_flight <= 8


async def test_asking_about_models_ends_where_the_hub_refuses(adapter, connection, upstream):
    upstream.play("huggingface/rate_limited", path="/api/models/")

    with pytest.raises(RateLimited):
        await adapter.find_vanished(connection, {f"example/{number:04}" for number in range(100)})

    assert len(upstream.requests) == 8


async def test_a_reference_becomes_text_once_for_all_calls(adapter, connection, events, upstream, monkeypatch):
    made = []
    monkeypatch.setattr(pybase64, "b64encode_as_string", lambda content: made.append(content) or "AAAA")

    await adapter.edit(at(connection, "replicate"), replace(EDIT, n=3), on_event=events)

    assert (made, upstream.paid_calls) == ([REFERENCE.content], 3)


async def test_what_may_go_in_fits_into_a_body_that_repeats_it_four_times(adapter, connection, events, upstream):
    await adapter.edit(at(connection, "replicate"), EDIT, on_event=events)

    text = pybase64.b64encode_as_string(REFERENCE.content).encode()
    assert upstream.paid_requests[0].body.count(text) == 4
    assert adapter.reference_bytes == 8 * 1024 * 1024


async def test_a_web_page_in_place_of_a_mapping_is_no_model_that_is_gone(adapter, connection, events, upstream):
    page = {"headers": {"content-type": "text/html"}, "body": b"<html>busy</html>", "path": "/api/models/"}
    upstream.play_response(**page, times=2)

    with pytest.raises(BrokenAnswer) as caught:
        await adapter.generate(connection, ask(), on_event=events)
    with pytest.raises(BrokenAnswer):
        await adapter.find_vanished(connection, {DEV})

    assert (caught.value.charged, upstream.paid_calls) == ("no", 0)


async def test_a_web_page_in_place_of_a_verdict_says_nothing_of_the_key(adapter, connection, upstream):
    page = {"headers": {"content-type": "text/html"}, "body": b"<html>sign in</html>", "path": "/whoami-v2"}
    upstream.play_response(status=401, **page)

    check = await adapter.check_key(connection)

    assert (check.is_valid, check.reason) == (None, "broken_answer")
