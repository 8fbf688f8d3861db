"""What an attempt came to: delivered, tried again later, or given up; and what that says of its webhook."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from django.db import transaction
from django.utils import timezone

from src.webhooks.models import DeliveryStatus, Webhook, WebhookDelivery
from src.webhooks.services.audit_entries import record_webhook
from src.webhooks.services.claims import Claim
from src.webhooks.services.deliveries import give_up_waiting

RETRY_AFTER_S = (5, 300, 1800, 7200, 18_000, 36_000)
JITTER = 0.2
"""Of each wait, added at most, so that messages that failed together are not sent together."""
MAX_ATTEMPTS = len(RETRY_AFTER_S) + 1
SWITCHED_OFF_AFTER = timedelta(days=5)
GONE = 410

random = SystemRandom()


@dataclass(frozen=True)
class Outcome:
    """`error` is a DeliveryError, "" for a message that was delivered."""

    status_code: int | None = None
    error: str = ""


@transaction.atomic
def record_outcome(*, claim: Claim, outcome: Outcome) -> bool:
    """False, with nothing written, where the claim is somebody else's by now or the webhook was deleted.

    410 switches the webhook off, and so does a message that is given up after five days of nothing but failures.
    """
    webhook = Webhook.objects.select_for_update().filter(pk=claim.webhook_id).first()
    rows = WebhookDelivery.objects.filter(pk=claim.delivery_id, lease_until=claim.lease_until)
    delivery = rows.first()
    if webhook is None or delivery is None:
        return False
    now = timezone.now()
    why_off = _why_switched_off(webhook, delivery, outcome, now)
    stays_on = webhook.is_active and not why_off
    if not rows.update(**_values(delivery, outcome, now, may_retry=stays_on)):
        return False
    _note_attempt(webhook, outcome, now)
    if why_off and webhook.is_active:
        _switch_off(webhook, why_off)
    return True


def _why_switched_off(webhook: Webhook, delivery: WebhookDelivery, outcome: Outcome, now: datetime) -> str:
    if outcome.status_code == GONE:
        return "gone"
    has_failed_long = webhook.failing_since is not None and webhook.failing_since <= now - SWITCHED_OFF_AFTER
    is_last = delivery.attempts >= MAX_ATTEMPTS
    return "failing" if outcome.error and is_last and has_failed_long else ""


def _values(delivery: WebhookDelivery, outcome: Outcome, now: datetime, *, may_retry: bool) -> dict[str, Any]:
    facts = {"lease_until": None, "last_status_code": outcome.status_code, "last_error": outcome.error}
    if outcome.error and may_retry and delivery.attempts < MAX_ATTEMPTS:
        wait_s = RETRY_AFTER_S[delivery.attempts - 1] * random.uniform(1, 1 + JITTER)
        return {**facts, "next_attempt_at": now + timedelta(seconds=wait_s)}
    status = DeliveryStatus.FAILED if outcome.error else DeliveryStatus.DELIVERED
    return {**facts, "status": status, "next_attempt_at": None, "finished_at": now}


def _note_attempt(webhook: Webhook, outcome: Outcome, now: datetime) -> None:
    webhook.last_status = DeliveryStatus.FAILED if outcome.error else DeliveryStatus.DELIVERED
    webhook.last_status_code = outcome.status_code
    webhook.last_attempt_at = now
    webhook.failing_since = (webhook.failing_since or now) if outcome.error else None
    webhook.save(update_fields=["last_status", "last_status_code", "last_attempt_at", "failing_since"])


def _switch_off(webhook: Webhook, reason: str) -> None:
    webhook.is_active = False
    webhook.save(update_fields=["is_active", "updated_at"])
    give_up_waiting(webhook.pk)
    before, after = {"is_active": True}, {"is_active": False, "reason": reason}
    record_webhook("switched_off", webhook, actor=None, before=before, after=after)
