"""One person's own key and limits at one provider."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from src.ai.models.keys import KeyColumns, TotalsColumns, key_constraints
from src.ai.models.provider import AIProvider


class AdminProviderSettings(KeyColumns, TotalsColumns):
    """The key columns hold the personal key. Limit and budget bind the use of the shared key only."""

    admin = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="provider_settings")
    provider = models.ForeignKey(AIProvider, on_delete=models.PROTECT, related_name="person_settings")
    use_shared_api = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    monthly_limit = models.PositiveIntegerField(null=True, blank=True)
    monthly_budget_micros = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        default_permissions = ()
        constraints = [
            *key_constraints("person_settings"),
            models.UniqueConstraint(fields=["admin", "provider"], name="person_settings_once_per_person_provider"),
            models.CheckConstraint(
                condition=Q(monthly_budget_micros__isnull=True) | Q(monthly_budget_micros__gte=0),
                name="person_settings_budget_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.admin_id} at {self.provider_id}"
