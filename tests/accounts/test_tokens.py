"""`/api/accounts/tokens/`: one's own tokens."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from src.accounts.models import ApiToken
from src.accounts.services.tokens import MAX_LIVE_TOKENS, create_api_token
from src.core.errors import Conflict, Forbidden
from tests.accounts.people import ROOT, entries, signed_in

URL = f"{ROOT}tokens/"


def wish(**fields):
    return {"name": "laptop", "scopes": ["images"], **fields}


def in_days(days):
    return (timezone.now() + timedelta(days=days)).isoformat()


def token_client(client_of, user, scopes, **fields):
    client = client_of(user, scopes=scopes, language="en")
    ApiToken.objects.filter(user=user).update(**fields)
    return client


def test_a_new_token_is_shown_once_and_works(stranger, client_of):
    answer = signed_in(stranger).post(URL, wish(scopes=["tokens"], expires_at=in_days(1)))

    data = answer.json()["data"]
    assert (answer.status_code, answer.json()["code"]) == (201, "token_created")
    assert (data["last4"], data["state"], data["scopes"]) == (data["token"][-4:], "live", ["tokens"])
    with_it = client_of()
    with_it.credentials(HTTP_AUTHORIZATION=f"Bearer {data['token']}")
    listed = with_it.get(URL).json()["data"]["results"]
    assert [row["id"] for row in listed] == [data["id"]]
    assert data["token"] not in str(listed)
    assert listed[0].keys() == data.keys() - {"token"}


def test_a_revoked_token_is_refused_at_once(stranger, client_of):
    data = signed_in(stranger).post(URL, wish(scopes=["tokens"])).json()["data"]
    with_it = client_of()
    with_it.credentials(HTTP_AUTHORIZATION=f"Bearer {data['token']}")
    assert with_it.get(URL).status_code == 200

    answer = signed_in(stranger).delete(f"{URL}{data['id']}/")

    assert (answer.status_code, answer.json()["code"]) == (200, "token_revoked")
    assert answer.json()["data"]["state"] == "revoked"
    assert with_it.get(URL).status_code == 401


def test_revoking_twice_is_recorded_once(stranger):
    token, _text = create_api_token(user=stranger, name="a", scopes=["images"])
    for _ in range(2):
        assert signed_in(stranger).delete(f"{URL}{token.pk}/").status_code == 200

    assert len(entries(action="api_token.revoked")) == 1


def test_making_and_revoking_are_recorded_without_the_secret(stranger):
    data = signed_in(stranger).post(URL, wish()).json()["data"]
    signed_in(stranger).delete(f"{URL}{data['id']}/")

    made, revoked = entries()
    assert (made.action, revoked.action) == ("api_token.created", "api_token.revoked")
    assert made.after == {"name": "laptop", "last4": data["last4"], "scopes": ["images"], "expires_at": None}
    assert revoked.before == {"name": "laptop", "last4": data["last4"]}
    assert data["token"] not in str([made.__dict__, revoked.__dict__])


@pytest.mark.parametrize("who", ["stranger", "super_admin"])
def test_somebody_elses_token_does_not_exist(who, ai_manager, request):
    token, _text = create_api_token(user=ai_manager, name="a", scopes=["images"])
    client = signed_in(request.getfixturevalue(who))

    assert client.delete(f"{URL}{token.pk}/").status_code == 404
    assert client.get(URL).json()["data"]["results"] == []
    token.refresh_from_db()
    assert token.revoked_at is None


BAD = [
    ({}, {"name", "scopes"}),
    (wish(name=""), {"name"}),
    (wish(name=5), {"name"}),
    (wish(name="n" * 101), {"name"}),
    (wish(scopes=[]), {"scopes"}),
    (wish(scopes="images"), {"scopes"}),
    (wish(scopes=["everything"]), {"scopes.0"}),
    (wish(expires_at="tomorrow"), {"expires_at"}),
    (wish(expires_at=5), {"expires_at"}),
    (wish(expires_at="2020-01-01T00:00:00Z"), {"expires_at"}),
    (wish(user=1), {"user"}),
    (wish(token="ngr_x"), {"token"}),
]


@pytest.mark.parametrize(("body", "fields"), BAD, ids=str)
def test_a_wrong_wish_is_refused_with_its_field(stranger, body, fields):
    answer = signed_in(stranger).post(URL, body)

    assert answer.status_code == 400
    assert {name.split(".")[0] for name in answer.json()["errors"]} == {name.split(".")[0] for name in fields}
    assert not ApiToken.objects.exists()


def test_a_token_gives_on_only_its_own_scopes(stranger, client_of):
    client = token_client(client_of, stranger, ["tokens", "images"])

    answer = client.post(URL, wish(scopes=["images", "people"]))

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert answer.json()["errors"] == {
        "scopes": [
            {
                "code": "scope_not_held",
                "message": "A token gives on only its own scopes, and people is not among them.",
            }
        ]
    }
    assert client.post(URL, wish(scopes=["images", "tokens"])).status_code == 201


@pytest.mark.parametrize(("wished", "status"), [(None, 400), (9, 400), (5, 201)])
def test_a_token_makes_none_that_outlives_it(stranger, client_of, wished, status):
    client = token_client(client_of, stranger, ["tokens", "images"], expires_at=timezone.now() + timedelta(days=8))

    answer = client.post(URL, wish(expires_at=wished and in_days(wished)))

    assert answer.status_code == status
    if status == 400:
        assert answer.json()["errors"]["expires_at"][0]["code"] == "later_than_own_token"


def test_a_person_has_a_limited_number_of_live_tokens(stranger):
    for number in range(MAX_LIVE_TOKENS):
        create_api_token(user=stranger, name=str(number), scopes=["images"])
    client = signed_in(stranger)

    answer = client.post(URL, wish())
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_tokens")

    client.delete(f"{URL}{ApiToken.objects.first().pk}/")
    assert client.post(URL, wish()).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_the_limit_holds_when_requests_race(stranger):
    for number in range(MAX_LIVE_TOKENS - 1):
        create_api_token(user=stranger, name=str(number), scopes=["images"])
    outcomes, start = [], threading.Barrier(4)

    def make() -> None:
        start.wait()
        try:
            create_api_token(user=stranger, name="race", scopes=["images"])
            outcomes.append("made")
        except Conflict:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["made", "refused", "refused", "refused"]


def test_the_list_tells_live_expired_and_revoked_apart(stranger):
    now = timezone.now()
    for number, fields in enumerate([{}, {"expires_at": now - timedelta(days=1)}, {"revoked_at": now}]):
        token, _text = create_api_token(user=stranger, name=str(number), scopes=["images"])
        ApiToken.objects.filter(pk=token.pk).update(created_at=now - timedelta(days=2), **fields)

    rows = signed_in(stranger).get(URL).json()["data"]["results"]

    assert [row["state"] for row in rows] == ["revoked", "expired", "live"]


def test_the_list_costs_the_same_however_long(stranger, django_assert_num_queries):
    client = signed_in(stranger)
    for rows in (1, 12):
        for _ in range(rows):
            create_api_token(user=stranger, name="a", scopes=["images"])
        with django_assert_num_queries(3):
            client.get(URL)


def test_a_list_takes_no_unknown_filter(stranger):
    assert signed_in(stranger).get(f"{URL}?state=live").status_code == 400


def test_a_request_that_overlaps_with_switching_off_makes_no_token(stranger):
    """The person was still active when the request signed in."""
    type(stranger).objects.update(is_active=False)

    with pytest.raises(Forbidden):
        create_api_token(user=stranger, name="a", scopes=["images"])
