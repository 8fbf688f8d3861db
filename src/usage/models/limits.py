"""Limits that stand until they are changed, and the warnings that a limit is nearly or fully used."""

from django.db import models
from django.db.models import Q


class LimitUnit(models.TextChoices):
    IMAGES = "images"
    MICROS = "micros"


class StandingLimit(models.Model):
    """What a scope may use in each of its periods; NULL is no limit.

    The row with `scope_id` `*` holds for every scope of its kind that has no row of its own.
    """

    scope_kind = models.CharField(max_length=24)
    scope_id = models.CharField(max_length=64)
    max_images = models.PositiveIntegerField(null=True)
    max_micros = models.BigIntegerField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope_kind", "scope_id"], name="standing_limit_once_per_scope"),
            models.CheckConstraint(
                condition=Q(max_micros__isnull=True) | Q(max_micros__gte=0), name="standing_limit_micros_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope_kind}:{self.scope_id}"


class LimitWarning(models.Model):
    """A scope has spent `percent` of a limit in a period; written once, never changed; a limit
    that was changed is warned of anew.

    `limit` and `spent` are pictures or micros, as of then. `person_id` and `provider_slug` say whose scope it is,
    as far as it is a person's or a provider's.
    """

    scope_kind = models.CharField(max_length=24)
    scope_id = models.CharField(max_length=64)
    period = models.CharField(max_length=10)
    unit = models.CharField(max_length=8, choices=LimitUnit)
    percent = models.PositiveSmallIntegerField()
    limit = models.BigIntegerField()
    spent = models.BigIntegerField()
    person_id = models.BigIntegerField(null=True)
    provider_slug = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope_kind", "scope_id", "period", "unit", "limit", "percent"],
                name="limit_warning_once_per_scope_period_unit_percent",
            ),
            models.CheckConstraint(condition=Q(unit__in=LimitUnit.values), name="limit_warning_unit_known"),
            models.CheckConstraint(condition=Q(percent__in=(80, 100)), name="limit_warning_percent_known"),
            models.CheckConstraint(condition=Q(limit__gte=0, spent__gte=0), name="limit_warning_not_negative"),
        ]
        indexes = [models.Index(fields=["person_id", "id"], name="limit_warning_of_person")]

    def __str__(self) -> str:
        return f"{self.percent} % of {self.unit} of {self.scope_kind}:{self.scope_id} {self.period}"
