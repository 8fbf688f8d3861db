"""Changing what is said of a picture: by whom, how, and two at once."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from src.core.errors import Conflict
from src.media.models import Collection, MediaAsset, Tag
from src.media.services.editing import edit_asset
from tests.media.assets import make_asset


@pytest.fixture
def asset(ai_manager):
    return make_asset(ai_manager, tags=["old"])


def patch(client, asset, **body):
    return client.patch(f"/api/media/{asset.pk}/", body)


def names(answer) -> list[str]:
    assert answer.status_code == 200, answer.json()
    return sorted(tag["name"] for tag in answer.json()["data"]["tags"])


def test_texts_and_visibility_are_changed_and_stored_as_typed(asset, ai_manager, client_of):
    texts = {"title": "كتاب ١", "alt_text": "کتابی باز", "alt_text_en": "An open book", "visibility": "private"}

    answer = patch(client_of(ai_manager), asset, **texts)

    assert (answer.status_code, answer.json()["code"]) == (200, "media_updated")
    assert {name: answer.json()["data"][name] for name in texts} == texts
    assert answer.json()["data"]["version"] == 2
    asset.refresh_from_db()
    assert (asset.title, asset.visibility) == ("كتاب ١", "private")


def test_only_what_is_sent_changes(asset, ai_manager, client_of):
    patch(client_of(ai_manager), asset, alt_text="سرخ")

    asset.refresh_from_db()
    assert (asset.title, asset.alt_text, asset.visibility) == ("دوچرخه", "سرخ", "team")


def test_tags_are_added_and_removed_by_any_spelling(asset, ai_manager, client_of):
    client = client_of(ai_manager)

    assert names(patch(client, asset, add_tags=["  گربه‌ی   سیاه ", "OLD", "New"])) == ["New", "old", "گربه‌ی سیاه"]
    assert names(patch(client, asset, remove_tags=["گربه ی سياه", "absent"])) == ["New", "old"]
    assert Tag.objects.filter(key="absent").count() == 0


def test_the_whole_list_of_tags_needs_the_version_that_was_read(asset, ai_manager, client_of):
    client = client_of(ai_manager)

    refused = patch(client, asset, tags=["a"])
    assert (refused.status_code, refused.json()["errors"]["version"][0]["code"]) == (400, "version_required")
    assert names(patch(client, asset, tags=["a", "b"], version=1)) == ["a", "b"]
    stale = patch(client, asset, tags=["c"], version=1)
    assert (stale.status_code, stale.json()["code"], stale.json()["version"]) == (409, "changed_meanwhile", 2)


def test_a_picture_moves_into_a_collection_and_out(asset, ai_manager, client_of):
    collection = Collection.objects.create(owner=ai_manager, name="بهار", key="بهار")
    client = client_of(ai_manager)

    inside = patch(client, asset, collection=str(collection.pk))
    assert inside.json()["data"]["collection"] == {"id": str(collection.pk), "name": "بهار"}
    assert patch(client, asset, collection=None).json()["data"]["collection"] is None


def test_another_persons_private_collection_is_none_at_all(asset, ai_manager, other_manager, client_of):
    secret = Collection.objects.create(owner=other_manager, name="راز", key="راز", visibility="private")
    client = client_of(ai_manager)

    answers = [patch(client, asset, collection=str(pk)).json() for pk in (secret.pk, uuid.uuid4())]

    assert {answer["errors"]["collection"][0]["code"] for answer in answers} == {"unknown_collection"}


def test_others_of_the_team_may_look_but_not_write(asset, other_manager, client_of):
    answer = patch(client_of(other_manager), asset, title="x")

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize("who", ["media_manager", "super_admin"])
def test_who_manages_the_library_writes_everywhere(asset, who, client_of, request):
    MediaAsset.objects.update(visibility="private")

    assert patch(client_of(request.getfixturevalue(who)), asset, title="x").status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"prompt": "x"}, "prompt"),
        ({"owner": "x"}, "owner"),
        ({"title": 5}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"alt_text": "x" * 1001}, "alt_text"),
        ({"visibility": "public"}, "visibility"),
        ({"collection": "x"}, "collection"),
        ({"add_tags": "x"}, "add_tags"),
        ({"add_tags": [5]}, "add_tags.0"),
        ({"add_tags": ["x" * 61]}, "add_tags.0"),
        ({"add_tags": [""]}, "add_tags.0"),
        ({"version": "1"}, "version"),
    ],
    ids=str,
)
def test_what_cannot_be_said_is_400_at_its_field(asset, ai_manager, client_of, body, field):
    answer = patch(client_of(ai_manager), asset, **body)

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


def test_a_picture_has_at_most_fifty_tags(asset, ai_manager, client_of):
    client = client_of(ai_manager)
    assert patch(client, asset, add_tags=[f"t{n}" for n in range(49)]).status_code == 200

    answer = patch(client, asset, add_tags=["one more"])

    assert answer.json()["errors"]["add_tags"][0]["code"] == "too_many_tags"
    assert asset.tags.count() == 50


@pytest.mark.django_db(transaction=True)
def test_of_many_edits_at_once_no_tag_and_no_text_is_lost(ai_manager):
    asset = make_asset(ai_manager)
    changes = [{"add_tags": [f"tag {n}"]} for n in range(10)] + [{"alt_text": "سرخ"}, {"alt_text_en": "Red"}]
    start = threading.Barrier(len(changes))

    def edit(change: dict) -> None:
        start.wait()
        try:
            edit_asset(asset_id=asset.pk, user=ai_manager, changes=change)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(changes)) as pool:
        list(pool.map(edit, changes))

    asset.refresh_from_db()
    assert sorted(asset.tags.values_list("name", flat=True)) == sorted(f"tag {n}" for n in range(10))
    assert (asset.alt_text, asset.alt_text_en, asset.version) == ("سرخ", "Red", 13)
    assert "red" in asset.search_text


@pytest.mark.django_db(transaction=True)
def test_of_two_who_replace_all_tags_at_once_one_is_told(ai_manager):
    asset = make_asset(ai_manager)
    start = threading.Barrier(2)

    def edit(name: str) -> str:
        start.wait()
        try:
            edit_asset(asset_id=asset.pk, user=ai_manager, changes={"tags": [name], "version": 1})
            return name
        except Conflict as exc:
            return exc.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(edit, ["a", "b"]))

    assert "changed_meanwhile" in outcomes
    assert [tag.name for tag in asset.tags.all()] == [name for name in outcomes if name in ("a", "b")]
