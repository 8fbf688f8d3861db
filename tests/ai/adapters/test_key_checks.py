"""A key check tells invalid from forbidden, broke and unreachable; only invalid blames the key."""

import pytest

from src.ai.providers import get_adapter

ANSWERS = [
    ("openai/invalid_key", False, "invalid"),
    ("openai/missing_scope", True, "no_permission"),
    ("openai/org_not_verified", True, "no_permission"),
    ("openai/no_organization", True, "no_permission"),
    ("openai/quota_exhausted", True, "no_credit"),
    ("openai/rate_limited_tokens", None, "rate_limited"),
    ("openai/overloaded", None, "unreachable"),
    ("openai/server_error", None, "broken_answer"),
    ("openai_compatible/html_error_page", None, "broken_answer"),
]


@pytest.mark.parametrize(("fixture", "is_valid", "reason"), ANSWERS)
async def test_each_answer_means_one_thing(upstream, openai_connection, fixture, is_valid, reason):
    upstream.play(fixture, path="/models")

    check = await get_adapter("openai").check_key(openai_connection)

    assert (check.is_valid, check.reason) == (is_valid, reason)


async def test_a_service_that_is_down_is_unreachable(upstream, openai_connection):
    from dataclasses import replace

    with upstream.refuse_connections() as url:
        check = await get_adapter("openai").check_key(replace(openai_connection, base_url=url))

    assert (check.is_valid, check.reason) == (None, "unreachable")


async def test_a_web_page_with_200_took_no_key(upstream, openai_connection):
    upstream.play_response(status=200, headers={"content-type": "text/html"}, body=b"<html></html>", path="/models")

    check = await get_adapter("openai").check_key(openai_connection)

    assert (check.is_valid, check.reason) == (None, "broken_answer")
