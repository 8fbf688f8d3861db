"""One picture's record: how it was made, and what belongs to it."""

import uuid

import pytest

from src.ai.models import ImageGeneration
from src.media.models import MediaAsset
from tests.factories import make_model, make_sandbox
from tests.media.assets import make_asset

GENERATE = "/api/ai/admin/images/generate/"


@pytest.fixture
def canvas(db):
    spec = {"sizes": ["64x64"], "seed": True, "max_n": 4, "output_formats": ["png"]}
    return make_model(make_sandbox(), "canvas", image_spec=spec, pricing=[])


def record_of(client, asset) -> dict:
    answer = client.get(f"/api/media/{asset.pk}/")
    assert answer.status_code == 200, answer.json()
    return answer.json()["data"]


@pytest.mark.django_db(transaction=True)
def test_a_generated_picture_tells_how_it_was_made(ai_manager, client_of, canvas, stored_names):
    client = client_of(ai_manager)
    body = {"model_id": canvas.pk, "prompt": "گربه‌ای در برف", "size": "64x64", "n": 2, "seed": 7}
    made = client.post(GENERATE, body).json()["data"]
    generation = ImageGeneration.objects.get()

    record = record_of(client, MediaAsset.objects.get(pk=made["images"][1]["asset_id"]))

    assert (record["generation_id"], record["provider_slug"], record["model_id"]) == (
        str(generation.pk),
        "sandbox",
        "canvas",
    )
    assert (record["prompt"], record["params"]) == ("گربه‌ای در برف", generation.params_sent)
    snapshot = record["snapshot"]
    assert {name: snapshot[name] for name in ("index", "requested", "key_source", "params_asked")} == {
        "index": 1,
        "requested": 2,
        "key_source": "shared",
        "params_asked": {"size": "64x64", "n": 2, "seed": 7},
    }
    assert snapshot["seed"] == made["images"][1]["seed"]
    assert snapshot["started_at"] == generation.started_at.isoformat()
    assert record["cost_micros"] == 0
    assert record["provenance"]["made_by_ai"] is True
    assert [other["id"] for other in record["lineage"]["same_generation"]] == [made["images"][0]["asset_id"]]


def test_a_picture_saved_later_tells_the_same(ai_manager, client_of, canvas, transactional_db, stored_names):
    client = client_of(ai_manager)
    body = {"model_id": canvas.pk, "prompt": "cat", "seed": 9, "save_to_media": False}
    made = client.post(GENERATE, body).json()["data"]

    client.post(f"/api/ai/admin/images/generations/{made['generation_id']}/save/", {})

    snapshot = record_of(client, MediaAsset.objects.get())["snapshot"]
    assert (snapshot["seed"], snapshot["params_asked"]["seed"], snapshot["index"]) == (9, 9, 0)


def test_lineage_goes_both_ways_and_names_only_what_one_sees(ai_manager, other_manager, client_of):
    source, hidden = make_asset(ai_manager), make_asset(ai_manager, visibility="private")
    edited = make_asset(ai_manager, source="edited")
    edited.made_from.add(source, hidden)

    def ids(user, asset, name) -> set[str]:
        return {other["id"] for other in record_of(client_of(user), asset)["lineage"][name]}

    assert ids(ai_manager, edited, "made_from") == {str(source.pk), str(hidden.pk)}
    assert ids(other_manager, edited, "made_from") == {str(source.pk)}
    assert ids(other_manager, source, "made_into") == {str(edited.pk)}
    assert ids(other_manager, source, "same_generation") == set()


def test_pictures_without_a_generation_are_no_siblings(ai_manager, client_of):
    asset = make_asset(ai_manager)
    make_asset(ai_manager)

    assert record_of(client_of(ai_manager), asset)["lineage"]["same_generation"] == []


def test_a_record_costs_as_many_queries_whatever_belongs_to_it(ai_manager, client_of, django_assert_num_queries):
    generation_id = uuid.uuid4()
    asset = make_asset(ai_manager, generation_id=generation_id)
    client = client_of(ai_manager)

    # Session, user, permissions (two), the picture, its tags, its link, three kinds of lineage.
    with django_assert_num_queries(10):
        record_of(client, asset)
    for index in range(4):
        other = make_asset(ai_manager, generation_id=generation_id, tags=[f"t{index}"])
        asset.made_from.add(other)
        other.made_from.add(asset)
    with django_assert_num_queries(10):
        assert len(record_of(client, asset)["lineage"]["same_generation"]) == 4
