"""A webhook: an address of somebody else's that is told what happens here."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

URL_MAX_CHARS = 500
DESCRIPTION_MAX_CHARS = 200


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def active(self) -> "WebhookQuerySet":
        return self.filter(is_active=True)


class Webhook(models.Model):
    """`key_sealed` is the secret that signs, bound to this row and to the origin of `url`.

    `last_status` is of the latest attempt, "" before the first; `failing_since` the first failure since the last
    success or since it was switched on.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    url = models.CharField(max_length=URL_MAX_CHARS)
    description = models.CharField(max_length=DESCRIPTION_MAX_CHARS, blank=True, default="")
    key_sealed = models.TextField()
    events = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    allow_private_address = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    last_status = models.CharField(max_length=9, blank=True, default="")
    last_status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(url="") & ~Q(key_sealed=""), name="webhook_has_url_and_secret"),
            models.CheckConstraint(
                condition=Q(last_status="", last_attempt_at__isnull=True, last_status_code__isnull=True)
                | Q(last_status__in=["delivered", "failed"], last_attempt_at__isnull=False),
                name="webhook_attempt_whole_or_absent",
            ),
            models.CheckConstraint(
                condition=Q(failing_since__isnull=True) | Q(last_status="failed"), name="webhook_failing_has_failed"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
