import pytest
from django.urls import path
from rest_framework.test import APIClient
from rest_framework.views import APIView

from src.core.envelope import success
from src.core.parsers import JSONParser

pytestmark = pytest.mark.urls(__name__)


class EchoView(APIView):
    permission_classes: list = []
    authentication_classes: list = []
    parser_classes = [JSONParser]

    def post(self, request):
        return success("ok", request.data)


urlpatterns = [path("echo/", EchoView.as_view())]


def post(body: bytes):
    return APIClient().post("/echo/", body, content_type="application/json")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b'{"a": NaN}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        rb'{"a": "\ud800"}',
        rb'{"a": "\uDFFF"}',
        rb'{"\ud800": 1}',
        rb'["x", ["\udc00\ud800"]]',
    ],
)
def test_what_cannot_be_read_or_kept_is_malformed(body):
    answer = post(body)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ('{"a": "گربه"}'.encode(), {"a": "گربه"}),
        (rb'{"a": "\ud83d\ude3a \u06af"}', {"a": "😺 گ"}),
        (b'[1, [2, {"a": null}]]', [1, [2, {"a": None}]]),
        (rb'{"a": "C:\\udocs"}', {"a": r"C:\udocs"}),
    ],
)
def test_everything_else_is_read(body, content):
    answer = post(body)

    assert (answer.status_code, answer.json()["data"]) == (200, content)
