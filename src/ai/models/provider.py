"""A provider: one account at one service."""

from django.db import models
from django.db.models import Q

from src.ai.models.keys import KeyColumns, KeyStatus, TotalsColumns, key_constraints

__all__ = ["AIProvider", "KeyStatus", "UnknownPricePolicy"]


class UnknownPricePolicy(models.TextChoices):
    ALLOW = "allow"
    BLOCK = "block"


class AIProviderQuerySet(models.QuerySet["AIProvider"]):
    def active(self) -> "AIProviderQuerySet":
        return self.filter(is_active=True)

    def with_model_counts(self) -> "AIProviderQuerySet":
        """Adds models_count and active_models_count."""
        return self.annotate(
            models_count=models.Count("models"),
            active_models_count=models.Count("models", filter=Q(models__is_active=True)),
        ).order_by("sort_order", "id")


class AIProvider(KeyColumns, TotalsColumns):
    """`adapter` names the code that speaks the service's protocol; a blank `api_base_url` is the adapter's own.

    The key columns hold the shared key. The counts are there on rows of `with_model_counts`.
    """

    models_count: int
    active_models_count: int

    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=100)
    display_name = models.CharField(max_length=100, blank=True)
    description = models.TextField(blank=True)
    website = models.URLField(max_length=300, blank=True)
    adapter = models.CharField(max_length=64)
    api_base_url = models.CharField(max_length=300, blank=True)
    is_active = models.BooleanField(default=False)
    allow_personal_keys = models.BooleanField(default=True)
    allow_shared_for_normal_admins = models.BooleanField(default=False)
    allow_private_address = models.BooleanField(default=False)
    monthly_budget_micros = models.BigIntegerField(null=True, blank=True)
    max_jobs_at_once = models.PositiveSmallIntegerField(null=True, blank=True)
    """How many of its generations run at the same time, over all processes; NULL is PROVIDER_JOBS_AT_ONCE."""
    unknown_price_policy = models.CharField(max_length=8, choices=UnknownPricePolicy, default=UnknownPricePolicy.ALLOW)
    config = models.JSONField(default=dict, blank=True)
    sort_order = models.IntegerField(default=0)
    source_values = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AIProviderQuerySet.as_manager()

    class Meta:
        ordering = ["sort_order", "id"]
        default_permissions = ()
        permissions = [
            ("manage", "See providers, models and prices"),
            ("image.manage", "Generate pictures"),
        ]
        constraints = [
            *key_constraints("provider"),
            models.CheckConstraint(
                condition=Q(monthly_budget_micros__isnull=True) | Q(monthly_budget_micros__gte=0),
                name="provider_budget_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(unknown_price_policy__in=UnknownPricePolicy.values),
                name="provider_unknown_price_policy_known",
            ),
            models.CheckConstraint(
                condition=Q(max_jobs_at_once__isnull=True) | Q(max_jobs_at_once__gte=1),
                name="provider_runs_a_job_at_least",
            ),
            models.CheckConstraint(condition=~Q(slug="") & ~Q(adapter=""), name="provider_has_slug_and_adapter"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return self.display_name or self.name
