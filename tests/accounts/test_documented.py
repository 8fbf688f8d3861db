"""What the OpenAPI document says of `/api/accounts/` is what is answered."""

import re

import pytest
from django.urls import get_resolver

from src.accounts.services.tokens import create_api_token
from tests import test_openapi
from tests.accounts.people import PASSWORD, ROOT, invite, signed_in

document, operations = test_openapi.document, test_openapi.operations
failures_of = test_openapi.failures_of
CALLS = [
    ("get", "me/", None, 200),
    ("get", "tokens/", None, 200),
    ("post", "tokens/", {"name": "a", "scopes": ["images"]}, 201),
    ("post", "tokens/", {"name": "a"}, 400),
    ("delete", "tokens/{token_id}/", None, 200),
    ("get", "people/", None, 200),
    ("get", "people/{person_id}/", None, 200),
    ("patch", "people/{person_id}/", {"groups": ["AI managers"], "last_name": "A"}, 200),
    ("patch", "people/{person_id}/", {"is_super_admin": False}, 409),
    ("post", "people/{person_id}/end-sessions/", None, 200),
    ("get", "invitations/", None, 200),
    ("post", "invitations/", {"email": "a@example.org"}, 201),
    ("delete", "invitations/{invitation_id}/", None, 200),
    ("post", "invitations/accept/", {"token": "{link}", "username": "sara", "password": PASSWORD}, 201),
    ("post", "invitations/accept/", {"token": "ngi_x", "username": "sara", "password": PASSWORD}, 404),
    ("get", "audit/", None, 200),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), CALLS)
def test_an_answer_is_as_documented(
    document,
    operations,
    super_admin,
    stranger,
    method,
    path,
    body,
    status,
):
    token, _text = create_api_token(user=super_admin, name="own", scopes=["images"])
    invitation, link = invite(super_admin, groups=["AI managers"])
    person = super_admin if status == 409 else stranger
    address = ROOT + path.format(token_id=token.pk, person_id=person.pk, invitation_id=invitation.pk)
    body = body and {name: link if value == "{link}" else value for name, value in body.items()}

    answer = getattr(signed_in(super_admin), method)(address, body)

    responses = operations[method, ROOT + path]["responses"]
    schema = responses.get(str(status), responses["default"])["content"]["application/json"]["schema"]
    assert answer.status_code == status, answer.json()
    assert failures_of(document, schema, answer.json()) == []


def test_every_address_is_described(document, operations):
    patterns = get_resolver("src.accounts.urls").url_patterns
    addresses = {ROOT + re.sub(r"<int:(\w+)>", r"{\1}", str(pattern.pattern)) for pattern in patterns}
    ours = {path: operation for (_method, path), operation in operations.items() if path.startswith(ROOT)}

    assert addresses == ours.keys()
    assert [path for path, operation in ours.items() if not operation["description"]] == []


def test_the_filters_are_named(operations):
    def names(path):
        return {parameter["name"] for parameter in operations["get", ROOT + path]["parameters"]}

    filters = {"action", "actor", "object_type", "object_id", "since", "until"}
    assert names("audit/") == filters | {"cursor", "page_size"}
    assert names("audit/export/") == filters
    assert names("people/") == {"search", "is_active", "is_super_admin", "group", "cursor", "page_size"}


def test_accepting_an_invitation_asks_for_no_sign_in(operations):
    assert operations["post", f"{ROOT}invitations/accept/"].get("security", [{}]) in ([], [{}])
