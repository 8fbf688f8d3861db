"""Models by hand: listed, added and changed below their provider."""

import json
import threading

import pytest

from src.ai.models import AIModel
from tests.ai.providers_api.conftest import all_at_once, field_codes
from tests.factories import GPT_IMAGE_SPEC, PRICE_PER_IMAGE, make_model, make_provider

EVERY_FIELD = {
    "model_id": "gpt-image-9",
    "display_name": "نه",
    "description": "متن",
    "capabilities": ["image", "vision"],
    "image_spec": GPT_IMAGE_SPEC,
    "pricing": [{"unit": "image", "price": "0.5", "when": {"quality": "low"}}],
    "context_window": 8000,
    "max_output_tokens": None,
    "is_active": False,
    "shutdown_date": "2027-01-31",
    "replacement": "gpt-image-10",
    "sort_order": 7,
}


@pytest.fixture
def provider(db):
    return make_provider()


@pytest.fixture
def url(provider) -> str:
    return f"image-providers/{provider.pk}/models/"


@pytest.fixture
def model(provider) -> AIModel:
    return make_model(provider, "known")


def test_it_adds_a_model(boss, url, provider):
    answer = boss.post(url, {"model_id": "gpt-image-9"})

    assert (answer.status_code, answer.data["code"]) == (201, "model_created")
    model = AIModel.objects.get()
    assert (model.provider_id, model.model_id, model.origin) == (provider.pk, "gpt-image-9", "manual")
    assert (answer.data["data"]["id"], answer.data["data"]["capabilities"]) == (model.pk, [])


def test_it_adds_a_model_with_every_field(boss, url):
    data = boss.post(url, EVERY_FIELD).data["data"]

    assert {name: data[name] for name in EVERY_FIELD} == EVERY_FIELD
    assert AIModel.objects.get().capabilities == {"image": True, "vision": True}


def test_it_changes_every_field(boss, url, model):
    answer = boss.patch(f"{url}{model.pk}/", EVERY_FIELD)

    assert (answer.status_code, answer.data["code"]) == (200, "model_updated")
    assert {name: answer.data["data"][name] for name in EVERY_FIELD} == EVERY_FIELD


@pytest.mark.parametrize(("name", "value"), EVERY_FIELD.items())
def test_it_changes_one_field_and_leaves_the_others(boss, url, model, name, value):
    [before] = boss.get(url).data["data"]["results"]

    after = boss.patch(f"{url}{model.pk}/", {name: value}).data["data"]

    assert {field for field in before if before[field] != after[field]} <= {name}
    assert after[name] == value


BAD_FIELDS = [
    ("model_id", "", "blank"),
    ("model_id", None, "null"),
    ("model_id", 5, "not_text"),
    ("model_id", "a" * 201, "too_long"),
    ("model_id", "a\x00", "null_characters_not_allowed"),
    ("capabilities", "image", "not_list"),
    ("capabilities", {"image": True}, "not_list"),
    ("capabilities", None, "null"),
    ("capabilities", ["fly"], "unknown_capability"),
    ("capabilities", [5], "unknown_capability"),
    ("capabilities", [["image"]], "unknown_capability"),
    ("capabilities", [{}], "unknown_capability"),
    ("capabilities", ["%(a)s"], "unknown_capability"),
    ("image_spec", [], "not_object"),
    ("image_spec", "x", "not_object"),
    ("image_spec", {"colour": 1}, "not_an_image_spec"),
    ("image_spec", {"sizes": "1024x1024"}, "not_an_image_spec"),
    ("image_spec", {"sizes": [5]}, "not_an_image_spec"),
    ("image_spec", {"max_n": "2"}, "not_an_image_spec"),
    ("image_spec", {"size_rule": {"step": 0}}, "not_an_image_spec"),
    ("image_spec", {"sizes": ["\x00"]}, "not_storable"),
    ("pricing", None, "null"),
    ("pricing", {}, "not_list"),
    ("pricing", "x", "not_list"),
    ("pricing", [5], "not_pricing"),
    ("pricing", [{"unit": "image"}], "not_pricing"),
    ("pricing", [{"unit": "hour", "price": "1"}], "not_pricing"),
    ("pricing", [{"unit": "image", "price": 1}], "not_pricing"),
    ("pricing", [{"unit": "image", "price": "-1"}], "not_pricing"),
    ("pricing", [{"unit": "image", "price": "abc"}], "not_pricing"),
    ("pricing", [{"unit": "image", "price": ""}], "not_pricing"),
    ("pricing", [{"unit": "image", "price": "NaN"}], "not_pricing"),
    ("pricing", [{"unit": "image", "price": "sNaN"}], "not_pricing"),
    ("pricing", [{"unit": "image", "price": "1e9999999"}], "not_pricing"),
    ("pricing", [{"unit": "image", "price": "Infinity"}], "not_pricing"),
    ("pricing", [{"unit": "image", "price": "1", "when": {"quality": "\x00"}}], "not_storable"),
    ("context_window", -1, "too_small"),
    ("context_window", 10**13, "too_large"),
    ("context_window", "8000", "not_integer"),
    ("max_output_tokens", 1.0, "not_integer"),
    ("is_active", "yes", "not_boolean"),
    ("shutdown_date", "tomorrow", "invalid"),
    ("shutdown_date", "2027-02-30", "invalid"),
    ("shutdown_date", 20270101, "invalid"),
    ("shutdown_date", "2027-01-01T00:00:00Z", "invalid"),
    ("shutdown_date", ["2027-01-01"], "invalid"),
    ("replacement", None, "null"),
    ("replacement", "a" * 201, "too_long"),
    ("sort_order", 10**7, "too_large"),
    ("origin", "catalogue", "unknown_field"),
    ("provider", 1, "unknown_field"),
]


@pytest.mark.parametrize(("name", "value", "code"), BAD_FIELDS)
def test_it_names_what_is_wrong_with_a_new_model(boss, url, name, value, code):
    assert field_codes(boss.post(url, {"model_id": "gpt-image-9", name: value})) == {name: [code]}
    assert not AIModel.objects.exists()


@pytest.mark.parametrize(("name", "value", "code"), BAD_FIELDS)
def test_it_names_what_is_wrong_with_a_change(boss, url, model, name, value, code):
    before = AIModel.objects.values().get()

    assert field_codes(boss.patch(f"{url}{model.pk}/", {"description": "not saved", name: value})) == {name: [code]}
    assert AIModel.objects.values().get() == before


@pytest.mark.parametrize("body", ['{"size_rule": {"aspect_max": 1e400}}', '{"size_rule": {"aspect_max": -1e400}}'])
def test_it_refuses_a_number_that_json_cannot_hold(boss, url, model, body):
    answer = boss.send_text("patch", f"{url}{model.pk}/", f'{{"image_spec": {body}}}')

    assert field_codes(answer) == {"image_spec": ["not_storable"]}


def test_a_new_model_needs_its_id(boss, url):
    assert field_codes(boss.post(url, {})) == {"model_id": ["required"]}


@pytest.mark.parametrize("method", ["post", "patch"])
@pytest.mark.parametrize("text", ["[]", '"text"', "5", "null"])
def test_it_refuses_json_that_is_no_object(boss, url, model, method, text):
    address = url if method == "post" else f"{url}{model.pk}/"

    assert field_codes(boss.send_text(method, address, text)) == {"non_field_errors": ["not_object"]}


def test_a_providers_model_ids_are_unique(boss, url, model):
    assert field_codes(boss.post(url, {"model_id": "known"})) == {"model_id": ["model_id_taken"]}


def test_they_stay_unique_when_one_is_changed(boss, url, model, provider):
    other = make_model(provider, "other")

    assert field_codes(boss.patch(f"{url}{other.pk}/", {"model_id": "known"})) == {"model_id": ["model_id_taken"]}
    other.refresh_from_db()
    assert other.model_id == "other"


def test_two_providers_may_have_the_same_model_id(boss, model):
    other = make_provider("second")

    assert boss.post(f"image-providers/{other.pk}/models/", {"model_id": "known"}).status_code == 201


def test_adding_the_same_model_many_times_at_once_makes_one(transactional_db, caller, super_admin, url):
    clients = [caller(super_admin) for _ in range(6)]
    gate = threading.Barrier(len(clients))

    def add(client):
        gate.wait()
        return client.post(url, {"model_id": "gpt-image-9"})

    answers = all_at_once([lambda client=client: add(client) for client in clients])

    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 5


def test_a_model_is_changed_below_its_own_provider_only(boss, model):
    other = make_provider("second")

    answer = boss.patch(f"image-providers/{other.pk}/models/{model.pk}/", {"display_name": "stolen"})

    assert (answer.status_code, answer.data["code"]) == (404, "not_found")
    model.refresh_from_db()
    assert model.display_name == ""


@pytest.mark.parametrize("pk", ["999999", "9" * 40, "9" * 5000])
def test_it_answers_404_for_what_is_not_there(boss, url, pk):
    assert boss.patch(f"{url}{pk}/", {}).status_code == 404
    assert boss.get(f"image-providers/{pk}/models/").status_code == 404
    assert boss.post(f"image-providers/{pk}/models/", {"model_id": "a"}).status_code == 404


def test_it_lists_active_and_inactive_models_in_order(boss, url, provider):
    make_model(provider, "second", sort_order=2, is_active=False)
    make_model(provider, "first", sort_order=1, capabilities={"chat": True})
    make_model(make_provider("other"), "elsewhere")

    answer = boss.get(url)

    assert [row["model_id"] for row in answer.data["data"]["results"]] == ["first", "second"]
    assert answer.data["data"]["next"] is answer.data["data"]["previous"] is None


def test_its_pages_hold_every_model_once(boss, url, provider):
    for number in range(5):
        make_model(provider, f"m{number}", sort_order=number % 2)

    seen, address = [], f"{url}?page_size=2"
    while address:
        data = boss.get(address).data["data"]
        seen += [row["model_id"] for row in data["results"]]
        address = data["next"]

    assert seen == ["m0", "m2", "m4", "m1", "m3"]


@pytest.mark.parametrize("size", ["0", "201", "-1", "abc", "1.5", "9" * 5000, "۵", ""])
def test_it_refuses_a_page_size_out_of_range(boss, url, size):
    assert list(field_codes(boss.get(url, page_size=size))) == ["page_size"]


@pytest.mark.parametrize("count", [2, 30])
def test_its_number_of_queries_does_not_grow(boss, url, provider, django_assert_max_num_queries, count):
    for number in range(count):
        make_model(provider, f"m{number}", pricing=PRICE_PER_IMAGE)

    with django_assert_max_num_queries(4):
        assert len(json.loads(boss.get(url).text)["data"]["results"]) == count
