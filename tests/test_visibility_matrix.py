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
from src.ai.models import ImageGeneration, JobEvent
from src.ai.services.inbox import preview_path, write_to_inbox
from src.media.models import Collection, MediaAsset
from src.media.services.organising import find_or_make_tags
from src.media.services.publishing import publish_asset
from tests.factories import make_model, make_sandbox
from tests.media.assets import make_asset
from tests.routes import all_routes
from tests.upstream.pictures import draw
from tests.visibility_table import KINDS, OK, PEOPLE, ROUTES
from tests.webhooks.rows import make_delivery, make_webhook

PNG = draw((8, 8), "png")
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
    path = preview_path(generation.pk, 0, 0, "png")
    write_to_inbox(path, PNG)
    shown = {"image_index": 0, "preview_index": 0, "mime_type": "image/png", "path": path}
    preview = JobEvent.objects.create(admin=stranger, seq=1, generation=generation, kind="preview", data=shown)
    token, _text = create_api_token(user=stranger, name="theirs", scopes=[])
    invitation = Invitation.objects.create(
        token_hash="x", invited_by=stranger, expires_at=timezone.now() + timedelta(days=1)
    )
    webhook = make_webhook()
    return {
        "webhook_id": webhook.pk,
        "delivery_id": make_delivery(webhook).pk,
        "provider": provider.pk,
        "provider_pk": provider.pk,
        "provider_id": provider.pk,
        "model": model.pk,
        "generation_id": generation.pk,
        "index": 0,
        "seq": preview.seq,
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


def test_lists_hold_what_one_sees(client_of, people):
    """Each person has a private picture, the manager a team one too; a tag and a collection lie beside each."""
    for person, user in people.items():
        make_asset(user, title=person, visibility="private", tags=[f"{person}'s"])
        Collection.objects.create(owner=user, name=person, key=person, visibility="private")
    make_asset(people["manager"], title="team", tags=["team's"])
    make_asset(people["manager"], title="deleted", tags=["deleted's"], deleted_at=timezone.now())
    Collection.objects.create(owner=people["manager"], name="team", key="team")

    def names(person: str, path: str, field: str) -> set[str]:
        results = client_of(people[person]).get(f"/api/media/{path}").json()["data"]["results"]
        return {row[field] for row in results}

    everything = {*people, "team"}
    sees = {person: {person, "team"} for person in ("manager", "other manager")}
    sees |= dict.fromkeys(("media manager", "super admin"), everything)
    assert {person: names(person, "", "title") for person in people} == sees
    assert {person: names(person, "collections/", "name") for person in people} == sees
    tags = {person: {f"{name}'s" for name in found} for person, found in sees.items()}
    assert {person: names(person, "tags/", "name") for person in people} == tags
    trash = {person: set() if person == "other manager" else {"deleted"} for person in people}
    assert {person: names(person, "trash/", "title") for person in people} == trash


def test_what_one_may_do_with_many_is_what_one_may_do_with_each(client_of, people):
    """`bulk/` says so in its answer, not in its status."""
    team, private = (make_asset(people["manager"], visibility=kind) for kind in ("team", "private"))
    ids = [str(team.pk), str(private.pk)]

    def outcome(person: str, **change: str) -> dict:
        return client_of(people[person]).post("/api/media/bulk/", {"ids": ids, **change}).json()["data"]

    nothing = {"changed": [], "not_found": [], "not_permitted": []}
    for change in ({"action": "visibility", "visibility": "private"}, {"action": "delete"}):
        team_only = nothing | {"not_found": ids[1:], "not_permitted": ids[:1]}
        assert outcome("other manager", **change) == team_only
        assert outcome("media manager", **change) == nothing | {"changed": ids}
        MediaAsset.objects.filter(pk=team.pk).update(visibility="team")
        MediaAsset.objects.update(deleted_at=None)


def test_every_route_has_a_row():
    assert all_routes() - set(ROUTES) == set()


def test_every_row_is_of_a_route():
    assert set(ROUTES) - all_routes() == set()


def test_a_route_without_a_row_would_be_seen():
    assert {"GET /api/media/{asset_id}/", "DELETE /api/media/{asset_id}/publish/", "GET /livez"} <= all_routes()
