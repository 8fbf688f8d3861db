"""Rows that must not be: the database itself refuses them, whatever code writes them."""

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.utils import timezone

from src.webhooks.models import Webhook, WebhookDelivery
from tests.ai.models.test_wrong_rows import Rows

NOW = timezone.now()
FINISHED = {"status": "delivered", "next_attempt_at": None, "finished_at": NOW}
WRONG = [
    ("webhook_has_url_and_secret", Webhook, {"url": ""}),
    ("webhook_has_url_and_secret", Webhook, {"key_sealed": ""}),
    ("webhook_attempt_whole_or_absent", Webhook, {"last_status": "delivered"}),
    ("webhook_attempt_whole_or_absent", Webhook, {"last_attempt_at": NOW}),
    ("webhook_attempt_whole_or_absent", Webhook, {"last_status_code": 200}),
    ("webhook_attempt_whole_or_absent", Webhook, {"last_status": "pending", "last_attempt_at": NOW}),
    ("webhook_failing_has_failed", Webhook, {"failing_since": NOW}),
    (
        "webhook_failing_has_failed",
        Webhook,
        {"failing_since": NOW, "last_status": "delivered", "last_attempt_at": NOW},
    ),
    ("webhook_delivery_has_an_event", WebhookDelivery, {"event": ""}),
    ("webhook_delivery_error_known", WebhookDelivery, {"last_error": "bad luck"}),
    ("webhook_delivery_pending_or_finished", WebhookDelivery, {"next_attempt_at": None}),
    ("webhook_delivery_pending_or_finished", WebhookDelivery, {"finished_at": NOW}),
    ("webhook_delivery_pending_or_finished", WebhookDelivery, {"status": "lost"}),
    ("webhook_delivery_pending_or_finished", WebhookDelivery, {**FINISHED, "status": "lost"}),
    ("webhook_delivery_pending_or_finished", WebhookDelivery, {**FINISHED, "finished_at": None}),
    ("webhook_delivery_pending_or_finished", WebhookDelivery, {**FINISHED, "next_attempt_at": NOW}),
    ("webhook_delivery_pending_or_finished", WebhookDelivery, {**FINISHED, "lease_until": NOW}),
]
RIGHT = [
    (Webhook, {}),
    (Webhook, {"last_status": "delivered", "last_status_code": 204, "last_attempt_at": NOW}),
    (Webhook, {"last_status": "failed", "last_attempt_at": NOW, "failing_since": NOW}),
    (WebhookDelivery, {"lease_until": NOW}),
    (WebhookDelivery, FINISHED),
    (WebhookDelivery, {**FINISHED, "status": "failed", "last_error": "timeout"}),
]


@pytest.fixture
def rows(db) -> Rows:
    return Rows()


@pytest.mark.parametrize(("table", "fields"), RIGHT, ids=str)
def test_a_right_row_is_stored(rows, table, fields):
    assert rows.make(table, **fields).pk


@pytest.mark.parametrize(("constraint", "table", "fields"), WRONG, ids=str)
def test_a_wrong_row_is_refused_by_its_constraint(rows, constraint, table, fields):
    rows.first(table)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        rows.make(table, **fields)


def test_every_constraint_has_its_wrong_row():
    tables = apps.get_app_config("webhooks").get_models()
    named = {constraint.name for table in tables for constraint in table._meta.constraints}

    assert named == {constraint for constraint, _table, _fields in WRONG}
