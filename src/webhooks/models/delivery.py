"""A delivery: one message for one webhook, from being written to being delivered or given up."""

import uuid
from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from src.webhooks.models.webhook import Webhook


class DeliveryStatus(models.TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryError(models.TextChoices):
    """Why the latest attempt failed; of `http_status` the code is in `last_status_code`."""

    HTTP_STATUS = "http_status"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    UNREACHABLE = "unreachable"
    CONNECTION_LOST = "connection_lost"
    TIMEOUT = "timeout"
    SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105
    SWITCHED_OFF = "switched_off"


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def unclaimed(self, *, now: datetime) -> "WebhookDeliveryQuerySet":
        """Waiting, and nobody is sending it."""
        is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
        return self.filter(is_free, status=DeliveryStatus.PENDING)

    def due(self, *, now: datetime, per_webhook: int) -> "WebhookDeliveryQuerySet":
        """Unclaimed ones of active webhooks whose moment has come, longest due first; so many of each webhook."""
        place = Window(RowNumber(), partition_by=F("webhook_id"), order_by=["next_attempt_at", "id"])
        rows = self.unclaimed(now=now).filter(next_attempt_at__lte=now, webhook__is_active=True)
        return rows.annotate(place=place).filter(place__lte=per_webhook).order_by("next_attempt_at", "id")


class WebhookDelivery(models.Model):
    """`id` is the message's id, the same at every attempt; `payload` the event's data.

    `lease_until` is set while somebody sends it, and tells whose result counts: a claim made later has another one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=64)
    payload = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    status = models.CharField(max_length=9, choices=DeliveryStatus, default=DeliveryStatus.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=32, choices=DeliveryError, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(status="pending"), name="webhook_delivery_due"),
            models.Index(fields=["webhook", "-created_at", "-id"], name="webhook_delivery_newest"),
            models.Index(fields=["finished_at"], name="webhook_delivery_finished"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(event=""), name="webhook_delivery_has_an_event"),
            models.CheckConstraint(
                condition=Q(status="pending", next_attempt_at__isnull=False, finished_at__isnull=True)
                | Q(
                    status__in=["delivered", "failed"],
                    next_attempt_at__isnull=True,
                    lease_until__isnull=True,
                    finished_at__isnull=False,
                ),
                name="webhook_delivery_pending_or_finished",
            ),
            models.CheckConstraint(
                condition=Q(last_error__in=["", *DeliveryError.values]), name="webhook_delivery_error_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"
