"""Telling webhooks: rows written in the transaction of what they tell of, so that neither is there alone."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from src.core.errors import Conflict, NotFound
from src.webhooks.events import EVENTS, TEST_EVENT
from src.webhooks.models import Webhook, WebhookDelivery
from src.webhooks.services.audit_entries import record_webhook


def publish(*, event: str, data: Mapping[str, Any]) -> int:
    """Put `data` in line for each active webhook that wants `event`; how many they are. One query if there is none,
    else two.

    Calls nobody. Raises TransactionManagementError outside a transaction, ValueError for an unknown event.
    """
    if event not in EVENTS:
        raise ValueError(f"no such event: {event}")
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a message belongs into the transaction of what it tells of")
    active = Webhook.objects.active().order_by("pk").values_list("pk", "events")
    wanting = [webhook_id for webhook_id, events in active if event in events]
    return len(_put_in_line(wanting, event, data)) if wanting else 0


@transaction.atomic
def publish_test(*, webhook_id: UUID, actor: Any | None) -> WebhookDelivery:
    """`webhook.test` for this webhook, whatever it wants. Raises NotFound, Conflict(webhook_switched_off)."""
    webhook = Webhook.objects.select_for_update().filter(pk=webhook_id).first()
    if webhook is None:
        raise NotFound
    if not webhook.is_active:
        raise Conflict("webhook_switched_off")
    [delivery] = _put_in_line([webhook.pk], TEST_EVENT, {"webhook_id": str(webhook.pk)})
    record_webhook("tested", webhook, actor=actor, after={"delivery_id": str(delivery.pk)})
    return delivery


def _put_in_line(webhook_ids: list[UUID], event: str, data: Mapping[str, Any]) -> list[WebhookDelivery]:
    now = timezone.now()
    return WebhookDelivery.objects.bulk_create(
        WebhookDelivery(webhook_id=webhook_id, event=event, payload=dict(data), next_attempt_at=now)
        for webhook_id in webhook_ids
    )
