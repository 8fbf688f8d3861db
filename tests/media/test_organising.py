"""Tags, collections and favourites."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest
from django.db import connections
from django.utils import timezone

from src.core.errors import NotFound
from src.media.models import Collection, Favourite, Tag
from src.media.services.editing import edit_asset
from src.media.services.organising import create_collection, delete_collection, update_collection
from tests.media.assets import make_asset

TAGS, COLLECTIONS = "/api/media/tags/", "/api/media/collections/"


def rows(answer) -> list[dict]:
    assert answer.status_code == 200, answer.json()
    return answer.json()["data"]["results"]


def test_tags_are_listed_where_one_sees_a_picture_with_them(ai_manager, other_manager, client_of):
    make_asset(ai_manager, tags=["برف", "گربه"])
    make_asset(ai_manager, tags=["برف"], visibility="private")
    make_asset(ai_manager, tags=["راز"], visibility="private")
    make_asset(ai_manager, tags=["زباله"], deleted_at=timezone.now())

    seen = [[tag["name"] for tag in rows(client_of(user).get(TAGS))] for user in (ai_manager, other_manager)]

    assert [sorted(names) for names in seen] == [sorted(["برف", "راز", "گربه"]), sorted(["برف", "گربه"])]


def test_tags_and_collections_are_searched_in_any_spelling(ai_manager, client_of):
    make_asset(ai_manager, tags=["کتاب‌خانه", "cat"])
    Collection.objects.create(owner=ai_manager, name="کتاب‌ها", key="کتاب ها")
    client = client_of(ai_manager)

    assert [tag["name"] for tag in rows(client.get(TAGS, {"search": "كتاب"}))] == ["کتاب‌خانه"]
    assert [row["name"] for row in rows(client.get(COLLECTIONS, {"search": "كتاب‌ها"}))] == ["کتاب‌ها"]
    assert rows(client.get(COLLECTIONS, {"search": "100%"})) == []


def test_a_tag_is_renamed_everywhere_by_who_manages_the_library(ai_manager, media_manager, client_of):
    asset = make_asset(ai_manager, tags=["sonw"])
    tag = Tag.objects.get()

    refused = client_of(ai_manager).patch(f"{TAGS}{tag.pk}/", {"name": "snow"})
    renamed = client_of(media_manager).patch(f"{TAGS}{tag.pk}/", {"name": "Snow"})

    assert refused.status_code == 403
    assert (renamed.json()["code"], renamed.json()["data"]["name"]) == ("tag_renamed", "Snow")
    assert list(asset.tags.values_list("key", flat=True)) == ["snow"]


def test_a_tag_does_not_take_another_ones_name(ai_manager, media_manager, client_of):
    make_asset(ai_manager, tags=["کتاب", "book"])
    book = Tag.objects.get(name="book")

    answer = client_of(media_manager).patch(f"{TAGS}{book.pk}/", {"name": "كتاب"})

    assert (answer.status_code, answer.json()["code"]) == (409, "tag_exists")


@pytest.mark.parametrize("name", ["", "  ", "\u200c", "x" * 61, 5, None])
def test_a_tag_has_a_name(ai_manager, media_manager, client_of, name):
    make_asset(ai_manager, tags=["book"])

    answer = client_of(media_manager).patch(f"{TAGS}{Tag.objects.get().pk}/", {"name": name})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["name"])


def test_a_deleted_tag_is_off_every_picture(ai_manager, media_manager, client_of):
    asset = make_asset(ai_manager, tags=["book"])
    tag = Tag.objects.get()

    assert client_of(ai_manager).delete(f"{TAGS}{tag.pk}/").status_code == 403
    assert client_of(media_manager).delete(f"{TAGS}{tag.pk}/").status_code == 200
    assert asset.tags.count() == 0


def test_a_collection_is_made_changed_and_removed_by_its_owner(ai_manager, client_of):
    client = client_of(ai_manager)

    made = client.post(COLLECTIONS, {"name": "بهار ۱۴۰۵"})
    address = f"{COLLECTIONS}{made.json()['data']['id']}/"
    asset = make_asset(ai_manager, collection=Collection.objects.get())
    changed = client.patch(address, {"description": "برای وبلاگ", "visibility": "private"})
    shown = client.get(address).json()["data"]
    removed = client.delete(address)

    assert (made.status_code, made.json()["code"]) == (201, "collection_created")
    assert (made.json()["data"]["visibility"], made.json()["data"]["assets_count"]) == ("team", 0)
    assert (changed.status_code, changed.json()["code"]) == (200, "collection_updated")
    assert {name: shown[name] for name in ("name", "description", "visibility", "owner", "assets_count")} == {
        "name": "بهار ۱۴۰۵",
        "description": "برای وبلاگ",
        "visibility": "private",
        "owner": "manager",
        "assets_count": 1,
    }
    assert removed.json()["code"] == "collection_deleted"
    asset.refresh_from_db()
    assert asset.collection is None


def test_two_collections_of_one_person_have_two_names(ai_manager, other_manager, client_of):
    client = client_of(ai_manager)
    client.post(COLLECTIONS, {"name": "کتاب"})
    second = client.post(COLLECTIONS, {"name": "Book"}).json()["data"]["id"]

    again = client.post(COLLECTIONS, {"name": "كتاب"})
    renamed = client.patch(f"{COLLECTIONS}{second}/", {"name": "كتاب"})

    assert [(a.status_code, a.json()["code"]) for a in (again, renamed)] == [(409, "collection_exists")] * 2
    assert client_of(other_manager).post(COLLECTIONS, {"name": "کتاب"}).status_code == 201


def test_a_private_collection_is_404_to_others_and_a_team_one_is_only_for_looking(
    ai_manager, other_manager, media_manager, client_of
):
    private = Collection.objects.create(owner=ai_manager, name="p", key="p", visibility="private")
    team = Collection.objects.create(owner=ai_manager, name="t", key="t")
    other = client_of(other_manager)

    statuses = [
        getattr(other, method)(f"{COLLECTIONS}{row.pk}/", {"name": "x"} if method == "patch" else None).status_code
        for row in (private, team)
        for method in ("get", "patch", "delete")
    ]

    assert statuses == [404, 404, 404, 200, 403, 403]
    assert [row["name"] for row in rows(other.get(COLLECTIONS))] == ["t"]
    assert [row["name"] for row in rows(client_of(media_manager).get(COLLECTIONS))] == ["p", "t"]
    assert [row["name"] for row in rows(other.get(f"{COLLECTIONS}?owner=other"))] == []


def test_a_favourite_is_marked_once_and_unmarked(ai_manager, other_manager, client_of):
    asset = make_asset(ai_manager)
    client, address = client_of(other_manager), f"/api/media/{asset.pk}/favourite/"

    assert [client.put(address).json()["code"] for _ in range(2)] == ["favourite_marked"] * 2
    assert Favourite.objects.filter(user=other_manager, asset=asset).count() == 1
    assert client.get(f"/api/media/{asset.pk}/").json()["data"]["is_favourite"] is True
    assert client_of(ai_manager).get(f"/api/media/{asset.pk}/").json()["data"]["is_favourite"] is False
    assert [client.delete(address).json()["code"] for _ in range(2)] == ["favourite_unmarked"] * 2
    assert Favourite.objects.count() == 0


@pytest.mark.parametrize("path", [TAGS, COLLECTIONS])
def test_lists_cost_as_many_queries_whatever_they_hold(ai_manager, client_of, django_assert_num_queries, path):
    client = client_of(ai_manager)

    def add(count: int) -> None:
        for index in range(Collection.objects.count(), Collection.objects.count() + count):
            collection = Collection.objects.create(owner=ai_manager, name=f"c{index}", key=f"c{index}")
            make_asset(ai_manager, tags=[f"t{index}"], collection=collection)

    # Session, user, the person's permissions (two), the page, and how many pictures each collection has.
    queries = 5 + (path == COLLECTIONS)
    add(1)
    with django_assert_num_queries(queries):
        assert len(rows(client.get(path))) == 1
    add(8)
    with django_assert_num_queries(queries):
        assert len(rows(client.get(path))) == 9


LONG = "\ufdfa" * 40
"""Forty signs, each of which stands for eighteen letters."""


def test_a_name_that_stands_for_too_many_letters_is_refused_at_its_field(ai_manager, media_manager, client_of):
    asset = make_asset(ai_manager, tags=["book"])
    client, address = client_of(ai_manager), f"/api/media/{asset.pk}/"
    answers = {
        "add_tags": client.patch(address, {"add_tags": [LONG]}),
        "tags": client.patch(address, {"tags": [LONG], "version": 1}),
        "name": client.post(COLLECTIONS, {"name": LONG}),
    }

    for field, answer in answers.items():
        assert (answer.status_code, answer.json()["errors"][field][0]["code"]) == (400, "too_long")
    renamed = client_of(media_manager).patch(f"{TAGS}{Tag.objects.get().pk}/", {"name": LONG})
    assert renamed.json()["errors"]["name"][0]["code"] == "too_long"


def test_a_tag_of_nothing_is_refused_and_not_dropped(ai_manager, client_of):
    answer = client_of(ai_manager).patch(f"/api/media/{make_asset(ai_manager).pk}/", {"add_tags": ["cat", "\u0640"]})

    assert (answer.status_code, answer.json()["errors"]["add_tags"][0]["code"]) == (400, "blank")


@pytest.mark.parametrize("path", [TAGS, COLLECTIONS])
def test_a_search_is_not_endless(ai_manager, client_of, path):
    answer = client_of(ai_manager).get(path, {"search": "x" * 60_000})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["search"])


def test_a_collection_that_is_gone_meanwhile_is_not_brought_back(ai_manager):
    collection = create_collection(user=ai_manager, fields={"name": "a"})
    delete_collection(collection_id=collection.pk, user=ai_manager)

    with pytest.raises(NotFound):
        update_collection(collection_id=collection.pk, user=ai_manager, fields={"name": "b"})
    assert Collection.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_a_collection_at_once_no_change_is_lost_nor_a_deletion_undone(ai_manager):
    for _round in range(5):
        collection = create_collection(user=ai_manager, fields={"name": "a", "description": "old"})
        steps = [
            partial(update_collection, collection_id=collection.pk, user=ai_manager, fields={"name": "b"}),
            partial(update_collection, collection_id=collection.pk, user=ai_manager, fields={"description": "new"}),
        ]
        at_once(steps)
        collection.refresh_from_db()
        assert (collection.name, collection.description) == ("b", "new")
        at_once([steps[0], partial(delete_collection, collection_id=collection.pk, user=ai_manager)])
        assert Collection.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_same_new_tags_in_two_orders_at_once_are_made_once(ai_manager):
    assets = [make_asset(ai_manager) for _ in range(2)]
    names = [f"tag {number}" for number in range(30)]

    at_once(
        [
            partial(edit_asset, asset_id=asset.pk, user=ai_manager, changes={"add_tags": order})
            for asset, order in zip(assets, (names, names[::-1]), strict=True)
        ]
    )

    assert Tag.objects.count() == 30
    assert [asset.tags.count() for asset in assets] == [30, 30]


def at_once(steps) -> None:
    """All of them together; a row that is gone by then is no failure."""
    start = threading.Barrier(len(steps))

    def run(step) -> None:
        start.wait()
        try:
            with suppress(NotFound):
                step()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(steps)) as pool:
        list(pool.map(run, steps))
