"""Every call of the provider side: whom it serves, whom it refuses, and with which token."""

import pytest
from django.urls import get_resolver

from tests.factories import make_model, make_provider

SUPER_ADMIN_CALLS = [
    ("get", "image-providers/"),
    ("post", "image-providers/"),
    ("get", "image-providers/{id}/"),
    ("put", "image-providers/{id}/"),
    ("patch", "image-providers/{id}/"),
    ("delete", "image-providers/{id}/"),
    ("post", "image-providers/{id}/activate/"),
    ("post", "image-providers/{id}/deactivate/"),
    ("post", "image-providers/{id}/validate-api-key/"),
    ("post", "image-providers/{id}/sync-models/"),
    ("post", "image-providers/clear-openrouter-cache/"),
    ("get", "image-providers/{id}/models/"),
    ("post", "image-providers/{id}/models/"),
    ("patch", "image-providers/{id}/models/{pk}/"),
]
AI_MANAGER_CALLS = [
    ("get", "image-providers/capabilities/"),
    ("get", "image-providers/available/"),
    ("get", "image-providers/openrouter-models/?use_cache=never"),
    ("get", "images/models/"),
]
EVERY_CALL = SUPER_ADMIN_CALLS + AI_MANAGER_CALLS


@pytest.fixture
def address(request):
    """A path with the ids of a sandbox provider and its model, whose calls need no service."""
    is_async_view = request.node.callspec.params["path"] == "images/models/"
    request.getfixturevalue("transactional_db" if is_async_view else "db")
    provider = make_provider("sandbox", key=None, adapter="sandbox")
    model = make_model(provider)
    return lambda path: path.format(id=provider.pk, pk=model.pk)


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
def test_it_refuses_anonymous_people(caller, address, method, path):
    answer = caller().call(method, address(path))

    assert (answer.status_code, answer.data["code"]) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
def test_it_refuses_the_stranger(caller, address, stranger, method, path):
    answer = caller(stranger).call(method, address(path))

    assert (answer.status_code, answer.data["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
def test_it_refuses_a_token_without_the_scope(caller, address, super_admin, method, path):
    needed = "providers" if (method, path) in SUPER_ADMIN_CALLS else "images"
    others = {"images", "media:read", "media:write", "providers", "usage", "settings"} - {needed}

    answer = caller(super_admin, scopes=others, language="en").call(method, address(path))

    assert (answer.status_code, answer.data["code"]) == (403, "permission_denied")
    assert answer.data["errors"]["scope"][0]["code"] == "scope_required"
    assert needed in answer.data["errors"]["scope"][0]["message"]


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
def test_it_serves_the_super_admin_by_token(caller, address, super_admin, method, path):
    scope = "providers" if (method, path) in SUPER_ADMIN_CALLS else "images"

    answer = caller(super_admin, scopes=[scope]).call(method, address(path))

    assert answer.status_code in (200, 400, 405), answer.data


@pytest.mark.parametrize(("method", "path"), SUPER_ADMIN_CALLS)
def test_it_refuses_the_ai_manager(caller, address, ai_manager, method, path):
    answer = caller(ai_manager).call(method, address(path))

    assert (answer.status_code, answer.data["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(("method", "path"), SUPER_ADMIN_CALLS)
def test_the_right_scope_makes_no_super_admin_of_the_ai_manager(caller, address, ai_manager, method, path):
    answer = caller(ai_manager, scopes=["providers"]).call(method, address(path))

    assert (answer.status_code, answer.data["errors"]) == (403, {})


@pytest.mark.parametrize(("method", "path"), AI_MANAGER_CALLS)
def test_it_serves_the_ai_manager(caller, address, ai_manager, method, path):
    by_session = caller(ai_manager).call(method, address(path))
    by_token = caller(ai_manager, scopes=["images"]).call(method, address(path))

    assert by_session.status_code == by_token.status_code in (200, 400)


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
def test_it_refuses_a_person_who_was_switched_off(caller, address, super_admin, method, path):
    client = caller(super_admin, scopes=["providers", "images"])
    type(super_admin).objects.update(is_active=False)

    assert client.call(method, address(path)).status_code == 401


@pytest.mark.parametrize(("method", "path"), [call for call in EVERY_CALL if call[0] != "get"])
def test_a_session_needs_the_csrf_token(client_of, address, super_admin, method, path):
    client = client_of(super_admin)
    client.handler.enforce_csrf_checks = True

    answer = getattr(client, method)(f"/api/ai/admin/{address(path)}")

    assert (answer.status_code, answer.data["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
def test_options_is_not_offered(caller, address, super_admin, method, path):
    answer = caller(super_admin).call("options", address(path))

    assert (answer.status_code, answer.data["code"]) == (405, "method_not_allowed")


def test_no_address_is_missing_here():
    patterns = get_resolver("src.ai.urls").reverse_dict
    known = {str(value[0][0][0]) for key, value in patterns.items() if isinstance(key, str)}
    tested = {path.split("?")[0].replace("{id}", "%(pk)s") for _method, path in EVERY_CALL}

    assert {path for path in known if path.startswith("image-providers/")} <= tested
