"""Filling in providers and models: as often as one likes, and never over an operator's change."""

from datetime import date

import msgspec
import pytest
from django.db.models.signals import pre_save

from src.ai.access import AccessSubject, ModelAccessState
from src.ai.models import AIModel, AIProvider
from src.ai.services.catalogue import populate_catalogue
from src.ai.services.stored_keys import open_key, store_key
from src.core.secret import Secret
from tests.ai.catalogue.conftest import entry_of, provider_entry_of
from tests.factories import make_model, make_provider, make_settings

DALL_E, GPT_IMAGE = "dall-e-3", "gpt-image-1.5"
SUBJECT = AccessSubject(id=1, is_active=True, is_super_admin=True, may_generate=True)


def stored(model_id: str) -> AIModel:
    return AIModel.objects.get(provider__slug="openai", model_id=model_id)


def test_it_creates_eight_providers_and_fifty_nine_models(populated):
    assert (AIProvider.objects.count(), AIModel.objects.count()) == (8, 59)
    assert (len(populated.created), populated.updated, populated.unchanged, populated.kept) == (67, [], 0, [])


def test_it_stores_what_the_catalogue_says(populated, catalogue):
    entry, model = entry_of(catalogue, GPT_IMAGE), stored(GPT_IMAGE)

    assert (model.image_spec, model.pricing) == (entry["image_spec"], entry["pricing"])
    assert model.capabilities == dict.fromkeys(entry["capabilities"], True)
    assert (model.shutdown_date, model.origin, model.is_active) == (date(2026, 12, 1), "catalogue", True)


def test_only_the_sandbox_starts_switched_on(populated):
    sandbox = AIProvider.objects.get(slug="sandbox")

    assert list(AIProvider.objects.active()) == [sandbox]
    assert sandbox.allow_shared_for_normal_admins


def test_an_ai_manager_may_use_the_sandbox_at_once(populated, ai_manager):
    canvas = AIModel.objects.select_related("provider").get(model_id="canvas")

    assert ModelAccessState.calculate(canvas.provider, canvas, ai_manager) == "AVAILABLE_SHARED"


def test_a_second_run_writes_nothing(populated, django_assert_max_num_queries):
    times = [list(table.objects.values_list("pk", "updated_at")) for table in (AIProvider, AIModel)]

    with django_assert_max_num_queries(4):
        report = populate_catalogue()

    assert (report.created, report.updated, report.unchanged, report.kept) == ([], [], 67, [])
    assert [list(table.objects.values_list("pk", "updated_at")) for table in (AIProvider, AIModel)] == times


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("display_name", "Our own name"),
        ("pricing", []),
        ("shutdown_date", None),
        ("shutdown_date", date(2030, 1, 1)),
        ("image_spec", None),
        ("capabilities", {}),
        ("sort_order", -1),
    ],
)
def test_an_operators_change_survives_a_changed_catalogue(populated, catalogue, name, value):
    AIModel.objects.filter(pk=stored(GPT_IMAGE).pk).update(**{name: value})
    entry_of(catalogue, GPT_IMAGE).update(
        display_name="New",
        pricing=[{"unit": "image", "price": "1"}],
        shutdown_date="2027-01-01",
        image_spec={"max_n": 2},
        capabilities=["image"],
        sort_order=5,
    )

    report = populate_catalogue(catalogue=catalogue)

    assert getattr(stored(GPT_IMAGE), name) == value
    assert report.kept == [f"openai/{GPT_IMAGE}.{name}"]
    assert report.updated == [f"openai/{GPT_IMAGE}"]


def test_an_untouched_field_follows_a_changed_catalogue(populated, catalogue):
    AIModel.objects.filter(pk=stored(GPT_IMAGE).pk).update(display_name="Our own name")
    entry_of(catalogue, GPT_IMAGE).update(shutdown_date="2027-01-01", pricing=[])

    report = populate_catalogue(catalogue=catalogue)

    assert (stored(GPT_IMAGE).shutdown_date, stored(GPT_IMAGE).pricing) == (date(2027, 1, 1), [])
    assert report.updated == [f"openai/{GPT_IMAGE}"]
    assert report.unchanged == 66


def test_a_field_that_an_operator_put_back_follows_again(populated, catalogue):
    was = stored(GPT_IMAGE).display_name
    for name in ("Our own name", was):
        AIModel.objects.filter(pk=stored(GPT_IMAGE).pk).update(display_name=name)
    entry_of(catalogue, GPT_IMAGE)["display_name"] = "New"

    populate_catalogue(catalogue=catalogue)

    assert stored(GPT_IMAGE).display_name == "New"


def test_a_field_that_an_operator_made_equal_to_a_later_catalogue_stays_the_operators(populated, catalogue):
    entry_of(catalogue, GPT_IMAGE)["display_name"] = "New"
    AIModel.objects.filter(pk=stored(GPT_IMAGE).pk).update(display_name="New")
    report = populate_catalogue(catalogue=catalogue)
    entry_of(catalogue, GPT_IMAGE)["display_name"] = "Newer"

    populate_catalogue(catalogue=catalogue)

    assert stored(GPT_IMAGE).display_name == "New"
    assert report.kept == []


def test_an_operators_switches_are_not_the_catalogues(populated):
    AIModel.objects.update(is_active=False)
    AIProvider.objects.update(is_active=True, allow_personal_keys=False)

    populate_catalogue()

    assert not AIModel.objects.filter(is_active=True).exists()
    assert AIProvider.objects.active().filter(allow_personal_keys=False).count() == 8


def test_a_model_and_a_provider_made_by_hand_stay_as_they_are(db):
    provider = make_provider("openai", name="Ours", key=None)
    make_model(provider, DALL_E, shutdown_date=None, pricing=[])

    report = populate_catalogue()

    assert AIProvider.objects.get(slug="openai").name == "Ours"
    assert (stored(DALL_E).shutdown_date, stored(DALL_E).pricing) == (None, [])
    assert "openai.name" in report.kept
    assert f"openai/{DALL_E}.shutdown_date" in report.kept


def test_a_model_added_as_one_entry_of_data_appears(populated, catalogue):
    entry = {**entry_of(catalogue, GPT_IMAGE), "model_id": "gpt-image-9", "shutdown_date": None}
    catalogue["models"].append(entry)

    report = populate_catalogue(catalogue=catalogue)

    assert report.created == ["openai/gpt-image-9"]
    assert stored("gpt-image-9").image_spec == entry["image_spec"]


def test_a_model_that_left_the_catalogue_stays(populated, catalogue):
    catalogue["models"].remove(entry_of(catalogue, DALL_E))

    populate_catalogue(catalogue=catalogue)

    assert stored(DALL_E).pk


@pytest.mark.parametrize("broken", [{"pricing": [{"unit": "image", "price": "free"}]}, {"image_spec": {"colours": []}}])
def test_a_broken_entry_changes_nothing_at_all(db, catalogue, broken):
    catalogue["models"][-1] = {**catalogue["models"][-1], **broken}

    with pytest.raises(msgspec.ValidationError):
        populate_catalogue(catalogue=catalogue)

    assert not AIProvider.objects.exists()


@pytest.mark.parametrize(
    ("model_id", "today", "state"),
    [
        (DALL_E, date(2026, 11, 24), "DISABLED"),
        (DALL_E, date(2026, 5, 11), "AVAILABLE_SHARED"),
        (GPT_IMAGE, date(2026, 11, 30), "AVAILABLE_SHARED"),
        (GPT_IMAGE, date(2026, 12, 1), "DISABLED"),
    ],
)
def test_a_model_is_there_and_ends_on_its_date(populated, model_id, today, state):
    provider = AIProvider(slug="openai", adapter="openai", is_active=True, key_status="valid")

    assert ModelAccessState.calculate(provider, stored(model_id), SUBJECT, today=today) == state


def test_totals_that_are_counted_meanwhile_are_not_written_over(populated, catalogue):
    entry_of(catalogue, GPT_IMAGE)["display_name"] = "New"

    def count_one(instance: AIModel, **kwargs: object) -> None:
        AIModel.objects.filter(pk=instance.pk).update(total_images=7)

    pre_save.connect(count_one, sender=AIModel)
    try:
        populate_catalogue(catalogue=catalogue)
    finally:
        pre_save.disconnect(count_one, sender=AIModel)

    assert (stored(GPT_IMAGE).display_name, stored(GPT_IMAGE).total_images) == ("New", 7)


def move_openai(catalogue) -> None:
    provider_entry_of(catalogue, "openai").update(api_base_url="https://api.openai.example/v2", website="https://new")


@pytest.mark.parametrize("owner", ["shared", "personal"])
def test_a_provider_with_a_stored_key_is_not_moved_to_another_address(populated, catalogue, ai_manager, owner):
    provider = AIProvider.objects.get(slug="openai")
    own = make_settings(ai_manager, provider, key="sk-test-personal" if owner == "personal" else None)
    if owner == "shared":
        store_key(provider, Secret("sk-test-good"), provider)
        provider.save()
    move_openai(catalogue)

    report = populate_catalogue(catalogue=catalogue)

    provider.refresh_from_db()
    assert open_key(own if owner == "personal" else provider, provider).reveal().startswith("sk-test")
    assert provider.website == "https://new"
    assert report.kept == ["openai.api_base_url"]


def test_a_provider_without_a_key_is_moved(populated, catalogue):
    move_openai(catalogue)

    report = populate_catalogue(catalogue=catalogue)

    assert AIProvider.objects.get(slug="openai").api_base_url == "https://api.openai.example/v2"
    assert (report.updated, report.kept) == (["openai"], [])
