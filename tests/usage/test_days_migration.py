"""Entries from before days were kept get the day of their reservation."""

from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from src.usage.models import LedgerEntry
from src.usage.scopes import ScopeLimit
from tests.usage.conftest import PERSON, spent


@pytest.mark.django_db(transaction=True)
def test_all_entries_of_a_generation_get_the_day_it_was_reserved_on():
    made = [spent(ScopeLimit(PERSON)), spent(ScopeLimit(PERSON))]
    moments = [datetime(2026, 10, 31, 20, 29, tzinfo=UTC), datetime(2026, 10, 31, 20, 31, tzinfo=UTC)]
    for each, moment in zip(made, moments, strict=True):
        LedgerEntry.objects.filter(generation_id=each.generation_id, kind="reserve").update(created_at=moment)
    LedgerEntry.objects.update(day="")

    with connection.schema_editor() as editor:
        import_module("src.usage.migrations.0002_limits").write_days(apps, editor)

    days = [set(LedgerEntry.objects.filter(generation_id=each.generation_id).values_list("day")) for each in made]
    assert days == [{("2026-10-31",)}, {("2026-11-01",)}]
