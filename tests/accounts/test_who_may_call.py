"""Every call below `/api/accounts/`: whom it serves, whom it refuses, and with which token."""

import pytest
from django.urls import get_resolver
from rest_framework.test import APIClient

from src.accounts.models import User
from src.accounts.services.tokens import create_api_token
from src.core.token_scopes import SCOPES
from tests.accounts.people import ROOT, invite, signed_in

PEOPLE_CALLS = [
    ("get", "people/"),
    ("get", "people/{person}/"),
    ("patch", "people/{person}/"),
    ("post", "people/{person}/end-sessions/"),
    ("get", "invitations/"),
    ("post", "invitations/"),
    ("delete", "invitations/{invitation}/"),
]
AUDIT_CALLS = [("get", "audit/"), ("get", "audit/export/")]
TOKEN_CALLS = [("get", "tokens/"), ("post", "tokens/"), ("delete", "tokens/{token}/")]
SUPER_ADMIN_CALLS = PEOPLE_CALLS + AUDIT_CALLS
SCOPED_CALLS = SUPER_ADMIN_CALLS + TOKEN_CALLS
ME = ("get", "me/")
EVERYBODYS_CALLS = [*TOKEN_CALLS, ME]
ROLES = ["ai_manager", "media_manager", "stranger"]


def scope_of(call):
    return "people" if call in PEOPLE_CALLS else "audit" if call in AUDIT_CALLS else "tokens"


@pytest.fixture
def send(db):
    """`send(client, call)` with ids of rows that are there."""
    person = User.objects.create_user("somebody")
    inviter = User.objects.create_superuser("inviter")
    invitation, _link = invite(inviter)

    def call_with(client, call, caller=None):
        token = create_api_token(user=caller or person, name="x", scopes=["images"])[0]
        method, path = call
        address = ROOT + path.format(person=person.pk, invitation=invitation.pk, token=token.pk)
        return getattr(client, method)(address)

    return call_with


@pytest.mark.parametrize("call", [*SCOPED_CALLS, ME], ids=str)
def test_it_refuses_anonymous_people(send, call):
    answer = send(APIClient(), call)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("call", SUPER_ADMIN_CALLS, ids=str)
def test_it_refuses_everybody_but_super_admins_whatever_their_token(send, call, role, request, client_of):
    user = request.getfixturevalue(role)

    for client in (signed_in(user), client_of(user, scopes=SCOPES)):
        answer = send(client, call)
        assert (answer.status_code, answer.json()["code"], answer.json()["errors"]) == (403, "permission_denied", {})


@pytest.mark.parametrize("role", [*ROLES, "super_admin"])
@pytest.mark.parametrize("call", EVERYBODYS_CALLS, ids=str)
def test_it_serves_everybody_who_is_signed_in(send, call, role, request, client_of):
    user = request.getfixturevalue(role)

    for client in (signed_in(user), client_of(user, scopes=["tokens"])):
        assert send(client, call, user).status_code in (200, 400)


@pytest.mark.parametrize("call", SCOPED_CALLS, ids=str)
def test_it_refuses_a_token_without_the_scope(send, call, super_admin, client_of):
    others = [scope for scope in SCOPES if scope != scope_of(call)]

    answer = send(client_of(super_admin, scopes=others), call, super_admin)

    assert answer.status_code == 403
    assert answer.json()["errors"]["scope"][0]["code"] == "scope_required"


@pytest.mark.parametrize("call", SCOPED_CALLS, ids=str)
def test_it_serves_super_admins_by_session_and_by_token_with_the_scope(send, call, super_admin, client_of):
    by_token = send(client_of(super_admin, scopes=[scope_of(call)]), call, super_admin)
    by_session = send(signed_in(super_admin), call, super_admin)

    assert by_token.status_code in (200, 201, 400)
    # The one invitation is revoked by then.
    assert by_session.status_code in (200, 201, 400) or call[0] == "delete"


@pytest.mark.parametrize("call", [*SCOPED_CALLS, ME], ids=str)
def test_it_refuses_a_person_who_was_switched_off(send, call, super_admin, client_of):
    client = client_of(super_admin, scopes=SCOPES)
    User.objects.filter(pk=super_admin.pk).update(is_active=False)

    assert send(client, call).status_code == 401


@pytest.mark.parametrize("call", [call for call in SCOPED_CALLS if call[0] != "get"], ids=str)
def test_a_session_needs_the_csrf_token(send, call, super_admin):
    client = signed_in(super_admin)
    client.handler.enforce_csrf_checks = True

    assert send(client, call).status_code == 403


def test_any_token_may_ask_whose_it_is(stranger, client_of):
    data = client_of(stranger, scopes=["images"]).get(f"{ROOT}me/").json()["data"]

    assert (data["username"], data["permissions"], data["token"]["scopes"]) == ("stranger", [], ["images"])


def test_a_session_asks_who_it_is(super_admin):
    data = signed_in(super_admin).get(f"{ROOT}me/").json()["data"]

    assert (data["is_super_admin"], data["groups"], data["token"]) == (True, [], None)
    assert data["permissions"] == ["ai.manage", "ai.image.manage", "media.manage"]


def test_anybody_may_come_with_an_invitation(super_admin):
    _invitation, token = invite(super_admin)
    body = {"token": token, "username": "sara", "password": "a rather long phrase"}

    assert APIClient(enforce_csrf_checks=True).post(f"{ROOT}invitations/accept/", body).status_code == 201


def test_no_address_is_missing_here():
    names = {"person_id": "person", "token_id": "token", "invitation_id": "invitation"}
    known = {str(pattern.pattern) for pattern in get_resolver("src.accounts.urls").url_patterns}
    for name, short in names.items():
        known = {path.replace(f"<int:{name}>", f"{{{short}}}") for path in known}

    assert known - {"invitations/accept/"} == {path for _method, path in [*SCOPED_CALLS, ME]}
