"""The official groq SDK is the judge: the same request leaves both, and both understand the same answers."""

import groq
import pytest
from groq import DefaultHttpxClient, Groq

from src.ai.providers import get_adapter
from src.ai.providers.errors import KeyInvalid, Overloaded, ProviderError, RateLimited
from tests.ai.adapters.services import GOOD_KEY, connection_of
from tests.upstream import load_fixture, wire

HEADERS_THAT_MATTER = ("authorization", "accept")
CLASS_BY_SDK_EXCEPTION: dict[type[groq.APIStatusError], tuple[type[ProviderError], ...]] = {
    groq.AuthenticationError: (KeyInvalid,),
    groq.RateLimitError: (RateLimited,),
    groq.APIStatusError: (Overloaded,),
    groq.InternalServerError: (Overloaded,),
}
ERROR_FIXTURES = [name for name in wire.fixture_names("groq") if load_fixture(name).status >= 400]


@pytest.fixture
def connection(upstream):
    return connection_of("groq", upstream)


@pytest.fixture
def sdk(upstream):
    base_url = upstream.groq_url.removesuffix("/openai/v1")
    http_client = DefaultHttpxClient(trust_env=False)
    with Groq(base_url=base_url, api_key=GOOD_KEY, max_retries=0, http_client=http_client) as client:
        yield client


async def list_models(connection):
    return await get_adapter("groq").list_models(connection)


def as_sent(request):
    headers = {name: request.headers[name] for name in HEADERS_THAT_MATTER}
    return request.method, request.path, dict(request.query), headers, request.body


async def test_the_same_list_is_asked_for_and_read(upstream, sdk, connection):
    theirs = [model for model in sdk.models.list().data if model.active]
    own = await list_models(connection)

    assert as_sent(upstream.requests[1]) == as_sent(upstream.requests[0])
    assert [(model.model_id, model.context_window, model.max_output_tokens) for model in own] == [
        (model.id, model.context_window, model.max_completion_tokens) for model in theirs
    ]


async def test_what_a_model_does_is_left_open(connection):
    assert {model.capabilities for model in await list_models(connection)} == {None}


async def test_a_model_that_says_nothing_of_being_active_stays(upstream, connection):
    upstream.play_response(body={"data": [{"id": "a"}, {"id": "b", "active": False}, {"id": ""}]}, path="/models")

    assert [model.model_id for model in await list_models(connection)] == ["a"]


@pytest.mark.parametrize("fixture", ERROR_FIXTURES)
async def test_both_tell_errors_apart_alike(upstream, sdk, connection, fixture):
    upstream.play(fixture, path="/models", times=2)

    with pytest.raises(groq.APIStatusError) as theirs:
        sdk.models.list()
    with pytest.raises(ProviderError) as own:
        await list_models(connection)

    assert isinstance(own.value, CLASS_BY_SDK_EXCEPTION[type(theirs.value)])
    assert own.value.charged == "no"


@pytest.mark.parametrize(("fixture", "retry_after_s"), [("groq/rate_limited", 3), ("groq/quota_exhausted", 3600)])
async def test_a_limit_says_how_long(upstream, connection, fixture, retry_after_s):
    upstream.play(fixture, path="/models")

    with pytest.raises(RateLimited) as caught:
        await list_models(connection)

    assert caught.value.retry_after_s == retry_after_s
