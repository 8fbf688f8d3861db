"""Who sees whose picture: the record and the bytes follow one rule."""

import uuid

import pytest

from src.media.models import MediaAsset, Visibility
from tests.media.assets import make_asset

WHO_SEES = {
    Visibility.TEAM: {"ai_manager", "other_manager", "media_manager", "super_admin"},
    Visibility.PRIVATE: {"ai_manager", "media_manager", "super_admin"},
}
PEOPLE = sorted({"stranger", *WHO_SEES[Visibility.TEAM]})


@pytest.fixture
def person(request, db):
    return request.getfixturevalue


def detail(asset_id) -> str:
    return f"/api/media/{asset_id}/"


def original(asset_id) -> str:
    return f"/api/media/{asset_id}/original/"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("visibility", list(Visibility))
@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("address", [detail, original])
@pytest.mark.parametrize("scopes", [None, ["media:read"]], ids=["session", "token"])
def test_a_picture_is_there_for_whom_it_is_visible_and_404_for_others(
    person, ai_manager, client_of, visibility, who, address, scopes
):
    asset = make_asset(ai_manager, visibility=visibility)

    answer = client_of(person(who), scopes=scopes).head(address(asset.pk))

    assert answer.status_code == (200 if who in WHO_SEES[visibility] else 404)


@pytest.mark.parametrize("address", [detail, original])
def test_a_hidden_picture_looks_like_none_at_all(stranger, ai_manager, client_of, address):
    client = client_of(stranger)

    hidden, absent = (client.get(address(asset_id)) for asset_id in (make_asset(ai_manager).pk, uuid.uuid4()))

    bodies = [{**answer.json(), "request_id": ""} for answer in (hidden, absent)]
    assert bodies[0] == bodies[1]
    assert hidden.status_code == absent.status_code == 404
    assert hidden.headers.keys() == absent.headers.keys()


@pytest.mark.parametrize("visibility", list(Visibility))
@pytest.mark.parametrize("address", [detail, original])
def test_nobody_is_401(ai_manager, client_of, visibility, address):
    answer = client_of().get(address(make_asset(ai_manager, visibility=visibility).pk))

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize("address", [detail, original])
def test_a_token_for_something_else_is_403(ai_manager, client_of, address):
    client = client_of(ai_manager, scopes=["images", "media:write"])

    assert client.get(address(make_asset(ai_manager).pk)).status_code == 403


def test_who_is_no_longer_a_manager_keeps_only_their_own(ai_manager, other_manager, client_of):
    own, others = make_asset(ai_manager, visibility=Visibility.PRIVATE), make_asset(other_manager)
    ai_manager.groups.clear()
    client = client_of(ai_manager)

    assert (client.get(detail(own.pk)).status_code, client.get(detail(others.pk)).status_code) == (200, 404)


def test_the_library_shows_each_row_once(person, ai_manager, other_manager):
    for owner in (ai_manager, other_manager):
        for visibility in Visibility:
            make_asset(owner, visibility=visibility)

    seen = {who: MediaAsset.objects.visible_to(person(who)).count() for who in PEOPLE}

    assert seen == {"super_admin": 4, "media_manager": 4, "ai_manager": 3, "other_manager": 3, "stranger": 0}


def test_the_record_says_all_there_is_to_say(ai_manager, other_manager, client_of):
    asset = make_asset(ai_manager, alt_text="دوچرخهٔ سرخ")

    answer = client_of(other_manager).get(detail(asset.pk))

    body = answer.json()
    assert (body["success"], body["code"], body["message"]) == (True, "ok", "انجام شد.")
    data = body["data"]
    assert (data["id"], data["owner"], data["visibility"]) == (str(asset.pk), "manager", "team")
    assert (data["title"], data["alt_text"], data["mime_type"]) == ("دوچرخه", "دوچرخهٔ سرخ", "image/png")
    assert data["url"] == original(asset.pk)
    assert "file_name" not in data


@pytest.mark.parametrize(
    ("address", "method"),
    [(detail, "post"), (detail, "put"), *((original, method) for method in ("post", "put", "patch", "delete"))],
)
def test_there_is_nothing_to_write_here(super_admin, client_of, method, address):
    answer = getattr(client_of(super_admin), method)(address(make_asset(super_admin).pk))

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_an_id_that_is_none_is_404(super_admin, client_of):
    assert client_of(super_admin).get(detail("not-an-id")).status_code == 404
