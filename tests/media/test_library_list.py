"""The list: its order, its pages, its filters, and what it costs."""

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from src.media.models import Collection, Favourite, Visibility
from src.media.services.publishing import publish_asset
from tests.media.assets import ids_of, make_asset

LIST = "/api/media/"


def test_the_newest_comes_first_and_a_row_says_what_a_grid_shows(ai_manager, client_of):
    old = make_asset(ai_manager, title="کهنه", created_at=timezone.now() - timedelta(days=1))
    new = make_asset(ai_manager, title="نو", tags=["برف"], provider_slug="sandbox", model_id="canvas")

    answer = client_of(ai_manager).get(LIST)

    assert ids_of(answer) == [str(new.pk), str(old.pk)]
    row = answer.json()["data"]["results"][0]
    assert row["title"] == "نو"
    assert [tag["name"] for tag in row["tags"]] == ["برف"]
    assert (row["owner"], row["provider_slug"], row["model_id"]) == ("manager", "sandbox", "canvas")
    assert (row["width"], row["height"], row["mime_type"]) == (64, 48, "image/png")
    assert row["url"] == f"/api/media/{new.pk}/original/"
    assert row["thumbnails"] == {size: f"/api/media/{new.pk}/renditions/{size}.webp" for size in ("320", "1024")}
    assert (row["is_favourite"], row["is_published"], row["collection"]) == (False, False, None)
    assert "prompt" not in row


def test_pages_hold_every_picture_once_also_where_moments_are_equal(ai_manager, client_of):
    moment = timezone.now()
    made = {str(make_asset(ai_manager, created_at=moment).pk) for _ in range(7)}
    client, url, seen = client_of(ai_manager), f"{LIST}?page_size=3", []
    while url:
        answer = client.get(url)
        seen += ids_of(answer)
        url = answer.json()["data"]["next"]

    assert (len(seen), set(seen)) == (7, made)


def test_a_deleted_picture_is_in_no_list_but_the_trash_of_who_may_bring_it_back(
    ai_manager, other_manager, media_manager, client_of
):
    asset = make_asset(ai_manager, deleted_at=timezone.now())

    listed = {user.username: ids_of(client_of(user).get(LIST)) for user in (ai_manager, other_manager)}
    trashed = {
        user.username: ids_of(client_of(user).get(f"{LIST}trash/"))
        for user in (ai_manager, other_manager, media_manager)
    }

    assert listed == {"manager": [], "other": []}
    assert trashed == {"manager": [str(asset.pk)], "other": [], "librarian": [str(asset.pk)]}


GENERATION = uuid.uuid4()
FILTERS = [
    ("provider=openai", {"provider_slug": "openai"}, {"provider_slug": "sandbox"}),
    ("model=canvas", {"model_id": "canvas"}, {"model_id": "canvas-2"}),
    ("source=uploaded", {"source": "uploaded"}, {"source": "generated"}),
    ("visibility=private", {"visibility": "private"}, {"visibility": "team"}),
    ("tag=Snow", {"tags": ["snow"]}, {"tags": ["snowman"]}),
    ("tag=snow&tag=cat", {"tags": ["snow", "cat"]}, {"tags": ["snow"]}),
    ("tag=كتاب", {"tags": ["کتاب"]}, {"tags": []}),
    ("missing_alt_text=fa", {"alt_text_en": "A cat"}, {"alt_text": "گربه"}),
    ("missing_alt_text=en", {"alt_text": "گربه"}, {"alt_text_en": "A cat"}),
    ("missing_alt_text=any", {"alt_text": "گربه"}, {"alt_text": "گربه", "alt_text_en": "A cat"}),
    (f"generation={GENERATION}", {"generation_id": GENERATION}, {"generation_id": uuid.uuid4()}),
    ("search=برف", {"title": "گربه در برف"}, {"title": "گربه در باران"}),
    (
        "since=2026-03-01T00:00:00Z",
        {"created_at": datetime(2026, 3, 1, tzinfo=UTC)},
        {"created_at": datetime(2026, 2, 28, 23, 59, tzinfo=UTC)},
    ),
    (
        "until=2026-03-01T00:00:00Z",
        {"created_at": datetime(2026, 2, 28, 23, 59, tzinfo=UTC)},
        {"created_at": datetime(2026, 3, 1, tzinfo=UTC)},
    ),
    # A day begins where the site is: Tehran is 3:30 ahead of UTC.
    (
        "since=2026-03-02",
        {"created_at": datetime(2026, 3, 1, 20, 30, tzinfo=UTC)},
        {"created_at": datetime(2026, 3, 1, 20, 29, tzinfo=UTC)},
    ),
    (
        "until=2026-03-01",
        {"created_at": datetime(2026, 3, 1, 20, 29, tzinfo=UTC)},
        {"created_at": datetime(2026, 3, 1, 20, 30, tzinfo=UTC)},
    ),
]


@pytest.mark.parametrize(("query", "found", "left_out"), FILTERS, ids=[query for query, _, _ in FILTERS])
def test_a_filter_finds_what_fits_and_only_that(ai_manager, client_of, query, found, left_out):
    fitting = make_asset(ai_manager, **found)
    make_asset(ai_manager, **left_out)

    assert ids_of(client_of(ai_manager).get(f"{LIST}?{query}")) == [str(fitting.pk)]


def test_pictures_are_found_by_their_owner(ai_manager, other_manager, client_of):
    make_asset(ai_manager)
    others = make_asset(other_manager)

    assert ids_of(client_of(ai_manager).get(f"{LIST}?owner=other")) == [str(others.pk)]


def test_favourites_are_each_persons_own(ai_manager, other_manager, client_of):
    own, others = make_asset(ai_manager), make_asset(ai_manager)
    Favourite.objects.create(user=ai_manager, asset=own)
    Favourite.objects.create(user=other_manager, asset=others)
    client = client_of(ai_manager)

    assert ids_of(client.get(f"{LIST}?favourite=true")) == [str(own.pk)]
    assert ids_of(client.get(f"{LIST}?favourite=false")) == [str(others.pk)]


def test_published_pictures_can_be_told_from_the_others(ai_manager, client_of):
    public, hidden = make_asset(ai_manager), make_asset(ai_manager)
    publish_asset(asset_id=public.pk, user=ai_manager)
    client = client_of(ai_manager)

    assert ids_of(client.get(f"{LIST}?published=true")) == [str(public.pk)]
    assert ids_of(client.get(f"{LIST}?published=false")) == [str(hidden.pk)]


def test_a_collection_lists_only_to_whom_it_is_visible(ai_manager, other_manager, client_of):
    secret = Collection.objects.create(owner=ai_manager, name="راز", key="راز", visibility=Visibility.PRIVATE)
    asset = make_asset(ai_manager, collection=secret)
    address = f"{LIST}?collection={secret.pk}"

    assert ids_of(client_of(ai_manager).get(address)) == [str(asset.pk)]
    assert ids_of(client_of(other_manager).get(address)) == []
    assert client_of(other_manager).get(LIST).json()["data"]["results"][0]["collection"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("tga=snow", "tga"),
        ("source=found", "source"),
        ("since=yesterday", "since"),
        ("since=2026-13-01", "since"),
        ("until=2026-03-01T00:00:00", "until"),
        ("until=9999-12-31", "until"),
        ("collection=7", "collection"),
        ("missing_alt_text=true", "missing_alt_text"),
        ("search=" + "x" * 201, "search"),
        ("provider=%00", "provider"),
        ("page_size=201", "page_size"),
        ("cursor=nonsense", "cursor"),
    ],
)
def test_a_filter_that_cannot_be_is_400_at_its_name(ai_manager, client_of, query, field):
    answer = client_of(ai_manager).get(f"{LIST}?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize("path", [LIST, f"{LIST}trash/"])
def test_a_page_costs_as_many_queries_whatever_it_holds(ai_manager, client_of, django_assert_num_queries, path):
    deleted_at = timezone.now() if path.endswith("trash/") else None
    client = client_of(ai_manager)

    def add(count: int) -> None:
        for index in range(count):
            collection = Collection.objects.create(owner=ai_manager, name=f"c{index}", key=uuid.uuid4().hex)
            make_asset(ai_manager, tags=[f"t{index}", "all"], collection=collection, deleted_at=deleted_at)

    # Session, user, the person's permissions (two), the page, its tags.
    add(1)
    with django_assert_num_queries(6):
        assert len(ids_of(client.get(path))) == 1
    add(8)
    with django_assert_num_queries(6):
        assert len(ids_of(client.get(path))) == 9


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "yesterday", 7, "2026-13-01T00:00:00Z"]
)
def test_a_cursor_made_by_hand_is_400(ai_manager, client_of, moment):
    cursor = base64.urlsafe_b64encode(json.dumps(["n", moment, str(uuid.uuid4())]).encode()).decode()

    answer = client_of(ai_manager).get(LIST, {"cursor": cursor})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["cursor"])
