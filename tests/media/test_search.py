"""Search as people type: Persian in its several spellings, parts of words, plain signs."""

import pytest
from django.db import connection
from hypothesis import example, given, settings
from hypothesis import strategies as st

from src.core.text import normalise
from src.media import search as searching
from src.media.models import MediaAsset
from src.media.services.editing import edit_asset
from tests.media.assets import ids_of, make_asset

SPELLINGS = [
    ("كتاب", "کتاب"),
    ("ياس", "یاس"),
    ("می‌روم", "می روم"),
    ("می روم", "می‌روم"),
    ("مُحَمَّد", "محمد"),
    ("آئینه", "ایینه"),
    ("۱۴۰۵", "1405"),
    ("١٤٠٥", "۱۴۰۵"),
    ("ﻛﺘﺎﺏ", "کتاب"),
    ("ســـلام", "سلام"),
    ("Ｆｕｌｌ", "full"),
    ("Café", "CAFE"),
    ("Straße", "STRASSE"),
    ("خانهٔ", "خانه"),
]


@pytest.mark.parametrize(("stored", "asked"), [*SPELLINGS, *[(b, a) for a, b in SPELLINGS]])
def test_two_spellings_of_one_word_find_each_other(ai_manager, client_of, stored, asked):
    asset = make_asset(ai_manager, title=stored)

    answer = client_of(ai_manager).get("/api/media/", {"search": asked})

    assert ids_of(answer) == [str(asset.pk)]
    assert answer.json()["data"]["results"][0]["title"] == stored


@pytest.mark.parametrize("field", ["title", "alt_text", "alt_text_en", "prompt"])
def test_every_text_of_a_picture_is_searched(ai_manager, client_of, field):
    asset = make_asset(ai_manager, **{"title": "", field: "A lighthouse at dawn"})
    make_asset(ai_manager, title="")

    assert ids_of(client_of(ai_manager).get("/api/media/?search=ghthous")) == [str(asset.pk)]


@pytest.mark.parametrize("asked", ["in snow", "snow in", "cat sno", "SNOW  cat", "ca sn", "c s", "c a"])
def test_all_words_count_in_any_order_and_parts_of_words_too(ai_manager, client_of, asked):
    asset = make_asset(ai_manager, title="A cat in the snow")
    make_asset(ai_manager, title="A dog in the rain")

    assert ids_of(client_of(ai_manager).get("/api/media/", {"search": asked})) == [str(asset.pk)]


@pytest.mark.parametrize("text", ["sn ow", "برف‌گیر در باغ"])
def test_one_or_two_letters_are_the_start_of_a_word(ai_manager, client_of, text):
    asset = make_asset(ai_manager, title=text)
    client = client_of(ai_manager)

    for asked, found in [(text[:1], 1), (text[:2], 1), (text.split()[1][:2], 1), (text[1:2], 0), ("qq", 0)]:
        assert ids_of(client.get("/api/media/", {"search": asked})) == [str(asset.pk)] * found, asked


@pytest.mark.parametrize("asked", ["100%", "a_b", '"quoted"', "it's", "a*", "NEAR(a b)", "x OR y", "-y", "(z", "^s"])
def test_signs_are_plain_characters(ai_manager, client_of, asked):
    asset = make_asset(ai_manager, title=f"at first {asked} at last")
    make_asset(ai_manager, title="at first 100 axb quoted its ab NEAR a b x y z s at last")

    assert ids_of(client_of(ai_manager).get("/api/media/", {"search": asked})) == [str(asset.pk)]


@pytest.mark.parametrize("asked", ["", " ", "\u200c", "ـ"])
def test_a_search_for_nothing_is_none(ai_manager, client_of, asked):
    asset = make_asset(ai_manager)

    assert ids_of(client_of(ai_manager).get("/api/media/", {"search": asked})) == [str(asset.pk)]


def test_an_edit_is_found_by_the_new_text_and_not_by_the_old(ai_manager, client_of):
    asset = make_asset(ai_manager, title="lighthouse")
    client = client_of(ai_manager)
    edit_asset(asset_id=asset.pk, user=ai_manager, changes={"title": "windmill"})

    assert ids_of(client.get("/api/media/?search=windmill")) == [str(asset.pk)]
    assert ids_of(client.get("/api/media/?search=lighthouse")) == []


def test_what_is_gone_is_not_found(ai_manager, client_of):
    make_asset(ai_manager, title="lighthouse").delete()

    assert ids_of(client_of(ai_manager).get("/api/media/?search=lighthouse")) == []


def test_a_common_word_is_found_as_a_rare_one_is(ai_manager, client_of, monkeypatch):
    monkeypatch.setattr(searching, "COMMON", 2)
    made = [str(make_asset(ai_manager, title=f"snow {index}").pk) for index in range(4)]
    make_asset(ai_manager, title="rain")
    client = client_of(ai_manager)

    assert sorted(ids_of(client.get("/api/media/?search=snow"))) == sorted(made)
    assert ids_of(client.get("/api/media/?search=snow 3")) == made[3:]


def test_other_peoples_private_pictures_are_not_found(ai_manager, other_manager, client_of):
    make_asset(ai_manager, title="lighthouse", visibility="private")

    assert ids_of(client_of(other_manager).get("/api/media/?search=lighthouse")) == []


def test_the_index_is_made_anew_where_a_migration_lost_it(ai_manager, client_of):
    asset = make_asset(ai_manager, title="lighthouse")
    names = "TRIGGER media_search_insert" if connection.vendor == "sqlite" else f"INDEX {searching.INDEX_NAME}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"DROP {names}")
    later = make_asset(ai_manager, title="lighthouse keeper")
    connection.check_constraints()

    searching.install_search_index("default")

    assert set(ids_of(client_of(ai_manager).get("/api/media/?search=lighthouse"))) == {str(asset.pk), str(later.pk)}


def test_the_database_uses_the_index_for_a_word(ai_manager):
    make_asset(ai_manager)
    rows = searching.search(MediaAsset.objects.all(), "lighthouse")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        plan = rows.explain()

    assert ("VIRTUAL TABLE" if connection.vendor == "sqlite" else searching.INDEX_NAME) in plan


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
@example("İ ŉ ǰ ΐ")
@example("\u0640\u200c\u0654")
def test_normalising_twice_changes_nothing(text):
    once = normalise(text)

    assert normalise(once) == once
    assert once == once.strip()
    assert "\n" not in once
