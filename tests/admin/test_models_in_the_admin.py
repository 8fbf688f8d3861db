"""Models in the admin: what is known of them, and bringing them in line with the service's own list."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from src.accounts.models import AuditEntry
from src.ai.models import AIModel, AIProvider, ImageGeneration, KeyStatus
from tests.admin.test_admin_site import address
from tests.ai.models.test_wrong_rows import Rows
from tests.ai.providers_api.conftest import in_thread
from tests.factories import make_model, make_openai, make_provider, make_sandbox

LISTED = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def openrouter(db, upstream):
    return make_provider(
        "openrouter", adapter="openrouter", api_base_url=upstream.openrouter_url, allow_private_address=True
    )


@pytest.fixture
def bring_in_line(boss):
    """`bring_in_line(provider, …)` selects them in the list and gives what is said: [(level, text)]."""

    def call(*providers: AIProvider, client: Client = boss) -> list[tuple[str, str]]:
        chosen = [provider.pk for provider in providers]
        sent = {"action": "bring_models_in_line", "_selected_action": chosen}
        answer = client.post(address(AIProvider), sent, follow=True)
        assert answer.status_code == 200
        return [(said.level_tag, str(said)) for said in answer.context["messages"]]

    return call


def test_a_model_shows_what_is_known_of_it_and_changes_none_of_it(boss):
    soon = datetime.now(UTC).date() + timedelta(days=5)
    known = {"listed_at": LISTED, "vanished_at": LISTED, "synced_fields": ["pricing", "image_spec"]}
    model = make_model(make_provider(), shutdown_date=soon, replacement="gpt-image-3", **known)
    path = address(AIModel, "change", model.pk)

    page = boss.get(path)

    text = page.content.decode()
    assert f"The service ends this model on {soon}." in text
    assert "The service no longer lists this model." in text
    assert "gpt-image-3" in text
    shown = page.context["adminform"].readonly_fields
    assert {"listed_at", "vanished_at", "synced_fields"} <= set(shown)


def test_models_that_are_no_longer_listed_can_be_picked_out(boss):
    provider = make_provider()
    make_model(provider, "here")
    make_model(provider, "gone", vanished_at=LISTED)

    page = boss.get(f"{address(AIModel)}?vanished_at__isempty=0")

    assert [model.model_id for model in page.context["cl"].result_list] == ["gone"]


def test_an_edits_pictures_are_shown(boss):
    picture = {"asset_id": None, "sha256": "cafe", "mime_type": "image/png", "width": 8, "height": 8}
    row = Rows().make(ImageGeneration, inputs={"references": [picture], "mask": None})

    assert "cafe" in boss.get(address(ImageGeneration, "change", row.pk)).content.decode()


def test_the_models_of_the_chosen_providers_are_brought_in_line(openrouter, bring_in_line, super_admin):
    make_model(openrouter, "gone/model", source_values={"pricing": []})
    make_sandbox()

    [(level, said)] = bring_in_line(openrouter)

    assert level == "success"
    assert said.startswith(
        "openrouter: The models were brought in line with the service's own list. Listed: 6; new: 6,"
    )
    assert "no longer listed: 1," in said
    assert AuditEntry.objects.get(action="models.synced").actor_id == super_admin.pk
    assert AIModel.objects.filter(provider=openrouter).count() == 7


def test_one_that_fails_is_told_and_keeps_no_other_from_it(openrouter, upstream, bring_in_line):
    refused = make_openai(upstream, key="sk-of-nobody-at-all")
    unknown = make_provider("unknown", adapter="none")
    AIProvider.objects.filter(pk=openrouter.pk).update(sort_order=9)

    said = bring_in_line(refused, unknown, openrouter)

    assert [level for level, _text in said] == ["error", "error", "success"]
    assert said[0][1] == "openai: The service refused the API key."
    assert said[1][1] == "unknown: Negareh cannot speak to this provider yet."
    assert AIProvider.objects.get(pk=refused.pk).key_status == KeyStatus.INVALID


def test_it_is_told_in_persian(openrouter, super_admin, bring_in_line):
    client = Client()
    client.force_login(super_admin)

    [(_level, said)] = bring_in_line(openrouter, client=client)

    assert said.startswith("openrouter: مدل‌ها با فهرست خود سرویس هماهنگ شدند. در فهرست: 6؛ تازه: 6،")


def test_no_transaction_is_open_while_the_list_is_read(transactional_db, boss, upstream):
    provider = make_openai(upstream)
    sent = {"action": "bring_models_in_line", "_selected_action": [provider.pk]}

    with in_thread(boss.post, address(AIProvider), sent) as answer, upstream.hold():
        upstream.wait_until_in_flight(1)
        AIProvider.objects.filter(pk=provider.pk).update(description="written meanwhile")
        # The write did not have to wait for the answer.
        upstream.wait_until_in_flight(1)

    assert answer.result().status_code == 302
    assert AIModel.objects.filter(provider=provider).count() == 3


@pytest.mark.parametrize("who", ["stranger", "ai_manager"])
def test_nobody_else_brings_anything_in_line(request, openrouter, upstream, who):
    client = Client()
    client.force_login(request.getfixturevalue(who))

    client.post(address(AIProvider), {"action": "bring_models_in_line", "_selected_action": [openrouter.pk]})

    assert upstream.requests == [] and not AIModel.objects.exists()


def test_json_keeps_its_own_direction_on_a_persian_page(boss):
    model = make_model(make_provider())

    page = boss.get(address(AIModel, "change", model.pk)).content.decode()

    assert "core/admin.css" in page
    assert "unicode-bidi: plaintext" in Path(finders.find("core/admin.css")).read_text()
