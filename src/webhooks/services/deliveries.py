"""What became of each message: looking at it, sending it again, giving it up, forgetting it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from src.core.errors import Conflict, NotFound
from src.webhooks.models import DeliveryError, DeliveryStatus, Webhook, WebhookDelivery
from src.webhooks.models.delivery import WebhookDeliveryQuerySet
from src.webhooks.services.audit_entries import record_webhook

KEPT_FOR = timedelta(days=30)


def list_deliveries(webhook_id: UUID) -> WebhookDeliveryQuerySet:
    """One query a page, and one before it. Raises NotFound for an unknown webhook."""
    if not Webhook.objects.filter(pk=webhook_id).exists():
        raise NotFound
    return WebhookDelivery.objects.filter(webhook_id=webhook_id)


@transaction.atomic
def redeliver(*, webhook_id: UUID, delivery_id: UUID, actor: Any | None) -> WebhookDelivery:
    """Put a finished message in line again, under its own id and with all its attempts.

    Raises NotFound, Conflict(webhook_switched_off, webhook_delivery_pending).
    """
    webhook = Webhook.objects.select_for_update().filter(pk=webhook_id).first()
    rows = WebhookDelivery.objects.filter(pk=delivery_id, webhook_id=webhook_id)
    before = rows.first()
    if webhook is None or before is None:
        raise NotFound
    if not webhook.is_active:
        raise Conflict("webhook_switched_off")
    fresh = {"status": DeliveryStatus.PENDING, "attempts": 0, "next_attempt_at": timezone.now(), "finished_at": None}
    if not rows.exclude(status=DeliveryStatus.PENDING).update(**fresh, last_error="", last_status_code=None):
        raise Conflict("webhook_delivery_pending")
    record_webhook("redelivered", webhook, actor=actor, after={"delivery_id": str(delivery_id), "event": before.event})
    return rows.get()


def give_up_waiting(webhook_id: UUID) -> int:
    """Of a webhook that is switched off; what is being sent now ends by itself. How many there were."""
    return _give_up(WebhookDelivery.objects.filter(webhook_id=webhook_id))


@transaction.atomic
def sweep_deliveries() -> int:
    """Delete what was finished 30 days ago, and give up what a switched-off webhook left behind. How many were
    deleted."""
    _give_up(WebhookDelivery.objects.filter(webhook__is_active=False))
    deleted, _by_table = WebhookDelivery.objects.filter(finished_at__lt=timezone.now() - KEPT_FOR).delete()
    return deleted


def _give_up(rows: WebhookDeliveryQuerySet) -> int:
    now = timezone.now()
    return rows.unclaimed(now=now).update(
        status=DeliveryStatus.FAILED,
        last_error=DeliveryError.SWITCHED_OFF,
        next_attempt_at=None,
        lease_until=None,
        finished_at=now,
    )
