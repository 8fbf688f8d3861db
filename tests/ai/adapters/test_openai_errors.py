"""What OpenAI's errors tell besides their class: the parameter, and how long to wait."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from src.ai.providers import get_adapter
from src.ai.providers.contract import ProviderConnection
from src.ai.providers.errors import RateLimited, Rejected
from src.core.outbound import Answer

CONNECTION = ProviderConnection(base_url="https://api.example/v1")


def class_of(status: int, headers=None, **error: object):
    answer = Answer(status, headers or {}, json.dumps({"error": error}).encode())
    return get_adapter("openai").class_error(answer, CONNECTION)


@pytest.mark.parametrize(
    ("param", "field"),
    [
        ("size", "size"),
        ("prompt", "prompt"),
        ("image", "references"),
        ("image[]", "references"),
        ("images[0].image_url", "references"),
        ("mask", "mask"),
        ("model", "model"),
        ("partial_images", "partial_images"),
        ("moderation", ""),
        ("", ""),
        (None, ""),
        (["size"], ""),
    ],
)
def test_the_parameter_is_named_in_our_words(param, field):
    error = class_of(400, message="no", param=param, code="invalid_value")

    assert (type(error), error.facts.get("field", "")) == (Rejected, field)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_model_that_is_not_there_is_gone_whatever_the_status(status):
    assert class_of(status, code="model_not_found", message="no").reason == "model_gone"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset-requests": "120ms"}, 0.12),
        ({"x-ratelimit-reset-tokens": "58.891s"}, 58.891),
        ({"x-ratelimit-reset-tokens": "1m2s"}, 62),
        ({"x-ratelimit-reset-tokens": "6h0m0s"}, 3600),
        ({"x-ratelimit-reset-requests": "120ms", "x-ratelimit-reset-tokens": "2s"}, 2),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "9s",
                "x-ratelimit-remaining-tokens": "5",
            },
            1,
        ),
        ({"retry-after": "7", "x-ratelimit-reset-requests": "1s"}, 7),
        ({"retry-after": "Fri, 31 Dec 2100 23:59:59 GMT"}, 3600),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, None),
        ({"retry-after": "Fri, 31 Dec 99999 23:59:59 GMT"}, None),
        ({"retry-after": "31 Dec 2100"}, None),
        ({"x-ratelimit-reset-requests": "soon"}, None),
        ({"x-ratelimit-reset-requests": ""}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_from_the_limits_that_are_spent(headers, seconds):
    error = class_of(429, headers, code="rate_limit_exceeded", message="slow")

    assert isinstance(error, RateLimited)
    assert error.retry_after_s == seconds


def test_a_moment_to_come_back_is_as_far_away_as_it_is():
    error = class_of(503, {"retry-after": format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)})

    assert 85 < error.retry_after_s <= 90
