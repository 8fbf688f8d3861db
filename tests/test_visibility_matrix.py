"""Who gets what: every route, for everyone, for their own, a team and somebody's private picture.

The table is `tests/visibility_table.py`; a route without a row fails here.
"""

import uuid

import pytest
from django.utils import timezone

from src.media.models import Collection, MediaAsset
from src.media.services.organising import find_or_make_tags
from src.media.services.publishing import publish_asset
from tests.media.assets import make_asset
from tests.routes import all_routes
from tests.visibility_table import KINDS, OK, PEOPLE, ROUTES, Row

USER_OF = {
    "manager": "ai_manager",
    "other manager": "other_manager",
    "media manager": "media_manager",
    "super admin": "super_admin",
}
CASES = [
    pytest.param(route, person, kind, id=f"{route} {person} {kind}")
    for route, row in ROUTES.items()
    for person in PEOPLE
    for kind in (KINDS if row.is_about_a_picture else KINDS[:1])
]


@pytest.fixture
def people(request, db):
    return {person: request.getfixturevalue(fixture) for person, fixture in USER_OF.items()}


def picture_for(kind: str, asker, people, *, is_deleted: bool) -> MediaAsset:
    """`own`: a private one of the asker's. `team` and `private`: the manager's."""
    owner = asker if kind == "own" and asker is not None else people["manager"]
    visibility = "team" if kind == "team" or asker is None else "private"
    deleted_at = timezone.now() if is_deleted else None
    asset = make_asset(owner, visibility=visibility, deleted_at=deleted_at)
    asset.tags.add(*find_or_make_tags(["tag"]))
    Collection.objects.create(owner=owner, name="c", key=uuid.uuid4().hex, visibility=visibility)
    return asset


@pytest.mark.parametrize(("route", "person", "kind"), CASES)
def test_everyone_gets_what_the_table_says(client_of, people, route, person, kind, rows_of_other_apps):
    row, asker = ROUTES[route], people.get(person)
    asset = picture_for(kind, asker, people, is_deleted=row.is_deleted)
    places = {
        **rows_of_other_apps,
        "asset_id": asset.pk,
        "tag_id": asset.tags.get().pk,
        "collection_id": Collection.objects.get().pk,
    }
    if row.is_published:
        places["token"] = publish_asset(asset_id=asset.pk, user=asset.owner).link.token
    method, path = route.split(" ", 1)
    body = row.body(asset) if row.body else None

    answer = getattr(client_of(asker), method.lower())(path.format(**places), body)

    expected = row.statuses[person][KINDS.index(kind)]
    let_in = answer.status_code not in (401, 403, 404)
    assert let_in if expected == OK else answer.status_code == expected, (answer.status_code, answer.content)


def test_every_route_has_a_row():
    assert all_routes() - set(ROUTES) == set()


def test_every_row_is_of_a_route():
    assert set(ROUTES) - all_routes() == set()


def test_a_route_without_a_row_would_be_seen(settings):
    assert "GET /api/media/{asset_id}/" in all_routes()
    assert len(all_routes()) > 40
    assert isinstance(ROUTES["GET /api/media/{asset_id}/"], Row)
