"""Every call of the settings: whom it serves, whom it refuses, and with which token."""

import pytest

from src.core.token_scopes import SCOPES
from tests.factories import make_provider

OWN = [("get", ""), ("get", "{id}/"), ("patch", "{id}/"), ("post", "{id}/validate-api-key/")]
LIMITS = [("get", "{id}/users/{user}/"), ("patch", "{id}/users/{user}/")]
EVERY_CALL = OWN + LIMITS


@pytest.fixture
def call(db, caller, ai_manager):
    provider = make_provider("local", adapter="openai", key=None, allow_shared_for_normal_admins=True)

    def make(method, path, user=None, **kwargs):
        address = "settings/" + path.format(id=provider.pk, user=ai_manager.pk)
        return caller(user, **kwargs).call(method, address, None if method == "get" else {})

    return make


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
def test_it_refuses_anonymous_people(call, method, path):
    assert call(method, path).status_code == 401


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
def test_it_refuses_the_stranger(call, stranger, method, path):
    assert call(method, path, stranger).status_code == 403


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
def test_it_refuses_a_token_without_the_scope(call, super_admin, method, path):
    answer = call(method, path, super_admin, scopes=set(SCOPES) - {"settings"})

    assert (answer.status_code, list(answer.data["errors"])) == (403, ["scope"])


@pytest.mark.parametrize(("method", "path"), OWN)
def test_it_serves_the_ai_manager(call, ai_manager, method, path):
    assert call(method, path, ai_manager).status_code in (200, 400)
    assert call(method, path, ai_manager, scopes=["settings"]).status_code in (200, 400)


@pytest.mark.parametrize(("method", "path"), LIMITS)
def test_limits_are_the_super_admins(call, ai_manager, super_admin, method, path):
    assert call(method, path, ai_manager).status_code == 403
    assert call(method, path, super_admin).status_code == 200
