import pytest
from django.test import AsyncClient, Client

from src.core.request_log import current_request_id


def request_id_for(sent):
    return Client().get("/livez", headers={"x-request-id": sent})["X-Request-ID"]


@pytest.mark.parametrize("sent", ["abcdefgh", "0123-4567_89.ab", "A" * 64])
def test_a_callers_request_id_is_given_back(sent):
    assert request_id_for(sent) == sent


@pytest.mark.parametrize(
    "sent", ["", "short", "A" * 65, "with space", "a/b/c/d/e", "<script>alert(1)", "abcdefgh\n", "شناسه‌ی درخواست"]
)
def test_any_other_is_replaced(sent):
    given = request_id_for(sent)

    assert given != sent
    assert len(given) == 32
    assert int(given, 16)


def test_two_requests_have_two_ids():
    assert request_id_for("") != request_id_for("")


def test_the_answers_id_is_in_the_envelope():
    answer = Client().get("/nowhere/")

    assert answer.json()["request_id"] == answer["X-Request-ID"] == current_request_id()


def test_each_request_is_one_line_without_its_query(log_lines):
    answer = Client().get("/livez?key=sk-secret-0123456789")

    [line] = log_lines("request")
    assert (line["method"], line["path"], line["status"]) == ("GET", "/livez", 200)
    assert line["duration_ms"] >= 0
    assert line["request_id"] == answer["X-Request-ID"]
    assert "secret" not in str(log_lines())


def test_an_error_is_one_line_too(log_lines):
    Client().get("/nowhere/")

    assert [line["status"] for line in log_lines()] == [404]


async def test_async_requests_are_logged_alike(log_lines):
    answer = await AsyncClient().get("/livez?a=b", headers={"x-request-id": "caller-0123"})

    assert answer["X-Request-ID"] == "caller-0123"
    assert [(line["path"], line["request_id"]) for line in log_lines("request")] == [("/livez", "caller-0123")]
