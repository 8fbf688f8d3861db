"""What only the real server shows: threads that are used again, answers sent in pieces, revoking at once."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from src.accounts.models import AuditEntry
from src.accounts.services.tokens import create_api_token
from tests.accounts.people import PASSWORD, ROOT, invite


@pytest.fixture
def call(server):
    """`call(method, path, token, body)` gives status and text."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)

    def send(method, path, token="", body=None):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        connection.request(method, path, body=json.dumps(body) if body is not None else None, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    yield send
    connection.close()


def test_a_revoked_token_is_refused_by_the_next_request(call, super_admin):
    own, text = create_api_token(user=super_admin, name="own", scopes=["tokens"])

    assert call("GET", f"{ROOT}me/", text)[0] == 200
    assert call("DELETE", f"{ROOT}tokens/{own.pk}/", text)[0] == 200
    assert call("GET", f"{ROOT}me/", text)[0] == 401


def test_each_act_is_recorded_as_its_own_requests(call, super_admin, stranger):
    tokens = [create_api_token(user=super_admin, name=f"token-{n}", scopes=["people"])[1] for n in range(3)]
    for number in range(12):
        status, _text = call("PATCH", f"{ROOT}people/{stranger.pk}/", tokens[number % 3], {"first_name": str(number)})
        assert status == 200
        _invitation, link = invite(super_admin)
        body = {"token": link, "username": f"p{number}", "password": PASSWORD}
        assert call("POST", f"{ROOT}invitations/accept/", body=body)[0] == 201

    changed = AuditEntry.objects.filter(action="person.changed").order_by("id")
    joined = AuditEntry.objects.filter(action="person.joined")
    assert [entry.token_name for entry in changed] == [f"token-{number % 3}" for number in range(12)]
    assert {(entry.channel, entry.token_name) for entry in joined} == {("session", "")}
    assert len({entry.request_id for entry in [*changed, *joined]}) == 24


def test_the_export_comes_in_pieces(call, super_admin):
    text = create_api_token(user=super_admin, name="t", scopes=["audit"])[1]

    status, body = call("GET", f"{ROOT}audit/export/", text)

    assert status == 200
    assert [line.split(",")[6] for line in body.splitlines()] == ["action", "api_token.created"]
