"""Errors raised in views of this file, answered through the whole stack."""

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from src.core.envelope import success
from src.core.errors import (
    BadRequest,
    Conflict,
    FieldError,
    Forbidden,
    InvalidFields,
    Misconfigured,
    NotFound,
    PaymentRequired,
    TooManyRequests,
    Unavailable,
)
from src.core.serializers import StrictCharField, StrictIntegerField, StrictSerializer

pytestmark = pytest.mark.urls(__name__)


class ColourSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=5)


class SharedSerializer(StrictSerializer):
    title = StrictCharField(max_length=5, required=False)
    n = StrictIntegerField(min_value=1, max_value=10, required=False)
    kind = serializers.ChoiceField(choices=["a", "b"], required=False)
    colour = ColourSerializer(required=False)
    colours = ColourSerializer(many=True, required=False)
    tags = serializers.ListField(child=serializers.IntegerField(), required=False)


class OpenView(APIView):
    permission_classes: list = []
    authentication_classes: list = []


class RaisingView(OpenView):
    error: Exception

    def get(self, request):
        raise self.error


class EchoView(OpenView):
    def post(self, request):
        serializer = SharedSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return success("ok", serializer.validated_data)


class ClosedView(APIView):
    def get_required_scope(self):
        return "images"

    def get(self, request):
        return Response()


urlpatterns = [
    path("raise/", RaisingView.as_view()),
    path("echo/", EchoView.as_view()),
    path("closed/", ClosedView.as_view()),
]


@pytest.fixture
def answer_to(monkeypatch):
    """`answer_to(error)` is what a view's raising it is answered with, in English."""

    def ask(error: Exception, language="en"):
        monkeypatch.setattr(RaisingView, "error", error, raising=False)
        return APIClient(headers={"accept-language": language}).get("/raise/")

    return ask


def post(body, language="en", **options):
    return APIClient(headers={"accept-language": language}).post("/echo/", body, **options)


def errors_of(body, language="en"):
    answer = post(body, language)
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    return answer.json()["errors"]


def codes_of(body):
    return {name: [error["code"] for error in found] for name, found in errors_of(body).items()}


def test_an_unknown_exception_says_nothing_of_itself(answer_to):
    answer = answer_to(RuntimeError("the password is hunter2"))

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "hunter2" not in answer.content.decode()
    assert answer.json()["request_id"] == answer["X-Request-ID"] != ""


def test_an_unknown_exception_is_logged_once_with_its_traceback(answer_to, log_lines):
    answer = answer_to(RuntimeError("unforeseen"))

    [line] = [line for line in log_lines() if line["level"] in ("warning", "error", "critical")]
    assert (line["event"], line["view"]) == ("unexpected_error", "RaisingView")
    assert "RuntimeError: unforeseen" in line["exception"]
    assert "in get\n" in line["exception"]
    assert line["request_id"] == answer["X-Request-ID"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BadRequest("malformed_json"), 400, "malformed_json"),
        (PaymentRequired("rate_limited"), 402, "rate_limited"),
        (Forbidden("permission_denied"), 403, "permission_denied"),
        (NotFound(), 404, "not_found"),
        (Conflict("permission_denied"), 409, "permission_denied"),
        (TooManyRequests("rate_limited"), 429, "rate_limited"),
        (Misconfigured("vault_key_unreadable"), 500, "vault_key_unreadable"),
        (Unavailable("not_found"), 503, "not_found"),
        (Http404("secret"), 404, "not_found"),
        (PermissionDenied("secret"), 403, "permission_denied"),
        (exceptions.NotFound("secret"), 404, "not_found"),
        (exceptions.PermissionDenied("secret"), 403, "permission_denied"),
        (exceptions.Throttled(wait=7), 429, "rate_limited"),
    ],
)
def test_each_known_error_has_its_status_and_code(answer_to, error, status, code):
    answer = answer_to(error)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json().keys() == {"success", "code", "message", "errors", "request_id"}
    assert answer.json()["success"] is False
    assert "secret" not in answer.content.decode()


def test_params_fill_the_message_in_the_language_asked(answer_to):
    error = BadRequest("scope_required", scope="images")

    assert answer_to(error).json()["message"] == "The API token lacks the scope images."
    assert answer_to(error, language="").json()["message"] == "توکن API دامنهٔ images را ندارد."


def test_facts_stand_beside_the_code(answer_to):
    error = Unavailable("not_found", facts={"charged": "no", "errors": {"a": [{"code": "b", "message": "c"}]}})

    body = answer_to(error).json()

    assert body["charged"] == "no"
    assert body["errors"] == {"a": [{"code": "b", "message": "c"}]}


@pytest.mark.parametrize(("seconds", "header"), [(0.2, "1"), (7.4, "7"), (60, "60")])
def test_a_time_to_wait_is_whole_seconds_and_at_least_one(answer_to, seconds, header):
    assert answer_to(Unavailable("rate_limited", retry_after_s=seconds))["Retry-After"] == header


def test_a_throttled_request_says_when_to_come_back(answer_to):
    assert answer_to(exceptions.Throttled(wait=7))["Retry-After"] == "7"


def test_our_own_field_errors_carry_code_and_message(answer_to):
    error = InvalidFields({"n": [FieldError("too_large", {"limit": 10})]})

    assert answer_to(error).json()["errors"] == {"n": [{"code": "too_large", "message": "This must be at most 10."}]}


def test_a_field_error_of_drf_carries_our_code_and_text():
    assert errors_of({"kind": "c"}) == {
        "kind": [{"code": "invalid_choice", "message": "This value is not one of the choices."}]
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"title": "too long"}, {"title": ["too_long"]}),
        ({"title": 5}, {"title": ["not_text"]}),
        ({"title": None}, {"title": ["null"]}),
        ({"title": ""}, {"title": ["blank"]}),
        ({"title": "a\0"}, {"title": ["null_characters_not_allowed"]}),
        ({"n": 0}, {"n": ["too_small"]}),
        ({"n": 11}, {"n": ["too_large"]}),
        ({"n": "5"}, {"n": ["not_integer"]}),
        ({"n": True}, {"n": ["not_integer"]}),
        ({"size": 1}, {"size": ["unknown_field"]}),
        ({"title": 5, "n": "5"}, {"title": ["not_text"], "n": ["not_integer"]}),
        ({"colour": {}}, {"colour.name": ["required"]}),
        ({"colour": {"name": "too long"}}, {"colour.name": ["too_long"]}),
        ({"colours": [{"name": "a"}, {}]}, {"colours.1.name": ["required"]}),
        ({"tags": [1, "x"]}, {"tags.1": ["invalid"]}),
    ],
)
def test_each_field_error_has_a_stable_code_and_a_dotted_place(body, expected):
    assert codes_of(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        {"title": "too long", "n": 0, "kind": "c", "colour": {}},
        {"n": 11, "title": "a\0", "size": 1},
        {"colour": 5, "tags": 5},
    ],
)
def test_no_field_error_lacks_its_text_or_shows_a_placeholder(body):
    for language, letters in (("fa", "آابپت"), ("en", "aeiou")):
        for found in errors_of(body, language).values():
            for error in found:
                assert any(letter in error["message"] for letter in letters), error
                assert "%(" not in error["message"]
                assert "{" not in error["message"]


@pytest.mark.parametrize("body", [[], [1], "text", 5, None, True])
def test_a_body_that_is_no_object_is_400(body):
    answer = post(json.dumps(body), content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["code"] == "validation_error"


@pytest.mark.parametrize("body", [b"{", b"{'a': 1}", b"\xff\xfe", b'{"n": NaN}', b'{"n": ' + b"9" * 5000 + b"}"])
def test_malformed_json_is_400(body):
    answer = post(body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_another_content_type_is_415(content_type):
    answer = post(b"a=b", content_type=content_type)

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_another_method_is_405_and_says_which_there_are():
    answer = APIClient().delete("/echo/")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in answer["Allow"]


def test_another_type_of_answer_is_406():
    answer = APIClient().post("/echo/", {}, headers={"accept": "text/html"})

    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


@pytest.mark.django_db
def test_nobody_is_401_and_told_how_to_sign_in():
    answer = APIClient().get("/closed/")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"
