"""Deleting with a way back, and the emptying of the trash."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from src.media.models import MediaAsset, Rendition
from src.media.services.trash import TRASH_LIFETIME, purge_trash
from tests.media.assets import make_asset


@pytest.fixture
def asset(ai_manager):
    return make_asset(ai_manager, tags=["برف"])


def test_a_deleted_picture_is_gone_for_everyone_and_comes_back_whole(asset, ai_manager, super_admin, client_of):
    client = client_of(ai_manager)
    address = f"/api/media/{asset.pk}/"

    deleted = client.delete(address)
    gone = [
        client_of(user).get(address + part).status_code
        for user in (ai_manager, super_admin)
        for part in ("", "original/")
    ]
    restored = client.post(f"{address}restore/")

    assert (deleted.status_code, deleted.json()["code"]) == (200, "media_deleted")
    assert gone == [404] * 4
    assert (restored.status_code, restored.json()["code"]) == (200, "media_restored")
    assert [tag["name"] for tag in restored.json()["data"]["tags"]] == ["برف"]
    assert client.get(address).status_code == 200


def test_who_may_only_look_may_not_delete(asset, other_manager, client_of):
    assert client_of(other_manager).delete(f"/api/media/{asset.pk}/").status_code == 403


def test_nothing_is_brought_back_by_somebody_else(asset, other_manager, client_of):
    MediaAsset.objects.update(deleted_at=timezone.now())

    assert client_of(other_manager).post(f"/api/media/{asset.pk}/restore/").status_code == 404


def test_what_is_not_deleted_cannot_be_brought_back(asset, ai_manager, client_of):
    assert client_of(ai_manager).post(f"/api/media/{asset.pk}/restore/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_after_thirty_days_row_and_files_are_gone(ai_manager, stored_names):
    now = timezone.now()
    due = make_asset(ai_manager, deleted_at=now - TRASH_LIFETIME - timedelta(minutes=1))
    early = make_asset(ai_manager, deleted_at=now - TRASH_LIFETIME + timedelta(minutes=1))
    kept = make_asset(ai_manager)
    rendition = default_storage.save("renditions/due.webp", ContentFile(b"RIFF"))
    Rendition.objects.create(asset=due, size=320, format="webp", file_name=rendition, width=1, height=1, size_bytes=4)

    assert purge_trash(dry_run=True).assets == 1
    purged = purge_trash()

    assert (purged.assets, purged.bytes) == (1, due.size_bytes)
    assert set(MediaAsset.objects.values_list("pk", flat=True)) == {early.pk, kept.pk}
    present = {name: default_storage.exists(name) for name in (due.file_name, rendition)}
    assert present == {due.file_name: False, rendition: False}
    assert default_storage.exists(early.file_name)


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_gone_already_stops_no_purge(ai_manager, stored_names):
    long_ago = timezone.now() - timedelta(days=60)
    assets = [make_asset(ai_manager, deleted_at=long_ago) for _ in range(2)]
    default_storage.delete(assets[0].file_name)

    assert purge_trash().assets == 2
    assert not default_storage.exists(assets[1].file_name)
