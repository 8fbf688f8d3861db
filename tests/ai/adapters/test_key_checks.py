"""A key check tells invalid from forbidden, broke and unreachable; only invalid blames the key."""

import uuid
from dataclasses import replace

import pytest

from src.ai.providers import adapters, get_adapter
from src.core.secret import Secret
from tests.ai.adapters.services import connection_of
from tests.upstream.wire import fixture_names, load_fixture

OK, BROKE = (True, "ok"), (True, "no_credit")
INVALID = (False, "invalid")
FORBIDDEN = (True, "no_permission")
LIMITED, AWAY, UNCLEAR = (None, "rate_limited"), (None, "unreachable"), (None, "broken_answer")
REASONS = {"ok", "invalid", "no_permission", "no_credit", "rate_limited", "unreachable", "broken_answer"}

# The check's path, and what each error that the service is known to give says of the key.
CHECKS: dict[str, tuple[str, dict[str, tuple[bool | None, str]]]] = {
    "openai": (
        "/models",
        {
            "invalid_key": INVALID,
            "missing_scope": FORBIDDEN,
            "org_not_verified": FORBIDDEN,
            "no_organization": FORBIDDEN,
            "quota_exhausted": BROKE,
            "quota_exhausted_credit_balance": BROKE,
            "rate_limited_images": LIMITED,
            "rate_limited_tokens": LIMITED,
            "slow_down": LIMITED,
            "overloaded": AWAY,
            "server_error": UNCLEAR,
            "content_policy_refusal": UNCLEAR,
            "content_policy_refusal_dalle_era": UNCLEAR,
            "dalle3_retired_model_error": UNCLEAR,
            "invalid_size": UNCLEAR,
        },
    ),
    "openai_compatible": (
        "/models",
        {
            "litellm_proxy_error": INVALID,
            "vllm_omni_engine_down": AWAY,
            "html_error_page": UNCLEAR,
            "vllm_omni_bad_size": UNCLEAR,
            "vllm_omni_validation": UNCLEAR,
        },
    ),
    "gemini": (
        "/models",
        {
            "invalid_key": INVALID,
            "permission_denied": FORBIDDEN,
            "prepaid_credits_depleted": BROKE,
            "quota_exhausted_daily": BROKE,
            "rate_limited": LIMITED,
            "capacity_exhausted": AWAY,
            "overloaded": AWAY,
            "server_error": UNCLEAR,
            "model_not_found_imagen": UNCLEAR,
        },
    ),
    "openrouter": (
        "/key",
        {
            "invalid_key": INVALID,
            "quota_exhausted": BROKE,
            "rate_limited": LIMITED,
            "bad_request": UNCLEAR,
            "content_policy_as_502": UNCLEAR,
            "content_policy_refusal_moderation": UNCLEAR,
            "content_policy_refusal_typed": UNCLEAR,
            "guardrail_block": UNCLEAR,
            "no_endpoints": UNCLEAR,
            "provider_error": UNCLEAR,
            "server_error": UNCLEAR,
        },
    ),
    "huggingface": (
        "/api/whoami-v2",
        {
            "invalid_key": INVALID,
            "missing_permission": FORBIDDEN,
            "quota_exhausted": BROKE,
            "rate_limited": LIMITED,
            "server_error": AWAY,
            "gone_old_host": UNCLEAR,
            "model_not_supported_by_provider": UNCLEAR,
            "provider_error": UNCLEAR,
        },
    ),
    "anthropic": (
        "/models",
        {
            "invalid_key": INVALID,
            "permission_denied": FORBIDDEN,
            "quota_exhausted": BROKE,
            "spend_limit_400": BROKE,
            "rate_limited": LIMITED,
            "overloaded": AWAY,
            "server_error": UNCLEAR,
        },
    ),
    "deepseek": (
        "/user/balance",
        {
            "invalid_key": INVALID,
            "quota_exhausted": BROKE,
            "rate_limited": LIMITED,
            "overloaded": AWAY,
            "server_error": UNCLEAR,
            "content_policy_refusal": UNCLEAR,
        },
    ),
    "groq": (
        "/models",
        {
            "invalid_key": INVALID,
            "rate_limited": LIMITED,
            "quota_exhausted": LIMITED,
            "flex_capacity": AWAY,
            "server_error": AWAY,
        },
    ),
}
BUILT = sorted(slug for slug in CHECKS if slug in adapters())
ANSWERS = [(slug, fixture) for slug in BUILT for fixture in CHECKS[slug][1]]


async def check(slug, upstream, **changes):
    """With a key of its own each time: an adapter may keep its verdict on one for a while."""
    key = f"sk-test-{uuid.uuid4().hex}"
    upstream.good_keys.add(key)
    connection = replace(connection_of(slug, upstream), key=Secret(key), **changes)
    found = await get_adapter(slug).check_key(connection)
    assert found.reason in REASONS
    return found.is_valid, found.reason


def test_every_service_with_a_key_has_a_table():
    assert {slug for slug, adapter in adapters().items() if adapter.key_check} == set(BUILT)


@pytest.mark.parametrize("slug", BUILT)
def test_every_known_error_has_a_meaning(slug):
    errors = {name.removeprefix(f"{slug}/") for name in fixture_names(slug) if load_fixture(name).status >= 400}

    assert errors == set(CHECKS[slug][1])


@pytest.mark.parametrize(("slug", "fixture"), ANSWERS)
async def test_each_answer_means_one_thing(upstream, slug, fixture):
    path, meanings = CHECKS[slug]
    upstream.play(f"{slug}/{fixture}", path=path)

    assert await check(slug, upstream) == meanings[fixture]


@pytest.mark.parametrize("slug", BUILT)
async def test_a_good_key_is_taken_by_the_call_that_is_named(upstream, slug):
    assert await check(slug, upstream) == OK

    [request] = upstream.requests
    assert f"{request.method} {request.path}".endswith(CHECKS[slug][0])
    assert get_adapter(slug).key_check.split("?")[0] == f"{request.method} {CHECKS[slug][0]}"


async def test_an_empty_account_is_told_from_a_full_one(upstream):
    upstream.play_response(body={"is_available": False, "balance_infos": []}, path="/user/balance")

    assert await check("deepseek", upstream) == BROKE


@pytest.mark.parametrize("slug", BUILT)
async def test_a_service_that_is_down_is_unreachable(upstream, slug):
    with upstream.refuse_connections() as url:
        assert await check(slug, upstream, base_url=url) == AWAY


@pytest.mark.parametrize("slug", BUILT)
async def test_a_service_that_hangs_up_proves_nothing(upstream, slug):
    # The client asks a second time by itself, as HTTP allows for a GET.
    upstream.drop_after_accept(path=CHECKS[slug][0], times=2)

    assert await check(slug, upstream) == UNCLEAR


@pytest.mark.parametrize("slug", BUILT)
@pytest.mark.parametrize("body", [b"<html></html>", b"", b"null", b'"ok"', b"\xff\xfe"])
async def test_a_200_that_is_no_answer_took_no_key(upstream, slug, body):
    upstream.play_response(status=200, headers={"content-type": "text/html"}, body=body, path=CHECKS[slug][0])

    assert await check(slug, upstream) == UNCLEAR


@pytest.mark.parametrize("slug", BUILT)
async def test_a_redirect_is_not_followed_and_took_no_key(upstream, slug):
    upstream.redirect_next(to=f"{upstream.url}/elsewhere", path=CHECKS[slug][0])

    assert await check(slug, upstream) == UNCLEAR
    assert len(upstream.requests) == 1
