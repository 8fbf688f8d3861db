"""A paid call is sent again by itself only where the service surely did not accept it."""

import pytest

from src.ai.models import ProviderCall
from src.usage.models import Counter
from tests.ai.jobs.conftest import generate, gpt_image, openai

__all__ = ["generate", "gpt_image", "openai"]


@pytest.fixture(autouse=True)
def three_attempts(settings) -> None:
    settings.JOB_ATTEMPTS = 3


def calls():
    return list(ProviderCall.objects.order_by("attempt").values_list("attempt", "status", "charged", "error_code"))


def test_one_that_was_turned_away_is_sent_again(generate, upstream):
    upstream.play_response(status=503, body={"error": {"message": "busy", "type": "server_error"}})

    answer = generate()

    assert (answer.status_code, upstream.paid_calls) == (201, 2)
    assert calls() == [(1, "failed", "no", "provider_overloaded"), (2, "received", "yes", "")]
    assert {(row.reserved_images, row.spent_images) for row in Counter.objects.all()} == {(0, 1)}


def test_not_more_often_than_is_set(generate, upstream, settings):
    settings.JOB_ATTEMPTS = 2
    for _ in range(2):
        upstream.play_response(status=429, body={"error": {"message": "slow down", "type": "requests"}})

    answer = generate()

    assert (answer.status_code, answer.data["code"], answer.data["charged"]) == (503, "provider_rate_limited", "no")
    assert upstream.paid_calls == 2
    assert [call[:2] for call in calls()] == [(1, "failed"), (2, "failed")]
    assert {(row.reserved_images, row.spent_images) for row in Counter.objects.all()} == {(0, 0)}


def test_not_where_the_service_asks_for_more_patience_than_there_is(generate, upstream):
    upstream.play_response(status=429, headers={"retry-after": "120"}, body={"error": {"message": "slow down"}})

    answer = generate()

    assert (answer.status_code, answer.headers["retry-after"], upstream.paid_calls) == (503, "120", 1)


@pytest.mark.parametrize(
    ("status", "body"),
    [(400, {"error": {"message": "no"}}), (500, {"error": {"message": "oops"}}), (200, {"data": []})],
)
def test_nothing_else_is_sent_again(generate, upstream, status, body):
    upstream.play_response(status=status, body=body)

    assert generate().status_code >= 400
    assert upstream.paid_calls == 1


def test_a_connection_that_breaks_off_is_not_tried_again(generate, upstream):
    upstream.drop_after_accept()

    answer = generate()

    assert (answer.status_code, answer.data["charged"], upstream.paid_calls) == (502, "unknown", 1)
