"""The columns of a stored key, shared by the provider's key and a person's own."""

import uuid

from django.db import models
from django.db.models import Q


class KeyStatus(models.TextChoices):
    UNSET = "unset"
    UNCHECKED = "unchecked"
    VALID = "valid"
    INVALID = "invalid"


ORIGIN_CHANGED = "origin_changed"
"""The reason of a personal key whose provider moved: kept, but not sent until its owner enters it again."""


class KeyColumns(models.Model):
    """One sealed key. `vault_id` is set when the object is made, since the sealing is bound to it."""

    vault_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key_sealed = models.TextField(blank=True, default="")
    key_last4 = models.CharField(max_length=4, blank=True, default="")
    key_fingerprint = models.CharField(max_length=64, blank=True, default="")
    key_status = models.CharField(max_length=10, choices=KeyStatus, default=KeyStatus.UNSET)
    key_checked_at = models.DateTimeField(null=True, blank=True)
    key_reason = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        abstract = True

    @property
    def has_key(self) -> bool:
        return self.key_status != KeyStatus.UNSET

    @property
    def has_usable_key(self) -> bool:
        """A key that is not known to be invalid and was entered for the provider's present origin."""
        is_not_refused = self.key_status in (KeyStatus.UNCHECKED, KeyStatus.VALID)
        return is_not_refused and self.key_reason != ORIGIN_CHANGED

    @property
    def masked_key(self) -> str:
        return f"***{self.key_last4}" if self.has_key else ""


def key_constraints(table: str) -> list[models.CheckConstraint]:
    """A key is there with its fingerprint and a status, or is not there at all."""
    nothing = Q(key_status=KeyStatus.UNSET, key_sealed="", key_fingerprint="", key_last4="")
    something = Q(key_status__in=[KeyStatus.UNCHECKED, KeyStatus.VALID, KeyStatus.INVALID])
    return [
        models.CheckConstraint(
            condition=nothing | (something & ~Q(key_sealed="") & ~Q(key_fingerprint="")),
            name=f"{table}_key_whole_or_absent",
        )
    ]


class TotalsColumns(models.Model):
    """What has gone through this row, counted in the settling transaction."""

    total_requests = models.PositiveBigIntegerField(default=0)
    total_images = models.PositiveBigIntegerField(default=0)
    total_cost_micros = models.PositiveBigIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
