"""One change to many pictures."""

import uuid

import pytest
from django.utils import timezone

from src.media.models import Collection, Favourite, MediaAsset
from tests.media.assets import make_asset

BULK = "/api/media/bulk/"


def bulk(client, assets, **body):
    return client.post(BULK, {"ids": [str(getattr(asset, "pk", asset)) for asset in assets], **body})


@pytest.fixture
def own(ai_manager):
    return [make_asset(ai_manager) for _ in range(3)]


def test_what_may_be_changed_is_and_the_rest_is_named(own, ai_manager, other_manager, client_of):
    team, hidden = make_asset(other_manager), make_asset(other_manager, visibility="private")
    absent = uuid.uuid4()

    answer = bulk(client_of(ai_manager), [*own, team, hidden, absent], action="visibility", visibility="private")

    assert (answer.status_code, answer.json()["code"]) == (200, "media_changed")
    assert answer.json()["data"] == {
        "changed": [str(asset.pk) for asset in own],
        "not_found": [str(hidden.pk), str(absent)],
        "not_permitted": [str(team.pk)],
    }
    assert set(MediaAsset.objects.filter(visibility="private").values_list("pk", flat=True)) == {
        hidden.pk,
        *(asset.pk for asset in own),
    }
    team.refresh_from_db()
    assert team.visibility == "team"


def test_tags_come_and_go_on_all_of_them(own, ai_manager, client_of):
    client = client_of(ai_manager)
    bulk(client, own, action="tag", add_tags=["برف", "cat"])

    answer = bulk(client, own[:2], action="tag", add_tags=["snow"], remove_tags=["CAT"])

    assert len(answer.json()["data"]["changed"]) == 2
    tags = [sorted(asset.tags.values_list("name", flat=True)) for asset in own]
    assert tags == [["snow", "برف"], ["snow", "برف"], ["cat", "برف"]]


def test_too_many_tags_change_nothing(own, ai_manager, client_of):
    client = client_of(ai_manager)
    bulk(client, own[:1], action="tag", add_tags=[f"t{n}" for n in range(50)])

    answer = bulk(client, own, action="tag", add_tags=["one more"])

    assert answer.json()["errors"]["add_tags"][0]["code"] == "too_many_tags"
    assert [asset.tags.count() for asset in own] == [50, 0, 0]


def test_pictures_move_into_a_collection_and_out(own, ai_manager, client_of):
    collection = Collection.objects.create(owner=ai_manager, name="بهار", key="بهار")
    client = client_of(ai_manager)

    bulk(client, own, action="move", collection=str(collection.pk))
    assert collection.assets.count() == 3
    bulk(client, own[:1], action="move", collection=None)
    assert collection.assets.count() == 2


def test_a_deletion_is_undone_by_the_same_ids(own, ai_manager, other_manager, client_of):
    client, other = client_of(ai_manager), client_of(other_manager)

    bulk(client, own, action="delete")
    assert MediaAsset.objects.filter(deleted_at__isnull=False, deleted_by=ai_manager).count() == 3
    assert len(bulk(other, own, action="restore").json()["data"]["not_found"]) == 3
    assert len(bulk(client, own, action="restore").json()["data"]["changed"]) == 3
    assert MediaAsset.objects.filter(deleted_at__isnull=True).count() == 3


def test_what_lies_in_the_trash_is_not_changed(own, ai_manager, client_of):
    MediaAsset.objects.update(deleted_at=timezone.now())

    assert bulk(client_of(ai_manager), own, action="tag", add_tags=["x"]).json()["data"]["changed"] == []


def test_anyone_who_sees_a_picture_may_like_it(own, other_manager, client_of):
    client = client_of(other_manager)

    assert len(bulk(client, own, action="favourite").json()["data"]["changed"]) == 3
    assert len(bulk(client, own, action="favourite").json()["data"]["changed"]) == 3
    assert Favourite.objects.filter(user=other_manager).count() == 3
    bulk(client, own[:2], action="unfavourite")
    assert Favourite.objects.filter(user=other_manager).count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "burn"}, "action"),
        ({"action": "tag"}, "add_tags"),
        ({"action": "move"}, "collection"),
        ({"action": "move", "collection": str(uuid.uuid4())}, "collection"),
        ({"action": "visibility"}, "visibility"),
        ({"action": "delete", "visibility": "team"}, "visibility"),
        ({"action": "delete", "ids": []}, "ids"),
        ({"action": "delete", "ids": ["x"]}, "ids.0"),
        ({"action": "delete", "ids": [str(uuid.uuid4())] * 501}, "ids"),
        ({"action": "delete", "all": True}, "all"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_400_at_its_field(own, ai_manager, client_of, body, field):
    answer = client_of(ai_manager).post(BULK, {"ids": [str(own[0].pk)], **body})

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize(
    "body",
    [
        {"action": "tag", "add_tags": ["a", "b"], "remove_tags": ["c"]},
        {"action": "visibility", "visibility": "private"},
        {"action": "delete"},
        {"action": "favourite"},
    ],
    ids=lambda body: body["action"],
)
def test_many_cost_as_many_queries_as_one(own, ai_manager, client_of, django_assert_max_num_queries, body):
    client = client_of(ai_manager)
    more = [make_asset(ai_manager) for _ in range(20)]

    with django_assert_max_num_queries(16) as one:
        bulk(client, own[:1], **body)
    with django_assert_max_num_queries(16) as many:
        assert len(bulk(client, more, **body).json()["data"]["changed"]) == 20

    assert len(many) == len(one)
