"""The library: stored pictures."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class Visibility(models.TextChoices):
    TEAM = "team"
    PRIVATE = "private"


class Source(models.TextChoices):
    GENERATED = "generated"
    EDITED = "edited"
    UPLOADED = "uploaded"


class MediaAssetQuerySet(models.QuerySet["MediaAsset"]):
    def visible_to(self, user) -> "MediaAssetQuerySet":
        """Team pictures for AI managers; private ones for their owner, `media.manage` and super admins."""
        if user.has_perm("media.manage"):
            return self
        own = Q(owner=user)
        return self.filter(own | Q(visibility=Visibility.TEAM)) if user.has_perm("ai.manage") else self.filter(own)


class MediaAsset(models.Model):
    """A picture exactly as it was received. `snapshot` says how it came to be, so that no join is needed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="media_assets")
    file_name = models.CharField(max_length=200, unique=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    mime_type = models.CharField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    title = models.CharField(max_length=300, blank=True)
    alt_text = models.CharField(max_length=1000, blank=True)
    alt_text_en = models.CharField(max_length=1000, blank=True)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.TEAM)
    source = models.CharField(max_length=10, choices=Source)
    generation_id = models.UUIDField(null=True, blank=True, db_index=True)
    provider_slug = models.CharField(max_length=64, blank=True)
    model_id = models.CharField(max_length=200, blank=True)
    prompt = models.TextField(blank=True)
    params = models.JSONField(default=dict, blank=True)
    cost_micros = models.BigIntegerField(null=True, blank=True)
    provenance = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    objects = MediaAssetQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("manage", "Edit and delete every picture of the library")]
        constraints = [
            models.CheckConstraint(
                condition=Q(width__gt=0, height__gt=0, size_bytes__gt=0), name="media_asset_has_a_size"
            ),
            models.CheckConstraint(condition=Q(visibility__in=Visibility.values), name="media_asset_visibility_known"),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="media_asset_source_known"),
            models.CheckConstraint(
                condition=Q(cost_micros__isnull=True) | Q(cost_micros__gte=0),
                name="media_asset_cost_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.id)
