"""What rows say of themselves, and what they are asked for."""

from datetime import date

import pytest
from django.core.management import call_command

from src.ai.models import AIModel, AIProvider, Capability
from src.ai.services.stored_keys import store_key
from src.core.secret import Secret
from tests.factories import GOOD_KEY, make_model, make_provider, make_settings


def test_the_migrations_are_up_to_date(db, capsys):
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)

    assert "No changes detected" in capsys.readouterr().out


@pytest.mark.parametrize("show", [str, repr, lambda row: row.masked_key])
def test_a_row_with_a_key_does_not_show_it(ai_manager, show):
    provider = make_provider(key="sk-test-key-of-the-team")
    own = make_settings(ai_manager, provider, key="sk-test-key-of-a-person")

    for row in (provider, own):
        assert row.key_sealed not in show(row)
        assert "sk-test" not in show(row)


def test_a_key_is_masked_to_its_end():
    assert make_unsaved("sk-test-key-of-the-team").masked_key == "***team"


def test_a_short_key_is_masked_whole():
    assert make_unsaved("sk-short").masked_key == "***"


def test_no_key_has_no_mask():
    assert AIProvider().masked_key == ""


def make_unsaved(key: str) -> AIProvider:
    provider = AIProvider(slug="openai", adapter="openai")
    store_key(provider, Secret(key), provider)
    return provider


def test_a_stored_row_does_not_contain_its_key(db):
    provider = make_provider(key=GOOD_KEY)

    assert GOOD_KEY not in str(AIProvider.objects.filter(pk=provider.pk).values().get())


def test_models_are_counted_with_their_provider(db, django_assert_num_queries):
    provider = make_provider()
    make_provider("empty")
    for number in range(3):
        make_model(provider, f"model-{number}", is_active=number > 0)

    with django_assert_num_queries(1):
        counts = {
            row.slug: (row.models_count, row.active_models_count) for row in AIProvider.objects.with_model_counts()
        }

    assert counts == {"openai": (3, 2), "empty": (0, 0)}


def test_models_are_usable_until_the_day_before_their_end(db):
    provider, end = make_provider(), date(2026, 12, 1)
    make_model(provider, "ends", shutdown_date=end)
    make_model(provider, "off", is_active=False)
    stays = make_model(provider, "stays")

    usable = {day: set(AIModel.objects.usable_on(date(2026, 12, day))) - {stays} for day in (1, 2)}
    before = AIModel.objects.usable_on(date(2026, 11, 30))

    assert usable == {1: set(), 2: set()}
    assert {model.model_id for model in before} == {"ends", "stays"}


@pytest.mark.parametrize(
    ("capabilities", "can"),
    [({"image": True}, True), ({"image": False}, False), ({"image_edit": True}, False), ({}, False)],
)
def test_the_database_and_the_row_agree_on_what_a_model_can(db, capabilities, can):
    model = make_model(make_provider(), capabilities=capabilities)

    assert model.can(Capability.IMAGE) is can
    assert AIModel.objects.that_can(Capability.IMAGE).exists() is can
