"""`manage.py sync_models`: every active provider, or one, and what changed in lines."""

import pytest
from django.core.management import CommandError, call_command

from src.ai.models import AIModel
from tests.factories import make_model, make_openai, make_provider
from tests.upstream import Upstream


@pytest.fixture
def openrouter(db, upstream: Upstream):
    return make_provider(
        "openrouter", adapter="openrouter", api_base_url=upstream.openrouter_url, allow_private_address=True
    )


def test_it_tells_what_it_did(openrouter, capsys):
    make_model(openrouter, "gone/model", source_values={"pricing": []})

    call_command("sync_models")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "openrouter: 6 listed, 0 unchanged"
    assert "  created   black-forest-labs/flux.2-pro" in lines
    assert "  vanished  gone/model" in lines


def test_a_dry_run_writes_nothing(openrouter, capsys):
    call_command("sync_models", "--dry-run")

    assert "nothing was written" in capsys.readouterr().out
    assert not AIModel.objects.exists()


def test_one_service_that_fails_stops_no_other(openrouter, upstream, capsys):
    make_openai(upstream, key="sk-of-nobody-at-all")

    with pytest.raises(CommandError, match="Not read: openai"):
        call_command("sync_models")

    told = capsys.readouterr()
    assert "openai: The service refused the API key." in told.err
    assert "openrouter: 6 listed" in told.out


def test_one_provider_can_be_named_though_it_is_off(openrouter, upstream, capsys):
    make_openai(upstream, is_active=False)

    call_command("sync_models", "--provider", "openai")

    assert capsys.readouterr().out.startswith("openai: 3 listed")


def test_a_provider_that_is_not_there_is_an_error(db):
    with pytest.raises(CommandError, match="no provider none"):
        call_command("sync_models", "--provider", "none")
