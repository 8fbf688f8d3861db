"""The ledger and the counters that follow from it."""

from django.db import models
from django.db.models import F, Q


class LedgerKind(models.TextChoices):
    RESERVE = "reserve"
    SETTLE = "settle"
    RELEASE = "release"


class KeySource(models.TextChoices):
    SHARED = "shared"
    PERSONAL = "personal"


class LedgerEntry(models.Model):
    """One movement of one scope for one generation; written once, never changed.

    `reserve` holds money and pictures, `settle` books what was really used, `release` gives back what was
    reserved and not used, and ends the reservation even where that is nothing. `micros` is NULL where the price is
    unknown. `period` and `day` are those of the reservation, also where it ends later.
    """

    kind = models.CharField(max_length=8, choices=LedgerKind)
    generation_id = models.UUIDField()
    scope_kind = models.CharField(max_length=24)
    scope_id = models.CharField(max_length=64)
    period = models.CharField(max_length=10)
    day = models.CharField(max_length=10)
    images = models.PositiveIntegerField()
    micros = models.BigIntegerField(null=True)
    person_id = models.BigIntegerField()
    provider_slug = models.CharField(max_length=64)
    model_id = models.CharField(max_length=200)
    key_source = models.CharField(max_length=8, choices=KeySource)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["scope_kind", "day"], name="ledger_entry_of_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["generation_id", "scope_kind", "scope_id", "kind"],
                name="ledger_entry_once_per_generation_scope_kind",
            ),
            models.CheckConstraint(condition=Q(kind__in=LedgerKind.values), name="ledger_entry_kind_known"),
            models.CheckConstraint(condition=Q(key_source__in=KeySource.values), name="ledger_entry_key_source_known"),
            models.CheckConstraint(
                condition=Q(micros__isnull=True) | Q(micros__gte=0), name="ledger_entry_micros_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.scope_kind}:{self.scope_id} {self.generation_id}"


class Counter(models.Model):
    """What a scope has reserved and spent in a period: `2026-11` or `2026-11-24`, of the site's time zone."""

    scope_kind = models.CharField(max_length=24)
    scope_id = models.CharField(max_length=64)
    period = models.CharField(max_length=10)
    reserved_micros = models.BigIntegerField(default=0)
    spent_micros = models.BigIntegerField(default=0)
    reserved_images = models.IntegerField(default=0)
    spent_images = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope_kind", "scope_id", "period"], name="counter_once_per_scope_period"),
            models.CheckConstraint(
                condition=Q(reserved_micros__gte=0, spent_micros__gte=0)
                & Q(reserved_images__gte=0, spent_images__gte=0),
                name="counter_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope_kind}:{self.scope_id} {self.period}"

    @classmethod
    def used_micros(cls):
        return F("reserved_micros") + F("spent_micros")

    @classmethod
    def used_images(cls):
        return F("reserved_images") + F("spent_images")
