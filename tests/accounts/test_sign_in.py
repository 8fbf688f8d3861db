"""Tokens and sessions at an endpoint that any signed-in person may call."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from src.accounts.models import ApiToken
from src.accounts.services import create_api_token
from tests.media.assets import make_asset

POST_URL = "/api/ai/admin/images/generate/"


@pytest.fixture
def url(ai_manager):
    return f"/api/media/{make_asset(ai_manager).pk}/"


@pytest.fixture
def token(ai_manager):
    return create_api_token(user=ai_manager, name="test", scopes=["media:read"])


def get(url, header, **options):
    return APIClient().get(url, headers={"authorization": header, "accept-language": "en"}, **options)


def assert_refused(answer):
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_signs_its_person_in(url, token, scheme):
    assert get(url, f"{scheme} {token[1]}").status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer ngr_" + "0" * 36,
        "Bearer \xff\xfe",
        "Basic bWFuYWdlcjp4",
        "Token {text}",
        "{text}",
        "Bearer {text}x",
        "Bearer {text} {text}",
    ],
)
def test_any_other_header_is_401(url, token, header):
    assert_refused(get(url, header.format(text=token[1])))


def test_an_expired_token_is_401(url, token):
    now = timezone.now()
    ApiToken.objects.update(created_at=now - timedelta(days=2), expires_at=now - timedelta(seconds=1))

    assert_refused(get(url, f"Bearer {token[1]}"))


def test_a_token_that_has_yet_to_expire_signs_in(url, token):
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(minutes=1))

    assert get(url, f"Bearer {token[1]}").status_code == 200


def test_a_revoked_token_is_401(url, token):
    ApiToken.objects.update(revoked_at=timezone.now())

    assert_refused(get(url, f"Bearer {token[1]}"))


def test_an_inactive_persons_token_is_401(url, token, ai_manager):
    ai_manager.is_active = False
    ai_manager.save()

    assert_refused(get(url, f"Bearer {token[1]}"))


def test_a_bad_token_is_401_even_with_a_session(url, ai_manager):
    client = APIClient()
    client.force_login(ai_manager)

    assert_refused(client.get(url, headers={"authorization": "Bearer ngr_" + "0" * 36}))


def test_an_inactive_persons_session_is_401(url, ai_manager, client_of):
    client = client_of(ai_manager)
    ai_manager.is_active = False
    ai_manager.save()

    assert_refused(client.get(url))


def test_the_first_use_is_noted(url, token):
    get(url, f"Bearer {token[1]}")

    assert timezone.now() - ApiToken.objects.get().last_used_at < timedelta(seconds=10)


def test_a_use_within_a_minute_writes_nothing(url, token):
    recently = timezone.now() - timedelta(seconds=50)
    ApiToken.objects.update(last_used_at=recently)

    get(url, f"Bearer {token[1]}")

    assert ApiToken.objects.get().last_used_at == recently


def test_a_use_after_a_minute_is_noted(url, token):
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(seconds=70))

    get(url, f"Bearer {token[1]}")

    assert timezone.now() - ApiToken.objects.get().last_used_at < timedelta(seconds=10)


def test_a_refused_token_is_not_noted(url, token):
    ApiToken.objects.update(revoked_at=timezone.now())

    get(url, f"Bearer {token[1]}")

    assert ApiToken.objects.get().last_used_at is None


@pytest.mark.parametrize("person", ["ai_manager", "super_admin"])
def test_a_token_without_the_scope_is_403_and_says_which(url, person, client_of, request):
    client = client_of(request.getfixturevalue(person), scopes=["images", "media:write"], language="en")

    answer = client.get(url)

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert answer.json()["errors"] == {
        "scope": [{"code": "scope_required", "message": "The API token lacks the scope media:read."}]
    }


def test_a_session_needs_no_scope(url, ai_manager, client_of):
    assert client_of(ai_manager).get(url).status_code == 200


def test_a_session_without_a_csrf_token_cannot_write(super_admin):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(super_admin)

    answer = client.post(POST_URL, {})

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_a_session_with_a_csrf_token_can(super_admin):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(super_admin)
    secret = "a" * 32
    client.cookies["csrftoken"] = secret

    answer = client.post(POST_URL, {}, headers={"x-csrftoken": secret})

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")


def test_a_token_needs_no_csrf_token(super_admin):
    _token, text = create_api_token(user=super_admin, name="a", scopes=["images"])

    answer = APIClient(enforce_csrf_checks=True).post(POST_URL, {}, headers={"authorization": f"Bearer {text}"})

    assert answer.status_code == 400
