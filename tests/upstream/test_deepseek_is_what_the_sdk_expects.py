"""The openai SDK, which DeepSeek's documentation names as its own, judges the played DeepSeek service."""

from collections.abc import Iterator

import openai
import pytest
from openai import DefaultHttpxClient, OpenAI

from tests.upstream import Upstream, load_fixture
from tests.upstream.wire import fixture_names

ERRORS_OF_STATUS = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    402: openai.APIStatusError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    503: openai.InternalServerError,
}
ERROR_FIXTURES = [name for name in fixture_names("deepseek") if load_fixture(name).status >= 400]


def client_of(upstream: Upstream, key: str = "sk-test-good") -> OpenAI:
    http_client = DefaultHttpxClient(trust_env=False)
    return OpenAI(base_url=upstream.deepseek_url, api_key=key, max_retries=0, timeout=10, http_client=http_client)


@pytest.fixture
def client(upstream: Upstream) -> Iterator[OpenAI]:
    with client_of(upstream) as client:
        yield client


def test_the_sdk_reads_the_list(client):
    assert [model.id for model in client.models.list()] == ["deepseek-flash", "deepseek-v4-pro"]


def test_the_balance_is_there(client):
    assert client.get("/user/balance", cast_to=dict)["is_available"] is True


def test_there_are_no_images(client):
    with pytest.raises(openai.NotFoundError):
        client.images.generate(model="deepseek-flash", prompt="a")


def test_a_bad_key_is_an_authentication_error(upstream):
    with client_of(upstream, "sk-test-bad") as client, pytest.raises(openai.AuthenticationError):
        client.models.list()


@pytest.mark.parametrize("fixture", ERROR_FIXTURES)
def test_the_sdk_raises_on_every_error(upstream, client, fixture):
    upstream.play(fixture, path="/models")

    with pytest.raises(openai.APIStatusError) as caught:
        client.models.list()

    assert type(caught.value) is ERRORS_OF_STATUS[load_fixture(fixture).status]
