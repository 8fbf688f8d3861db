"""Which process sends a message: a lease in its row, taken by a conditional UPDATE."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F
from django.utils import timezone

from src.core.errors import Misconfigured
from src.core.secret import Secret
from src.webhooks.models import Webhook, WebhookDelivery
from src.webhooks.services.stored_secrets import open_secret

LEASE = timedelta(seconds=60)
PER_WEBHOOK = 5
"""At a time in a process, so that a receiver that does not answer leaves room for the others."""


@dataclass(frozen=True)
class Claim:
    """A message to be sent by whoever holds this; `secret` is None where it cannot be opened."""

    delivery_id: UUID
    webhook_id: UUID
    lease_until: datetime
    url: str = field(repr=False)
    allow_private_address: bool
    body: bytes = field(repr=False)
    secret: Secret | None


def claim_due(*, limit: int) -> list[Claim]:
    """Up to `limit` messages, which nobody else gets for 60 seconds. Each claim counts as an attempt."""
    now = timezone.now()
    waiting = WebhookDelivery.objects.due(now=now, per_webhook=PER_WEBHOOK).select_related("webhook")[:limit]
    return [_claim_of(delivery, now + LEASE) for delivery in waiting if _take(delivery, now)]


def body_of(delivery: WebhookDelivery) -> bytes:
    """`{"type", "timestamp", "data"}` in UTF-8; `timestamp` is when it happened."""
    moment = delivery.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"type": delivery.event, "timestamp": moment, "data": delivery.payload}
    return json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")).encode()


def _take(delivery: WebhookDelivery, now: datetime) -> bool:
    rows = WebhookDelivery.objects.unclaimed(now=now).filter(pk=delivery.pk, next_attempt_at__lte=now)
    return bool(rows.update(lease_until=now + LEASE, attempts=F("attempts") + 1))


def _claim_of(delivery: WebhookDelivery, lease_until: datetime) -> Claim:
    webhook = delivery.webhook
    return Claim(
        delivery_id=delivery.pk,
        webhook_id=webhook.pk,
        lease_until=lease_until,
        url=webhook.url,
        allow_private_address=webhook.allow_private_address,
        body=body_of(delivery),
        secret=_secret_of(webhook),
    )


def _secret_of(webhook: Webhook) -> Secret | None:
    try:
        return open_secret(webhook)
    except Misconfigured:
        return None
