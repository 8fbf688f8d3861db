"""Webhooks and messages for tests, with only what the test is about spelled out."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from src.core.secret import Secret
from src.webhooks.models import DeliveryStatus, Webhook, WebhookDelivery
from src.webhooks.services.stored_secrets import store_secret

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OTHER_SECRET = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY="
PUBLIC = "https://receiver.example/hooks"
ROOT = "/api/webhooks/"


def make_webhook(url: str = PUBLIC, *, secret: str = SECRET, **fields: Any) -> Webhook:
    """An active one that wants `job.succeeded`; a loopback URL is allowed for."""
    webhook = Webhook(
        url=url,
        **{"events": ["job.succeeded"], "allow_private_address": url.startswith("http://127."), **fields},
    )
    store_secret(webhook, Secret(secret))
    webhook.save()
    return webhook


def make_delivery(webhook: Webhook, **fields: Any) -> WebhookDelivery:
    """A message that is due."""
    values = {"event": "job.succeeded", "payload": {"n": 1}, "next_attempt_at": timezone.now(), **fields}
    return WebhookDelivery.objects.create(webhook=webhook, **values)


def make_finished(webhook: Webhook, status: str = DeliveryStatus.DELIVERED, **fields: Any) -> WebhookDelivery:
    values = {"status": status, "next_attempt_at": None, "finished_at": timezone.now(), "attempts": 1, **fields}
    return make_delivery(webhook, **values)


def make_due() -> None:
    """Whatever waits for a later moment need not wait."""
    WebhookDelivery.objects.filter(status="pending").update(next_attempt_at=timezone.now() - timedelta(seconds=1))
