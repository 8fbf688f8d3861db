"""The openai SDK, which DeepSeek's documentation names as its own, is the judge."""

import openai
import pytest
from openai import DefaultHttpxClient, OpenAI

from src.ai.providers import get_adapter
from src.ai.providers.errors import (
    KeyInvalid,
    Overloaded,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Rejected,
    ServiceFailed,
)
from tests.ai.adapters.services import GOOD_KEY, connection_of
from tests.upstream import load_fixture, wire

HEADERS_THAT_MATTER = ("authorization", "accept")
CLASS_BY_SDK_EXCEPTION: dict[type[openai.APIStatusError], tuple[type[ProviderError], ...]] = {
    openai.BadRequestError: (Rejected,),
    openai.AuthenticationError: (KeyInvalid,),
    openai.APIStatusError: (QuotaExhausted,),
    openai.RateLimitError: (RateLimited,),
    openai.InternalServerError: (ServiceFailed, Overloaded),
}
ERROR_FIXTURES = [name for name in wire.fixture_names("deepseek") if load_fixture(name).status >= 400]


@pytest.fixture
def connection(upstream):
    return connection_of("deepseek", upstream)


@pytest.fixture
def sdk(upstream):
    http_client = DefaultHttpxClient(trust_env=False)
    with OpenAI(base_url=upstream.deepseek_url, api_key=GOOD_KEY, max_retries=0, http_client=http_client) as client:
        yield client


def as_sent(request):
    headers = {name: request.headers[name] for name in HEADERS_THAT_MATTER}
    return request.method, request.path, dict(request.query), headers, request.body


async def test_the_same_list_is_asked_for_and_read(upstream, sdk, connection):
    theirs = sdk.models.list()
    own = await get_adapter("deepseek").list_models(connection)

    assert as_sent(upstream.requests[1]) == as_sent(upstream.requests[0])
    assert [model.model_id for model in own] == [model.id for model in theirs.data]
    assert {model.capabilities for model in own} == {("chat",)}


async def test_the_same_balance_is_asked_for(upstream, sdk, connection):
    sdk.get("/user/balance", cast_to=dict)
    await get_adapter("deepseek").check_key(connection)

    theirs, own = upstream.requests
    assert as_sent(own) == as_sent(theirs)


@pytest.mark.parametrize("fixture", ERROR_FIXTURES)
async def test_both_tell_errors_apart_alike(upstream, sdk, connection, fixture):
    upstream.play(fixture, path="/models", times=2)

    with pytest.raises(openai.APIStatusError) as theirs:
        sdk.models.list()
    with pytest.raises(ProviderError) as own:
        await get_adapter("deepseek").list_models(connection)

    assert isinstance(own.value, CLASS_BY_SDK_EXCEPTION[type(theirs.value)])
    assert own.value.charged == "no"


@pytest.mark.parametrize("body", [{}, [], "yes", {"is_available": "true"}, {"is_available": None}])
async def test_a_balance_that_says_nothing_proves_nothing(upstream, connection, body):
    upstream.play_response(body=body, path="/user/balance")

    check = await get_adapter("deepseek").check_key(connection)

    assert (check.is_valid, check.reason) == (None, "broken_answer")
