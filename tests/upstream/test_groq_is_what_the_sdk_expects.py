"""The official groq SDK judges the played Groq service."""

from collections.abc import Iterator

import groq
import pytest
from groq import DefaultHttpxClient, Groq

from tests.upstream import Upstream, load_fixture
from tests.upstream.wire import fixture_names

ERRORS_OF_STATUS = {
    401: groq.AuthenticationError,
    429: groq.RateLimitError,
    498: groq.APIStatusError,
    503: groq.InternalServerError,
}
ERROR_FIXTURES = [name for name in fixture_names("groq") if load_fixture(name).status >= 400]


def client_of(upstream: Upstream, key: str = "sk-test-good") -> Groq:
    base_url = upstream.groq_url.removesuffix("/openai/v1")
    http_client = DefaultHttpxClient(trust_env=False)
    return Groq(base_url=base_url, api_key=key, max_retries=0, timeout=10, http_client=http_client)


@pytest.fixture
def client(upstream: Upstream) -> Iterator[Groq]:
    with client_of(upstream) as client:
        yield client


def test_the_sdk_reads_the_list_and_what_is_served_beyond_its_types(client):
    chat, speech, gone = client.models.list().data

    assert (chat.id, chat.owned_by, chat.context_window) == ("openai/gpt-oss-120b", "OpenAI", 131_072)
    assert (speech.active, gone.active) == (True, False)


def test_a_bad_key_is_an_authentication_error(upstream):
    with client_of(upstream, "sk-test-bad") as client, pytest.raises(groq.AuthenticationError):
        client.models.list()


def test_an_unknown_path_is_not_found(client):
    with pytest.raises(groq.NotFoundError):
        client.models.retrieve("no/such")


@pytest.mark.parametrize("fixture", ERROR_FIXTURES)
def test_the_sdk_raises_on_every_error(upstream, client, fixture):
    upstream.play(fixture, path="/models")

    with pytest.raises(groq.APIStatusError) as caught:
        client.models.list()

    assert type(caught.value) is ERRORS_OF_STATUS[load_fixture(fixture).status]
