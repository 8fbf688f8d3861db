"""A model of a provider."""

from datetime import date

from django.db import models
from django.db.models import Q

from src.ai.models.keys import TotalsColumns
from src.ai.models.provider import AIProvider


class Capability(models.TextChoices):
    CHAT = "chat"
    IMAGE = "image"
    IMAGE_EDIT = "image_edit"
    CODE = "code"
    VISION = "vision"
    SPEECH_TO_TEXT = "speech_to_text"
    TEXT_TO_SPEECH = "text_to_speech"
    EMBEDDING = "embedding"


PICTURE_CAPABILITIES = (Capability.IMAGE, Capability.IMAGE_EDIT)


class Origin(models.TextChoices):
    CATALOGUE = "catalogue"
    SYNCED = "synced"
    MANUAL = "manual"


class AIModelQuerySet(models.QuerySet["AIModel"]):
    def usable_on(self, today: date) -> "AIModelQuerySet":
        """Switched on, and not past the service's end date."""
        not_ended = Q(shutdown_date__isnull=True) | Q(shutdown_date__gt=today)
        return self.filter(not_ended, is_active=True)

    def that_can(self, capability: Capability) -> "AIModelQuerySet":
        # By key, which SQLite and PostgreSQL answer alike; `contains` is not there on SQLite.
        return self.filter(**{f"capabilities__{capability.value}": True})


class AIModel(TotalsColumns):
    """`capabilities` is `{"image": true}`; `image_spec` and `pricing` are the JSON of `src.ai.specs`.

    `source_values` holds what the catalogue or a sync last wrote, `synced_fields` the names that a sync wrote last.
    `listed_at` is when the service's own list last had the model, `vanished_at` since when it has not.
    """

    provider = models.ForeignKey(AIProvider, on_delete=models.PROTECT, related_name="models")
    model_id = models.CharField(max_length=200)
    display_name = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    capabilities = models.JSONField(default=dict, blank=True)
    image_spec = models.JSONField(null=True, blank=True)
    pricing = models.JSONField(default=list, blank=True)
    context_window = models.PositiveBigIntegerField(null=True, blank=True)
    max_output_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    shutdown_date = models.DateField(null=True, blank=True)
    replacement = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.MANUAL)
    source_values = models.JSONField(default=dict, blank=True)
    synced_fields = models.JSONField(default=list, blank=True)
    listed_at = models.DateTimeField(null=True, blank=True)
    vanished_at = models.DateTimeField(null=True, blank=True)
    sort_order = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AIModelQuerySet.as_manager()

    class Meta:
        ordering = ["sort_order", "id"]
        default_permissions = ()
        indexes = [models.Index(fields=["sort_order", "id"], name="ai_model_listing")]
        constraints = [
            models.UniqueConstraint(fields=["provider", "model_id"], name="model_id_once_per_provider"),
            models.CheckConstraint(condition=~Q(model_id=""), name="model_has_an_id"),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="model_origin_known"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id}/{self.model_id}"

    @property
    def label(self) -> str:
        return self.display_name or self.model_id

    def can(self, capability: Capability) -> bool:
        return self.capabilities.get(capability.value) is True

    def has_ended(self, today: date) -> bool:
        return self.shutdown_date is not None and today >= self.shutdown_date

    def ends_by(self, day: date) -> bool:
        return self.shutdown_date is not None and self.shutdown_date <= day
