"""Who gets what: every route, for everyone, for their own, a team and somebody's private picture.

The table is `tests/visibility_table.py`; a route without a row fails here.
"""

import uuid
from contextlib import closing
from datetime import timedelta

import pytest
from django.utils import timezone

from src.accounts.models import Invitation
from src.accounts.services.tokens import create_api_token
from src.ai.models import ImageGeneration
from src.media.models import Collection, MediaAsset
from src.media.services.organising import find_or_make_tags
from src.media.services.publishing import publish_asset
from tests.factories import make_model, make_sandbox
from tests.media.assets import make_asset
from tests.routes import all_routes
from tests.visibility_table import KINDS, OK, PEOPLE, ROUTES

USER_OF = {
    "manager": "ai_manager",
    "other manager": "other_manager",
    "media manager": "media_manager",
    "super admin": "super_admin",
}


@pytest.fixture
def people(request, transactional_db):
    return {person: request.getfixturevalue(fixture) for person, fixture in USER_OF.items()}


@pytest.fixture
def somebodys(stranger):
    """Rows that are nobody's in the table: of another person, or of no person."""
    provider = make_sandbox()
    model = make_model(provider, "canvas", pricing=[])
    generation = ImageGeneration.objects.create(
        admin=stranger, provider=provider, model=model, key_source="shared", prompt="p", n=1
    )
    token, _text = create_api_token(user=stranger, name="theirs", scopes=[])
    invitation = Invitation.objects.create(
        token_hash="x", invited_by=stranger, expires_at=timezone.now() + timedelta(days=1)
    )
    return {
        "provider": provider.pk,
        "provider_pk": provider.pk,
        "provider_id": provider.pk,
        "model": model.pk,
        "generation_id": generation.pk,
        "index": 0,
        "token_id": token.pk,
        "token": "x" * 32,
        "invitation_id": invitation.pk,
        "person_id": stranger.pk,
        "user_id": stranger.pk,
        "size": 320,
        "format": "webp",
    }


def picture_for(kind: str, asker, people, *, is_deleted: bool) -> MediaAsset:
    """`own`: a private one of the asker's. `team` and `private`: the manager's."""
    owner = asker if kind == "own" and asker is not None else people["manager"]
    visibility = "team" if kind == "team" or asker is None else "private"
    deleted_at = timezone.now() if is_deleted else None
    asset = make_asset(owner, visibility=visibility, deleted_at=deleted_at)
    asset.tags.add(*find_or_make_tags(["tag"]))
    Collection.objects.create(owner=owner, name="c", key=uuid.uuid4().hex, visibility=visibility)
    return asset


@pytest.mark.parametrize("route", ROUTES)
def test_everyone_gets_what_the_table_says(client_of, people, somebodys, route):
    row = ROUTES[route]
    kinds = KINDS if row.is_about_a_picture else KINDS[:1]

    found = {
        person: tuple(ask(route, client_of, people, people.get(person), kind, somebodys) for kind in kinds)
        for person in PEOPLE
    }

    assert found == {person: row.statuses[person][: len(kinds)] for person in PEOPLE}


def ask(route, client_of, people, asker, kind, somebodys) -> int | str:
    """The status, or OK for any that is neither 401 nor 403 nor 404."""
    row = ROUTES[route]
    asset = picture_for(kind, asker, people, is_deleted=row.is_deleted)
    places = {
        **somebodys,
        "pk": somebodys[row.pk],
        "asset_id": asset.pk,
        "tag_id": asset.tags.get().pk,
        "collection_id": Collection.objects.latest("created_at").pk,
    }
    if row.is_published:
        places["token"] = publish_asset(asset_id=asset.pk, user=asset.owner).link.token
    method, path = route.split(" ", 1)
    body = row.body(asset) if row.body else None
    with closing(getattr(client_of(asker), method.lower())(path.format(**places), body)) as answer:
        return answer.status_code if answer.status_code in (401, 403, 404) else OK


def test_every_route_has_a_row():
    assert all_routes() - set(ROUTES) == set()


def test_every_row_is_of_a_route():
    assert set(ROUTES) - all_routes() == set()


def test_a_route_without_a_row_would_be_seen():
    assert {"GET /api/media/{asset_id}/", "DELETE /api/media/{asset_id}/publish/", "GET /livez"} <= all_routes()
