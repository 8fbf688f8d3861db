"""The official anthropic SDK judges the played Anthropic service."""

from collections.abc import Iterator

import anthropic
import pytest
from anthropic import Anthropic, DefaultHttpxClient

from tests.upstream import Upstream, load_fixture
from tests.upstream.wire import fixture_names

ERRORS_OF_STATUS = {
    400: anthropic.BadRequestError,
    401: anthropic.AuthenticationError,
    402: anthropic.PaymentRequiredError,
    403: anthropic.PermissionDeniedError,
    429: anthropic.RateLimitError,
    500: anthropic.InternalServerError,
    529: anthropic.OverloadedError,
}
ERROR_FIXTURES = [name for name in fixture_names("anthropic") if load_fixture(name).status >= 400]


def client_of(upstream: Upstream, key: str = "sk-test-good", **headers: str) -> Anthropic:
    return Anthropic(
        base_url=upstream.anthropic_url.removesuffix("/v1"),
        api_key=key,
        max_retries=0,
        timeout=10,
        default_headers=headers,
        http_client=DefaultHttpxClient(trust_env=False),
    )


@pytest.fixture
def client(upstream: Upstream) -> Iterator[Anthropic]:
    with client_of(upstream) as client:
        yield client


def test_the_sdk_reads_every_field_of_the_list(client):
    page = client.models.list()

    newest, _haiku, oldest = page.data
    assert newest.capabilities.image_input.supported
    assert (newest.lifecycle, newest.max_input_tokens, newest.max_tokens) == ("active", 1_000_000, 128_000)
    assert (oldest.lifecycle, oldest.retires_at.isoformat()) == ("deprecated", "2026-11-30T00:00:00+00:00")
    assert not page.has_more


def test_the_sdk_walks_the_pages(client, upstream):
    assert [model.id for model in client.models.list(limit=1)] == [model.id for model in client.models.list().data]
    assert [request.query.get("after_id") for request in upstream.requests[:3]] == [
        None,
        "claude-opus-5-5",
        "claude-haiku-5-5",
    ]


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_page_has_one_to_a_thousand_models(client, limit):
    with pytest.raises(anthropic.BadRequestError):
        client.models.list(limit=limit)


def test_a_bad_key_is_an_authentication_error(upstream):
    with client_of(upstream, "sk-test-bad") as client, pytest.raises(anthropic.AuthenticationError) as caught:
        client.models.list()

    assert caught.value.type == "authentication_error"


def test_the_documented_key_header_is_taken_too(upstream):
    with client_of(upstream, "sk-test-bad", **{"x-api-key": "sk-test-good", "Authorization": ""}) as client:
        assert client.models.list().data


@pytest.mark.parametrize("version", ["", "2099-01-01"])
def test_an_unknown_version_of_the_api_is_a_bad_request(upstream, version):
    with client_of(upstream, **{"anthropic-version": version}) as client, pytest.raises(anthropic.BadRequestError):
        client.models.list()


@pytest.mark.parametrize("fixture", ERROR_FIXTURES)
def test_the_sdk_raises_on_every_error(upstream, client, fixture):
    upstream.play(fixture, path="/models")

    with pytest.raises(ERRORS_OF_STATUS[load_fixture(fixture).status]) as caught:
        client.models.list()

    assert type(caught.value) is ERRORS_OF_STATUS[load_fixture(fixture).status]
    assert caught.value.request_id == load_fixture(fixture).headers["request-id"]
