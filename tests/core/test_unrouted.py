"""Answers to what no view of the API has handled."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import AsyncClient, Client
from django.urls import path

pytestmark = pytest.mark.urls(__name__)


def crash(request):
    raise RuntimeError("the password is hunter2")


def forbid(request):
    raise PermissionDenied("secret")


urlpatterns = [path("crash/", crash), path("forbid/", forbid)]
handler400 = "src.core.unrouted.bad_request"
handler403 = "src.core.unrouted.forbidden"
handler404 = "src.core.unrouted.not_found"
handler500 = "src.core.unrouted.server_error"


@pytest.fixture
def client():
    return Client(raise_request_exception=False, headers={"accept-language": "en"})


@pytest.mark.parametrize(
    ("address", "host", "status", "code"),
    [
        ("/nowhere/", "localhost", 404, "not_found"),
        ("/forbid/", "localhost", 403, "permission_denied"),
        ("/crash/", "localhost", 500, "internal_error"),
        ("/nowhere/", "evil.example", 400, "validation_error"),
    ],
)
def test_it_answers_in_the_envelope(client, address, host, status, code):
    answer = client.get(address, headers={"host": host})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["request_id"] == answer["X-Request-ID"]
    assert "hunter2" not in answer.content.decode()


def test_a_crash_outside_the_api_is_logged_once_with_its_traceback(client, log_lines):
    answer = client.get("/crash/")

    [line] = [line for line in log_lines() if line["level"] == "error"]
    assert "RuntimeError: the password is hunter2" in line["exception"]
    assert line["request_id"] == answer["X-Request-ID"]


async def test_a_crash_under_asgi_is_logged_too(log_lines):
    await AsyncClient(raise_request_exception=False).get("/crash/")

    [line] = [line for line in log_lines() if line["level"] == "error"]
    assert "RuntimeError: the password is hunter2" in line["exception"]


def test_persian_is_sent_as_it_is_written():
    answer = Client().get("/nowhere/")

    assert "یافت نشد" in answer.content.decode()
