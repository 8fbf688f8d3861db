import pytest

from tests.ai.providers_api.conftest import field_codes
from tests.factories import make_model, make_provider, make_sandbox

URL = "image-providers/capabilities/"


@pytest.fixture
def manager(caller, ai_manager):
    return caller(ai_manager)


def test_it_tells_what_each_provider_can_do(manager):
    openai = make_provider()
    make_model(openai, "a", capabilities={"image": True, "image_edit": True})
    make_model(openai, "b", capabilities={"image": True, "vision": False})
    make_model(openai, "c", capabilities={"chat": True}, is_active=False)

    [row] = manager.get(URL).data["data"]

    assert row == {
        "id": openai.pk,
        "slug": "openai",
        "name": "openai",
        "is_active": True,
        "adapter": "openai",
        "adapter_is_built": True,
        "makes_images": True,
        "edits_images": True,
        "takes_mask": True,
        "max_references": 16,
        "streams_previews": True,
        "parameters": [
            *("background", "output_compression", "output_format", "partial_images", "quality", "size", "style"),
        ],
        "capabilities": ["image", "image_edit"],
        "models_by_capability": {"image": 2, "image_edit": 1},
    }


def test_a_service_whose_adapter_was_taken_out_makes_no_pictures(manager):
    make_model(make_provider("gone", adapter="gone"))

    [row] = manager.get(URL).data["data"]

    assert (row["adapter_is_built"], row["makes_images"], row["edits_images"]) == (False, False, False)


def test_a_provider_without_models_that_edit_edits_nothing(manager):
    make_model(make_provider(), capabilities={"image": True})

    assert manager.get(URL).data["data"][0]["edits_images"] is False


@pytest.mark.parametrize("slug", ["anthropic", "deepseek", "groq"])
def test_a_text_service_says_that_it_makes_no_pictures(manager, slug):
    make_model(make_provider(slug, adapter=slug), capabilities={"chat": True})

    [row] = manager.get(URL).data["data"]

    assert (row["makes_images"], row["edits_images"], row["parameters"]) == (False, False, [])


def test_a_provider_without_image_models_makes_no_pictures(manager):
    make_model(make_provider(), capabilities={"chat": True})

    assert manager.get(URL).data["data"][0]["makes_images"] is False


def test_it_tells_of_one_provider(manager):
    make_provider()
    make_sandbox()

    assert [row["slug"] for row in manager.get(URL, provider="sandbox").data["data"]] == ["sandbox"]


@pytest.mark.parametrize("slug", ["none", "a\x00b", "%", "a" * 300])
def test_it_refuses_a_provider_that_is_not_there(manager, db, slug):
    make_provider()

    assert field_codes(manager.get(URL, provider=slug)) == {"provider": ["unknown_provider"]}


def test_an_empty_provider_means_all(manager):
    make_provider()

    assert len(manager.get(URL, provider="").data["data"]) == 1


def test_it_shows_nothing_of_a_key(manager):
    make_provider(key="sk-abcdefghijklmnop-wxyz")

    assert "wxyz" not in manager.get(URL).text


@pytest.mark.parametrize("count", [2, 30])
def test_its_number_of_queries_does_not_grow(manager, django_assert_max_num_queries, count):
    for number in range(count):
        make_model(make_provider(f"p{number}"))

    with django_assert_max_num_queries(6):
        manager.get(URL)
