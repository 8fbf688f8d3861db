"""The official anthropic SDK is the judge: the same requests leave both, and both understand the same answers."""

from dataclasses import replace
from datetime import date

import anthropic
import pytest
from anthropic import Anthropic, DefaultHttpxClient

from src.ai.providers import get_adapter
from src.ai.providers.contract import ProviderConnection
from src.ai.providers.errors import (
    BrokenAnswer,
    KeyInvalid,
    Overloaded,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Rejected,
    ServiceFailed,
)
from src.core.outbound import Answer
from src.core.secret import Secret
from tests.ai.adapters.services import GOOD_KEY, connection_of
from tests.upstream import load_fixture, wire

HEADERS_THAT_MATTER = ("anthropic-version", "accept")
CLASS_BY_SDK_EXCEPTION: dict[type[anthropic.APIStatusError], tuple[type[ProviderError], ...]] = {
    anthropic.BadRequestError: (Rejected, QuotaExhausted),
    anthropic.AuthenticationError: (KeyInvalid,),
    anthropic.PaymentRequiredError: (QuotaExhausted,),
    anthropic.PermissionDeniedError: (Rejected,),
    anthropic.RateLimitError: (RateLimited,),
    anthropic.InternalServerError: (ServiceFailed,),
    anthropic.OverloadedError: (Overloaded,),
}
FIXTURES = wire.fixture_names("anthropic")
ERROR_FIXTURES = [name for name in FIXTURES if load_fixture(name).status >= 400]
NEWEST = load_fixture("anthropic/models_list").json["data"][0]


@pytest.fixture
def connection(upstream):
    return connection_of("anthropic", upstream)


@pytest.fixture
def sdk(upstream):
    base_url = upstream.anthropic_url.removesuffix("/v1")
    http_client = DefaultHttpxClient(trust_env=False)
    with Anthropic(base_url=base_url, api_key=GOOD_KEY, max_retries=0, http_client=http_client) as client:
        yield client


async def list_models(connection):
    return await get_adapter("anthropic").list_models(connection)


def as_sent(request):
    headers = {name: request.headers[name] for name in HEADERS_THAT_MATTER}
    # The SDK sends the key as a bearer, the adapter as the documentation's examples do; the service takes both.
    headers["key"] = request.bearer or request.headers["x-api-key"]
    return request.method, request.path, dict(request.query), headers, request.body


async def test_the_same_requests_leave_both_page_by_page(upstream, sdk, connection):
    first = {"data": [NEWEST], "has_more": True, "first_id": NEWEST["id"], "last_id": NEWEST["id"]}
    upstream.play_response(body=first, path="/models")
    theirs = sdk.models.list(limit=1000)
    second = theirs.get_next_page()
    upstream.play_response(body=first, path="/models")
    own = await list_models(connection)

    assert [model.model_id for model in own] == [model.id for model in [*theirs.data, *second.data]]
    sent = [as_sent(request) for request in upstream.requests]
    assert sent[2:] == sent[:2]


async def test_the_same_key_check_leaves_both(upstream, sdk, connection):
    sdk.models.list(limit=1)
    await get_adapter("anthropic").check_key(connection)

    theirs, own = upstream.requests
    assert as_sent(own) == as_sent(theirs)


async def test_both_read_the_same_models(sdk, connection):
    for theirs, own in zip(sdk.models.list(), await list_models(connection), strict=True):
        assert (own.model_id, own.display_name) == (theirs.id, theirs.display_name)
        assert (own.context_window, own.max_output_tokens) == (theirs.max_input_tokens, theirs.max_tokens)
        assert own.shutdown_date == (theirs.retires_at.date() if theirs.retires_at else None)
        assert ("vision" in own.capabilities) is theirs.capabilities.image_input.supported


async def test_the_day_of_retirement_and_the_sight_are_read(connection):
    newest, _haiku, oldest = await list_models(connection)

    assert (newest.shutdown_date, newest.capabilities, newest.is_guess) == (None, ("chat", "vision"), False)
    assert (oldest.shutdown_date, oldest.capabilities) == (date(2026, 11, 30), ("chat",))


@pytest.mark.parametrize("fixture", ERROR_FIXTURES)
async def test_both_tell_errors_apart_alike(upstream, sdk, connection, fixture):
    upstream.play(fixture, path="/models", times=2)

    with pytest.raises(anthropic.APIStatusError) as theirs:
        sdk.models.list()
    with pytest.raises(ProviderError) as own:
        await list_models(connection)

    assert isinstance(own.value, CLASS_BY_SDK_EXCEPTION[type(theirs.value)])
    assert own.value.charged == "no"


async def test_a_rate_limit_says_how_long(upstream, connection):
    upstream.play("anthropic/rate_limited", path="/models")

    with pytest.raises(RateLimited) as caught:
        await list_models(connection)

    assert caught.value.retry_after_s == 12


@pytest.mark.parametrize(
    ("status", "details", "message", "kind", "reason"),
    [
        (400, None, "You have reached your specified API usage limits.", QuotaExhausted, ""),
        (400, None, "max_tokens: required", Rejected, "bad_request"),
        (429, {"error_code": "contract_spend_limit_reached"}, "Limit", QuotaExhausted, ""),
        (429, {"error_code": "enforced_spend_limit_reached"}, "Limit", QuotaExhausted, ""),
        (400, {"error_code": "organization_on_hold"}, "On hold", Rejected, "no_permission"),
        (400, {"error_code": ["no", "code"]}, "Odd", Rejected, "bad_request"),
        (429, "no object", "Odd", RateLimited, ""),
    ],
)
def test_the_services_own_code_tells_money_from_haste(status, details, message, kind, reason):
    error = {"type": "invalid_request_error", "message": message, "details": details}
    sent = wire.Answer.of_json({"type": "error", "error": error}, status=status)

    connection = ProviderConnection(base_url="https://api.example/v1")

    classed = get_adapter("anthropic").class_error(Answer(status, sent.headers, sent.body), connection)

    assert (type(classed), classed.reason) == (kind, reason)


async def test_retired_models_are_left_out(upstream, connection):
    upstream.play_response(body={"data": [NEWEST | {"lifecycle": "retired"}], "has_more": False}, path="/models")

    assert await list_models(connection) == ()


async def test_a_list_without_end_is_given_up(upstream, connection):
    page = {"data": [NEWEST], "has_more": True, "last_id": NEWEST["id"]}
    upstream.play_response(body=page, path="/models", times=20)

    with pytest.raises(BrokenAnswer) as caught:
        await list_models(connection)

    assert caught.value.reason == "endless_list"


async def test_a_cursor_is_quoted(upstream, connection):
    upstream.play_response(body={"data": [], "has_more": True, "last_id": "a&limit=1 #/é"}, path="/models")

    with pytest.raises(Rejected):
        await list_models(connection)

    assert upstream.requests[1].query["after_id"] == "a&limit=1 #/é"


async def test_without_a_key_none_is_sent(upstream, connection):
    check = await get_adapter("anthropic").check_key(replace(connection, key=None))

    assert check.reason == "invalid"
    assert not {"authorization", "x-api-key"} & {name.lower() for name in upstream.requests[0].headers}


async def test_a_bad_key_is_told_by_both(upstream, connection):
    with pytest.raises(KeyInvalid):
        await list_models(replace(connection, key=Secret("sk-test-bad")))
