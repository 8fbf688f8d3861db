"""What jobs need besides their own row: each person's feed of events, the queue's gate, and the circuits."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from src.ai.models.generation import ImageGeneration
from src.ai.models.provider import AIProvider


class JobEventKind(models.TextChoices):
    STATE = "state"
    PREVIEW = "preview"


class JobFeed(models.Model):
    """A person's count of events. Whoever writes an event holds this row until commit, so that the numbers become
    visible in their order, and one who has read up to N has missed none below it."""

    admin = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE)
    last_seq = models.PositiveBigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.admin_id} {self.last_seq}"


class JobEvent(models.Model):
    """Something that happened to a job, in the order of its owner's feed; kept for some days.

    `data` of `state`: {"status", "charged", "error_code"}; of `preview`: {"image_index", "preview_index",
    "mime_type", "path"}, the path within the inbox.
    """

    admin = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seq = models.PositiveBigIntegerField()
    generation = models.ForeignKey(ImageGeneration, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=8, choices=JobEventKind)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        default_permissions = ()
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["admin", "seq"], name="job_event_once_per_number"),
            models.CheckConstraint(condition=Q(kind__in=JobEventKind.values), name="job_event_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.generation_id} {self.kind} {self.seq}"


class QueueGate(models.Model):
    """One row; whoever puts a job into the queue holds it, so that the queue's cap is exact."""

    name = models.CharField(max_length=16, primary_key=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class ProviderCircuit(models.Model):
    """How a service has done lately with one key ("" is none). Open until `opens_again_at`; from then on one job,
    which `probe_until` marks, tries whether it is back."""

    provider = models.ForeignKey(AIProvider, on_delete=models.CASCADE, related_name="circuits")
    key_fingerprint = models.CharField(max_length=64, blank=True, default="")
    failures = models.PositiveIntegerField(default=0)
    last_failure_at = models.DateTimeField(null=True, blank=True)
    times_opened = models.PositiveIntegerField(default=0)
    opens_again_at = models.DateTimeField(null=True, blank=True)
    probe_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["provider", "key_fingerprint"], name="circuit_once_per_provider_and_key"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.failures}"
