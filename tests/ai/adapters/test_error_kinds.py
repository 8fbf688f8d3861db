"""Which errors may be tried again by themselves, and which say that a service is down."""

from dataclasses import replace

import pytest

from src.ai.providers import get_adapter
from src.ai.providers.errors import (
    AlreadySent,
    BrokenAnswer,
    ContentRefused,
    KeyInvalid,
    NoImageReturned,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    Rejected,
    ServiceFailed,
    Unreachable,
    UnsupportedImageType,
    is_outage,
    surely_not_accepted,
)
from tests.ai.adapters.services import connection_of, request_of


@pytest.fixture
def fail(upstream, events):
    async def call(slug="openai", **changes) -> ProviderError:
        connection = replace(connection_of(slug, upstream), **changes)
        with pytest.raises(ProviderError) as caught:
            await get_adapter(slug).generate(connection, request_of(slug), on_event=events)
        return caught.value

    return call


@pytest.mark.parametrize(
    ("fixture", "not_accepted", "outage"),
    [
        ("openai/rate_limited_images", True, False),
        ("openai/slow_down", True, False),
        ("openai/overloaded", True, True),
        ("openai/server_error", False, True),
        ("openai/invalid_key", False, False),
        ("openai/quota_exhausted", False, False),
        ("openai/content_policy_refusal", False, False),
        ("openai/invalid_size", False, False),
        ("openai/org_not_verified", False, False),
    ],
)
async def test_what_a_service_answers(upstream, fail, fixture, not_accepted, outage):
    upstream.play(fixture)

    error = await fail()

    assert (surely_not_accepted(error), is_outage(error)) == (not_accepted, outage)


@pytest.mark.parametrize(("status", "outage"), [(500, True), (502, True), (504, True), (302, False), (400, False)])
async def test_a_gateways_page(upstream, fail, status, outage):
    upstream.play_response(status=status, headers={"content-type": "text/html"}, body=b"<html>")

    error = await fail()

    assert (surely_not_accepted(error), is_outage(error)) == (False, outage)


async def test_an_error_that_is_told_inside_a_200_is_none(upstream, fail):
    upstream.play_response(body={"error": {"message": "the prompt is too long"}})

    error = await fail()

    assert (type(error), is_outage(error)) == (ServiceFailed, False)


async def test_a_service_that_nobody_listens_for(upstream, fail):
    with upstream.refuse_connections() as url:
        error = await fail(base_url=url)

    assert (type(error), surely_not_accepted(error), is_outage(error), error.permanent) == (
        Unreachable,
        True,
        True,
        False,
    )


@pytest.mark.parametrize("url", ["http://10.0.0.1/v1", "https://10.0.0.1/v1", "https://[", "ftp://a.example"])
async def test_an_address_that_must_not_be_called_is_not_worth_another_try(fail, url):
    error = await fail(base_url=url, allow_private=False)

    assert (surely_not_accepted(error), error.permanent, is_outage(error)) == (True, True, False)


async def test_a_connection_that_is_lost_may_have_been_accepted(upstream, fail):
    upstream.drop_after_accept()

    error = await fail()

    assert (surely_not_accepted(error), is_outage(error)) == (False, True)


async def test_a_service_that_takes_too_long(upstream, fail):
    upstream.delay_next(2)

    error = await fail(timeout_s=0.3)

    assert (type(error), surely_not_accepted(error), is_outage(error)) == (ProviderTimeout, False, True)


@pytest.mark.parametrize(
    ("failure", "not_accepted", "outage"),
    [
        ("error", False, True),
        ("overloaded", True, True),
        ("rate_limited", True, False),
        ("quota", False, False),
        ("timeout", False, True),
    ],
)
async def test_the_sandbox_fails_as_a_service_does(fail, failure, not_accepted, outage):
    error = await fail("sandbox", config={"fail": failure})

    assert (surely_not_accepted(error), is_outage(error)) == (not_accepted, outage)


@pytest.mark.parametrize(
    "error",
    [
        *(ServiceFailed(reason=reason) for reason in ("internal", "storing_failed", "server_stopping", "job_failed")),
        ServiceFailed(),
        ServiceFailed(reason="redirect", http_status=302),
        AlreadySent(),
        BrokenAnswer(reason="not_json"),
        *(kind() for kind in (ContentRefused, KeyInvalid, NoImageReturned, QuotaExhausted, Rejected, RateLimited)),
        UnsupportedImageType(),
    ],
)
def test_what_says_nothing_of_the_service(error):
    assert not is_outage(error)


@pytest.mark.parametrize("kind", [Unreachable, RateLimited, Overloaded])
@pytest.mark.parametrize("charged", ["unknown", "yes"])
def test_what_may_have_cost_something_was_accepted(kind, charged):
    assert not surely_not_accepted(kind(charged=charged))
