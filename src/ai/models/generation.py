"""A generation, its paid calls, and the pictures that came."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from src.ai.models.model import AIModel
from src.ai.models.provider import AIProvider
from src.ai.specs import MAX_N

KEY_SOURCES = [("shared", "shared"), ("personal", "personal")]


class GenerationStatus(models.TextChoices):
    RESERVED = "reserved"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


UNFINISHED = (GenerationStatus.RESERVED, GenerationStatus.QUEUED, GenerationStatus.RUNNING)


class Charged(models.TextChoices):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class CostSource(models.TextChoices):
    PROVIDER_REPORTED = "provider_reported"
    CATALOGUE = "catalogue"
    UNKNOWN = "unknown"


class ProviderCallStatus(models.TextChoices):
    PREPARED = "prepared"
    SENT = "sent"
    RECEIVED = "received"
    FAILED = "failed"
    UNKNOWN = "unknown"


class ImageGeneration(models.Model):
    """One request for 1..n pictures, from reservation to settlement.

    `inputs` are an edit's pictures: {"references": [{"asset_id", "sha256", "mime_type", "width", "height"}], "mask"}.
    `failures` are the pictures that did not come: [{"index", "code", "reason", "charged"}].
    `charged` says whether the service took money; while it is `unknown`, the reservation is held.
    `error_facts` is what the answer tells besides `error_code`, with `retry_after_s` where there is one.

    A job is the same row. Whoever runs it holds a lease and a fence: `fence` counts the claims, and each of the
    runner's writes names the one it got, so that a runner whose lease has passed on writes nothing more.
    `not_before` holds a queued job back: a service or a store of ours is left alone for a while.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    admin = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="generations")
    provider = models.ForeignKey(AIProvider, on_delete=models.PROTECT, related_name="generations")
    model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="generations")
    key_source = models.CharField(max_length=8, choices=KEY_SOURCES)
    prompt = models.TextField()
    params_asked = models.JSONField(default=dict)
    params_sent = models.JSONField(default=dict)
    inputs = models.JSONField(default=dict, blank=True)
    n = models.PositiveSmallIntegerField()
    visibility = models.CharField(max_length=8, default="team")
    save_to_media = models.BooleanField(default=True)
    status = models.CharField(max_length=10, choices=GenerationStatus, default=GenerationStatus.QUEUED)
    error_code = models.CharField(max_length=64, blank=True, default="")
    error_facts = models.JSONField(default=dict, blank=True)
    failures = models.JSONField(default=list, blank=True)
    title = models.CharField(max_length=300, blank=True, default="")
    alt_text = models.CharField(max_length=1000, blank=True, default="")
    charged = models.CharField(max_length=8, choices=Charged, default=Charged.NO)
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)
    request_fingerprint = models.CharField(max_length=64, blank=True, default="")
    reserved_micros = models.BigIntegerField(null=True, blank=True)
    cost_micros = models.BigIntegerField(null=True, blank=True)
    cost_source = models.CharField(max_length=20, choices=CostSource, default=CostSource.UNKNOWN)
    price_snapshot = models.JSONField(default=list, blank=True)
    token_usage = models.JSONField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    setbacks = models.PositiveSmallIntegerField(default=0)
    """How often in a row it could not be brought to its end: a full disk, a store that answers 500."""
    not_before = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    retry_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="retries")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        indexes = [
            # Whole ones: SQLite uses no partial index for a value that comes as a parameter.
            models.Index(fields=["status", "provider", "created_at"], name="generation_by_status"),
            models.Index(fields=["charged", "created_at"], name="generation_by_charged"),
            models.Index(fields=["admin", "-created_at"], name="generation_of_person"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(n__gte=1, n__lte=MAX_N), name="generation_n_in_range"),
            models.CheckConstraint(condition=Q(status__in=GenerationStatus.values), name="generation_status_known"),
            models.CheckConstraint(condition=Q(charged__in=Charged.values), name="generation_charged_known"),
            models.CheckConstraint(
                condition=Q(key_source__in=["shared", "personal"]), name="generation_key_source_known"
            ),
            models.CheckConstraint(
                condition=(Q(cost_micros__isnull=True) | Q(cost_micros__gte=0))
                & (Q(reserved_micros__isnull=True) | Q(reserved_micros__gte=0)),
                name="generation_money_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(cost_micros__isnull=True, cost_source=CostSource.UNKNOWN)
                | Q(
                    cost_micros__isnull=False,
                    cost_source__in=[CostSource.PROVIDER_REPORTED, CostSource.CATALOGUE],
                ),
                name="generation_cost_source_fits_cost",
            ),
            models.CheckConstraint(condition=Q(visibility__in=["team", "private"]), name="generation_visibility_known"),
            models.CheckConstraint(
                condition=~Q(status=GenerationStatus.UNKNOWN) | Q(charged=Charged.UNKNOWN),
                name="generation_unknown_is_charged_unknown",
            ),
            models.UniqueConstraint(
                fields=["admin", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="generation_once_per_idempotency_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.status}"

    @property
    def is_finished(self) -> bool:
        return self.status not in UNFINISHED


class ProviderCall(models.Model):
    """One paid POST for `asked` pictures; the row is committed before its socket opens.

    `finished_at` is set once what came of it is booked, or once it surely was not accepted. `index` is the call's
    place in the request; of several attempts at one index, the last one counts.
    """

    generation = models.ForeignKey(ImageGeneration, on_delete=models.PROTECT, related_name="calls")
    index = models.PositiveSmallIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=1)
    asked = models.PositiveSmallIntegerField(default=1)
    brought = models.PositiveSmallIntegerField(default=0)
    """How many pictures the answer held, acceptable or not."""
    status = models.CharField(max_length=10, choices=ProviderCallStatus, default=ProviderCallStatus.PREPARED)
    prepared_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    upstream_request_id = models.CharField(max_length=200, blank=True, default="")
    resume_handle = models.TextField(blank=True, default="")
    inbox_path = models.CharField(max_length=300, blank=True, default="")
    error_code = models.CharField(max_length=64, blank=True, default="")
    error_facts = models.JSONField(default=dict, blank=True)
    charged = models.CharField(max_length=8, choices=Charged, default=Charged.NO)
    cost_micros = models.BigIntegerField(null=True, blank=True)
    cost_source = models.CharField(max_length=20, choices=CostSource, default=CostSource.UNKNOWN)
    token_usage = models.JSONField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["index", "attempt"]
        constraints = [
            models.CheckConstraint(condition=Q(asked__gte=1), name="provider_call_asks_for_a_picture"),
            models.UniqueConstraint(fields=["generation", "index", "attempt"], name="provider_call_once_per_attempt"),
            models.CheckConstraint(
                condition=Q(status__in=ProviderCallStatus.values), name="provider_call_status_known"
            ),
            models.CheckConstraint(condition=Q(charged__in=Charged.values), name="provider_call_charged_known"),
            models.CheckConstraint(
                condition=Q(cost_micros__isnull=True) | Q(cost_micros__gte=0),
                name="provider_call_cost_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(status=ProviderCallStatus.PREPARED)
                | Q(status=ProviderCallStatus.FAILED)
                | Q(sent_at__isnull=False),
                name="provider_call_sent_has_a_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.generation_id}#{self.index}.{self.attempt} {self.status}"


class GenerationOutput(models.Model):
    """One picture of a generation: in the library (`asset`), or kept for a day in the inbox (`inbox_path`)."""

    generation = models.ForeignKey(ImageGeneration, on_delete=models.PROTECT, related_name="outputs")
    index = models.PositiveSmallIntegerField()
    asset = models.OneToOneField(
        "media.MediaAsset", null=True, blank=True, on_delete=models.SET_NULL, related_name="generation_output"
    )
    inbox_path = models.CharField(max_length=300, blank=True, default="")
    mime_type = models.CharField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    revised_prompt = models.TextField(blank=True, default="")
    seed = models.BigIntegerField(null=True, blank=True)
    cost_micros = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["index"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["generation", "index"], name="generation_output_once_per_index"),
            models.CheckConstraint(
                condition=Q(width__gt=0, height__gt=0, size_bytes__gt=0), name="generation_output_has_a_size"
            ),
            models.CheckConstraint(
                condition=Q(cost_micros__isnull=True) | Q(cost_micros__gte=0),
                name="generation_output_cost_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(asset__isnull=True) | Q(inbox_path=""), name="generation_output_in_one_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.generation_id}[{self.index}]"
