"""Public addresses: who makes them, what anybody gets, and how they end."""

import html
import re

import pytest
from django.utils import timezone

from src.accounts.models import AuditEntry
from src.media.models import MediaAsset, PublishedLink, Rendition
from src.media.provenance import made_by_ai
from tests.media.assets import make_asset
from tests.media.sockets import fetch
from tests.upstream.pictures import draw

WIDE = draw((1600, 1200), "png")


@pytest.fixture
def asset(transactional_db, ai_manager, stored_names):
    return make_asset(
        ai_manager, WIDE, provenance=made_by_ai(provider_label="OpenAI", model_id="x"), alt_text='گربهٔ "سیاه" <در> برف'
    )


@pytest.fixture
def publish(server, token_of):
    """`publish(asset, user)` gives the status and the body."""

    def call(asset, user, method="POST"):
        answer = fetch(f"{server.url}/api/media/{asset.pk}/publish/", method, token=token_of(user))
        return answer.status, answer.json()

    return call


def test_an_address_is_made_once_and_works_for_anybody_without_cookies(asset, ai_manager, publish):
    status, body = publish(asset, ai_manager)
    again = publish(asset, ai_manager)

    assert (status, body["code"]) == (201, "media_published")
    assert (again[0], again[1]["code"], again[1]["data"]) == (200, "media_already_published", body["data"])
    assert sorted(body["data"]["urls"]) == ["1024.avif", "1024.webp", "320.avif", "320.webp"]
    for name, url in body["data"]["urls"].items():
        answer = fetch(url)
        assert (answer.status, answer.headers["Content-Type"]) == (200, f"image/{name.split('.')[1]}")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert {"Set-Cookie", "Vary", "Content-Language"} & set(answer.headers) == set()
        assert fetch(url, If_None_Match=answer.headers["ETag"]).status == 304
        assert fetch(url, "HEAD").status == 200


def test_the_address_cannot_be_guessed(asset, ai_manager, publish):
    url = publish(asset, ai_manager)[1]["data"]["urls"]["320.webp"]
    token = re.search("/p/([A-Za-z0-9_-]+)/", url)[1]

    assert len(token) == 32
    assert fetch(url.replace(token, token[:-1] + ("A" if token[-1] != "A" else "B"))).status == 404
    assert fetch(url.replace("320.webp", "640.webp")).status == 404
    assert fetch(url.replace("320.webp", "original.png")).status == 404


def test_the_snippet_is_ready_to_paste_and_escapes_the_texts(asset, ai_manager, publish):
    data = publish(asset, ai_manager)[1]["data"]
    snippet = data["picture_html"]

    assert f'alt="{html.escape(asset.alt_text)}"' in snippet
    assert 'width="1024" height="768"' in snippet
    assert data["urls"]["320.avif"] + " 320w" in snippet
    assert snippet.index("image/avif") < snippet.index("image/webp")
    assert data["is_alt_text_missing"] is False


def test_a_missing_alt_text_is_said(asset, ai_manager, publish):
    MediaAsset.objects.update(alt_text="")

    data = publish(asset, ai_manager)[1]["data"]

    assert (data["is_alt_text_missing"], 'alt=""' in data["picture_html"]) == (True, True)


def test_a_revoked_address_is_not_found_and_the_next_one_is_another(asset, ai_manager, publish):
    first = publish(asset, ai_manager)[1]["data"]["urls"]["320.webp"]

    assert publish(asset, ai_manager, "DELETE")[1]["code"] == "media_unpublished"
    status, again = publish(asset, ai_manager, "DELETE")
    assert (status, again["code"]) == (404, "not_published")
    gone = fetch(first)
    second = publish(asset, ai_manager)[1]["data"]["urls"]["320.webp"]

    assert (gone.status, gone.json()["code"]) == (404, "not_found")
    assert "max-age" not in gone.headers.get("Cache-Control", "")
    assert (fetch(first).status, fetch(second).status) == (404, 200)


def test_a_deleted_picture_is_not_public_until_it_is_back(asset, ai_manager, publish):
    url = publish(asset, ai_manager)[1]["data"]["urls"]["320.webp"]

    MediaAsset.objects.update(deleted_at=timezone.now())
    assert fetch(url).status == 404
    MediaAsset.objects.update(deleted_at=None)
    assert fetch(url).status == 200


def test_only_who_may_write_publishes(asset, ai_manager, other_manager, media_manager, publish):
    assert publish(asset, other_manager)[0] == 403
    assert publish(asset, other_manager, "DELETE")[0] == 403
    MediaAsset.objects.update(visibility="private")
    assert publish(asset, other_manager)[0] == 404
    assert publish(asset, media_manager)[0] == 201
    assert PublishedLink.objects.get().created_by == media_manager


def test_publishing_and_revoking_are_in_the_audit(asset, ai_manager, publish):
    publish(asset, ai_manager)
    publish(asset, ai_manager)
    publish(asset, ai_manager, "DELETE")

    entries = AuditEntry.objects.filter(object_id=str(asset.pk)).order_by("id")
    assert [(entry.action, entry.actor_name) for entry in entries] == [
        ("media.published", "manager"),
        ("media.unpublished", "manager"),
    ]
    token = PublishedLink.objects.get().token
    assert token not in str([(entry.before, entry.after) for entry in entries])


def test_the_copies_tell_nothing_but_that_ai_made_them(asset, ai_manager, publish):
    url = publish(asset, ai_manager)[1]["data"]["urls"]["1024.webp"]

    content = fetch(url).body
    assert b"EXIF" not in content
    assert b"trainedAlgorithmicMedia" in content


def test_after_a_restore_a_published_picture_is_shown_though_its_copies_are_still_to_be_made(
    asset, ai_manager, publish, client_of, server
):
    before = publish(asset, ai_manager)[1]["data"]["picture_html"]
    Rendition.objects.all().delete()
    client, address = client_of(ai_manager), f"/api/media/{asset.pk}/"

    answers = [client.get(address), client.patch(address, {"title": "x"})]

    assert [answer.status_code for answer in answers] == [200, 200]
    shown = [answer.json()["data"]["link"]["picture_html"] for answer in answers]
    assert [text.replace("http://testserver", server.url) for text in shown] == [before, before]
