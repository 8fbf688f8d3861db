import hashlib
import resource
import uuid
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from src.core.errors import NotFound, Unavailable
from src.media.inspection import inspect_picture
from src.media.services.assets import find_visible_asset, title_from_prompt
from src.media.services.originals import open_original, store_original
from tests.media.assets import make_asset
from tests.upstream.pictures import draw

CONTENT = draw((64, 48), "jpeg")


@pytest.fixture
def original():
    return store_original(content=CONTENT, facts=inspect_picture(CONTENT))


def test_an_original_keeps_its_bytes_and_their_hash(original):
    with default_storage.open(original.file_name) as stored:
        assert stored.read() == CONTENT
    assert original.sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_an_originals_name_is_its_id_and_real_type(original):
    name = original.asset_id.hex

    assert original.file_name == f"originals/{name[:2]}/{name}.jpg"


def test_the_same_picture_twice_is_two_originals(original):
    again = store_original(content=CONTENT, facts=inspect_picture(CONTENT))

    assert again.file_name != original.file_name


def test_an_asset_says_what_its_original_is(ai_manager):
    asset = make_asset(ai_manager, CONTENT, alt_text="دوچرخهٔ سرخ", snapshot={"prompt": "a red bicycle"})
    asset.refresh_from_db()

    assert (asset.mime_type, asset.width, asset.height, asset.size_bytes) == ("image/jpeg", 64, 48, len(CONTENT))
    assert (asset.title, asset.alt_text, asset.prompt) == ("دوچرخه", "دوچرخهٔ سرخ", "a red bicycle")
    assert asset.sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_stored_original_opens(ai_manager):
    with open_original(make_asset(ai_manager, CONTENT)) as file:
        assert file.read() == CONTENT


def test_a_lost_original_is_not_found(ai_manager):
    asset = make_asset(ai_manager)
    default_storage.delete(asset.file_name)

    with pytest.raises(NotFound) as caught:
        open_original(asset)

    assert caught.value.code == "original_missing"


def test_finding_an_asset_asks_the_database_once_after_the_permissions(ai_manager, django_assert_num_queries):
    asset = make_asset(ai_manager)
    ai_manager.has_perm("ai.manage")

    with django_assert_num_queries(1):
        assert find_visible_asset(asset_id=asset.pk, user=ai_manager) == asset


def test_an_asset_that_is_not_there_is_not_found(super_admin):
    with pytest.raises(NotFound):
        find_visible_asset(asset_id=uuid.uuid4(), user=super_admin)


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("گربه‌ای در برف", "گربه‌ای در برف"),
        ("  a red\n\n bicycle\t", "a red bicycle"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 80 + "…"),
        ("word " * 15 + "longest", "word " * 14 + "word…"),
        ("a" * 39 + " " + "b" * 40 + " " + "c", "a" * 39 + " " + "b" * 40 + "…"),
        ("a " + "b" * 100, "a…"),
        ("", ""),
    ],
)
def test_a_title_is_the_prompts_start_on_one_line_cut_at_a_word(prompt, title):
    assert title_from_prompt(prompt) == title


def test_a_full_disk_leaves_nothing_of_a_picture(settings):
    content = draw((64, 48), "png") + bytes(100_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(Unavailable):
            store_original(content=content, facts=inspect_picture(content))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []
