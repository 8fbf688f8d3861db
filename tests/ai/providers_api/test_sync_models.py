"""Models brought in line with the service's own list: what is added, updated, marked and left alone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from src.accounts.models import AuditEntry
from src.ai.models import AIModel, AIProvider, Capability, KeyStatus
from src.ai.services.catalogue import populate_catalogue
from src.ai.services.stored_keys import store_key
from src.core.secret import Secret
from tests.factories import GOOD_KEY, make_model, make_openai, make_provider
from tests.upstream import openrouter_models
from tests.upstream.openrouter_models import RouterModel

SEEDREAM = "bytedance-seed/seedream-5-0-pro"
FLUX = "black-forest-labs/flux.2-pro"


@pytest.fixture
def openrouter(db, upstream):
    """An OpenRouter without models yet."""
    return make_provider(
        "openrouter", adapter="openrouter", api_base_url=upstream.openrouter_url, allow_private_address=True
    )


@pytest.fixture
def sync(boss, openrouter):
    def call(provider=openrouter, **body):
        answer = boss.post(f"image-providers/{provider.pk}/sync-models/", body)
        assert answer.status_code == 200, answer.data
        return answer.data["data"]

    return call


@pytest.fixture
def relist(monkeypatch):
    """`relist(...)` changes what the played OpenRouter lists."""

    def change(*models: RouterModel):
        monkeypatch.setattr("tests.upstream.openrouter_service.MODELS", models)
        monkeypatch.setattr("tests.upstream.openrouter_service.BY_ID", {model.id: model for model in models})

    return change


def model(model_id: str) -> AIModel:
    return AIModel.objects.get(model_id=model_id)


def test_it_adds_the_models_that_the_service_lists(sync, openrouter):
    report = sync()

    assert report["listed"] == len(report["created"]) == openrouter.models.count() == len(openrouter_models.MODELS)
    flux = model(FLUX)
    assert (flux.origin, flux.is_active) == ("synced", True)
    assert flux.can(Capability.IMAGE) and flux.can(Capability.IMAGE_EDIT)
    assert flux.image_spec["max_reference_images"] == 8
    assert {(price["unit"], price["price"]) for price in flux.pricing} >= {("megapixel", "30000")}
    assert flux.listed_at is not None


def test_a_second_run_changes_nothing(sync):
    sync()
    report = sync()

    assert (report["created"], report["updated"], report["kept"]) == ([], [], [])
    assert report["unchanged"] == report["listed"]


def test_a_dry_run_writes_nothing(sync, openrouter):
    report = sync(dry_run=True)

    assert report["created"] and report["dry_run"] is True
    assert not openrouter.models.exists()
    assert not AuditEntry.objects.filter(action="models.synced").exists()


def test_limits_and_prices_of_the_list_come_before_the_catalogues(sync, openrouter):
    populate_catalogue()
    provider = AIProvider.objects.get(slug="openrouter")
    seedream = provider.models.get(model_id=SEEDREAM)
    assert seedream.image_spec["max_reference_images"] == 14

    report = sync(provider)
    populate_catalogue()

    seedream.refresh_from_db()
    assert seedream.image_spec["max_reference_images"] == 10
    updated = {each["model_id"]: each["fields_changed"] for each in report["updated"]}
    assert "image_spec" in updated[SEEDREAM]
    assert (seedream.origin, seedream.display_name) == ("catalogue", "ByteDance Seedream 5.0 Pro")


def test_dates_and_replacements_of_the_catalogue_come_before_the_lists(upstream, sync):
    upstream.play_response(body={"data": [{"id": "gpt-image-1.5", "shutdown_date": "2027-06-01"}]}, path="/models")
    populate_catalogue()
    openai = AIProvider.objects.get(slug="openai")
    _move(openai, upstream)

    sync(openai)

    assert openai.models.get(model_id="gpt-image-1.5").shutdown_date == date(2026, 12, 1)


def _move(provider: AIProvider, upstream) -> None:
    """The catalogue's provider, to the played service and with a key."""
    provider.api_base_url, provider.allow_private_address = upstream.openai_url, True
    store_key(provider, Secret(GOOD_KEY), provider)
    provider.save()


def test_a_date_that_only_the_list_knows_is_taken(sync, db, upstream):
    openai = make_openai(upstream)
    make_model(openai, "gpt-image-2", source_values={"shutdown_date": None})
    upstream.play_response(body={"data": [{"id": "gpt-image-2", "shutdown_date": "2027-06-01"}]}, path="/models")

    report = sync(openai)

    assert model("gpt-image-2").shutdown_date == date(2027, 6, 1)
    assert report["updated"] == [{"model_id": "gpt-image-2", "fields_changed": ["shutdown_date"]}]


@pytest.fixture
def openai(db, upstream):
    return make_openai(upstream)


def play_list(upstream, *entries) -> None:
    upstream.play_response(body={"data": list(entries)}, path="/models")


def catalogue_with(provider, **values):
    """A catalogue of that provider and one model, which says nothing but this."""
    fields = ("name", "display_name", "description", "website", "adapter", "api_base_url", "sort_order")
    blank = {"display_name": "", "description": "", "capabilities": [], "image_spec": None, "pricing": []}
    blank |= {"context_window": None, "max_output_tokens": None, "shutdown_date": None, "replacement": ""}
    entry = {"provider": provider.slug, "sort_order": 0, **blank, **values}
    row = {"slug": provider.slug, **{name: getattr(provider, name) for name in fields}}
    return {"providers": [row], "models": [entry]}


def test_the_catalogue_wins_over_a_sync_for_dates_and_replacements_in_any_order(sync, openai, upstream):
    listed = {"id": "gpt-image-9", "shutdown_date": "2027-06-01"}
    play_list(upstream, listed)
    sync(openai)
    says = {"model_id": "gpt-image-9", "shutdown_date": "2026-12-31", "replacement": "gpt-image-10"}
    report = populate_catalogue(catalogue=catalogue_with(openai, **says))
    play_list(upstream, listed)
    sync(openai)

    row = model("gpt-image-9")
    assert (row.shutdown_date, row.replacement) == (date(2026, 12, 31), "gpt-image-10")
    assert [name for name in report.kept if name.startswith("openai/gpt-image-9")] == []


def test_what_the_catalogue_leaves_blank_keeps_what_a_sync_found(sync, openai, upstream):
    play_list(upstream, {"id": "gpt-image-9", "shutdown_date": "2026-01-01"})
    sync(openai)

    populate_catalogue(catalogue=catalogue_with(openai, model_id="gpt-image-9"))

    assert model("gpt-image-9").shutdown_date == date(2026, 1, 1)


def test_a_date_that_the_service_moves_is_moved(sync, openai, upstream):
    for day in ("2027-06-01", "2027-09-01"):
        play_list(upstream, {"id": "gpt-image-9", "shutdown_date": day})
        sync(openai)

    assert model("gpt-image-9").shutdown_date == date(2027, 9, 1)


def test_a_guess_overwrites_no_capabilities(sync, openai, upstream):
    known = {"capabilities": {"image": True}}
    make_model(openai, "gpt-image-9", **known, source_values=known)
    play_list(upstream, {"id": "gpt-image-9"})

    report = sync(openai)

    assert (model("gpt-image-9").capabilities, report["updated"], report["kept"]) == ({"image": True}, [], [])


def test_ids_that_cannot_be_stored_are_left_out(sync, openai, upstream):
    play_list(upstream, {"id": "gpt-image-9\0"}, {"id": "a\nb"}, {"id": "x" * 201}, {"id": "gpt-image-9"})

    assert sync(openai)["created"] == ["gpt-image-9"]


def test_a_list_that_takes_too_long_is_given_up(boss, openai, upstream, monkeypatch):
    monkeypatch.setattr("src.ai.services.model_sync.LISTING_S", 0.1)
    upstream.delay_next(1, path="/models")

    answer = boss.post(f"image-providers/{openai.pk}/sync-models/", {})

    assert (answer.status_code, answer.data["code"]) == (504, "provider_timeout")


def test_what_an_operator_changed_is_left_alone_and_told(sync, boss, openrouter):
    sync()
    flux = model(FLUX)
    mine = [{"unit": "image", "price": "1"}]
    boss.patch(f"image-providers/{openrouter.pk}/models/{flux.pk}/", {"pricing": mine, "is_active": False})

    report = sync()

    flux.refresh_from_db()
    assert (flux.pricing, flux.is_active) == (mine, False)
    [kept] = report["kept"]
    assert (kept["model_id"], kept["field"], kept["yours"]) == (FLUX, "pricing", mine)
    assert kept["theirs"] == flux.source_values["pricing"]


def test_a_model_entered_by_hand_is_an_operators_whole(sync, openrouter):
    make_model(openrouter, FLUX)

    report = sync()

    assert model(FLUX).origin == "manual"
    assert {each["field"] for each in report["kept"]} >= {"image_spec", "pricing", "capabilities"}


def test_a_model_that_is_no_longer_listed_is_marked_and_kept(sync, relist):
    sync()
    rest = [each for each in openrouter_models.MODELS if each.id != FLUX]
    relist(*rest)

    assert sync()["vanished"] == [FLUX]
    assert model(FLUX).vanished_at is not None
    assert model(FLUX).is_active
    assert sync()["vanished"] == []


def test_one_that_comes_back_is_unmarked(sync, relist):
    sync()
    relist(*[each for each in openrouter_models.MODELS if each.id != FLUX])
    sync()
    relist(*openrouter_models.MODELS)

    assert sync()["returned"] == [FLUX]
    assert model(FLUX).vanished_at is None


def test_an_empty_list_marks_nothing(sync, relist):
    sync()
    relist()

    report = sync()

    assert (report["listed"], report["vanished"]) == (0, [])


def test_a_model_of_which_the_list_says_nothing_is_not_missed(sync, openrouter):
    make_model(openrouter, "somebody/writes", capabilities={"chat": True})

    assert "somebody/writes" not in sync()["vanished"]


def test_a_model_whose_kind_is_a_guess_waits_for_somebody_to_look(sync, db, upstream):
    openai = make_openai(upstream)
    upstream.play_response(body={"data": [{"id": "gpt-image-9"}, {"id": "gpt-9"}]}, path="/models")

    sync(openai)

    assert (model("gpt-image-9").can(Capability.IMAGE), model("gpt-image-9").is_active) == (True, False)
    assert (model("gpt-9").capabilities, model("gpt-9").is_active) == ({}, False)


def test_models_that_end_soon_are_named(sync, openrouter):
    soon = datetime.now(UTC).date() + timedelta(days=20)
    make_model(openrouter, FLUX, shutdown_date=soon, replacement="flux.3")

    assert sync()["ending"] == [{"model_id": FLUX, "shutdown_date": str(soon), "replacement": "flux.3"}]


def test_it_is_in_the_audit_once_something_changed(sync, super_admin):
    sync()
    sync()

    [entry] = AuditEntry.objects.filter(action="models.synced")
    assert (entry.actor_id, entry.object_label) == (super_admin.pk, "openrouter")
    assert FLUX in entry.after["created"]


def test_a_service_that_is_down_changes_nothing(boss, down):
    make_model(down)

    answer = boss.post(f"image-providers/{down.pk}/sync-models/")

    assert (answer.status_code, answer.data["code"]) == (503, "provider_unreachable")
    assert AIModel.objects.get().vanished_at is None


def test_a_refused_key_is_marked(boss, db, upstream):
    openai = make_openai(upstream, key="sk-of-nobody-at-all")

    answer = boss.post(f"image-providers/{openai.pk}/sync-models/")

    openai.refresh_from_db()
    assert (answer.status_code, answer.data["code"]) == (502, "provider_key_invalid")
    assert openai.key_status == KeyStatus.INVALID


def test_it_asks_for_a_key_where_none_is(boss, db, upstream):
    openai = make_openai(upstream, key=None)

    answer = boss.post(f"image-providers/{openai.pk}/sync-models/")

    assert (answer.status_code, answer.data["code"]) == (400, "api_key_required")


def test_it_refuses_fields_that_it_does_not_know(boss, openrouter):
    answer = boss.post(f"image-providers/{openrouter.pk}/sync-models/", {"force": True})

    assert list(answer.data["errors"]) == ["force"]


@pytest.mark.parametrize(
    ("days", "code"), [(-1, "model_has_ended"), (0, "model_has_ended"), (30, "model_ends_soon"), (31, None)]
)
def test_lists_warn_of_a_model_that_ends(boss, openrouter, days, code):
    end = datetime.now(UTC).date() + timedelta(days=days)
    make_model(openrouter, FLUX, shutdown_date=end, replacement="flux.3")

    [row] = boss.get(f"image-providers/{openrouter.pk}/models/").data["data"]["results"]

    assert [warning["code"] for warning in row["warnings"]] == ([code] if code else [])
    if code:
        assert (row["warnings"][0]["shutdown_date"], row["warnings"][0]["replacement"]) == (str(end), "flux.3")
        assert str(end) in row["warnings"][0]["message"]


def test_lists_warn_of_a_model_that_vanished(sync, relist, boss, openrouter):
    sync()
    relist(*[each for each in openrouter_models.MODELS if each.id == FLUX])
    sync()

    rows = boss.get(f"image-providers/{openrouter.pk}/models/").data["data"]["results"]

    warned = {row["model_id"] for row in rows if "model_vanished" in [each["code"] for each in row["warnings"]]}
    assert warned == {each.id for each in openrouter_models.MODELS} - {FLUX}
