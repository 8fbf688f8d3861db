"""A stored picture."""

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When

from src.media.models.organising import Collection, Tag
from src.media.models.visibility import OwnedQuerySet, Visibility


class Source(models.TextChoices):
    GENERATED = "generated"
    EDITED = "edited"
    UPLOADED = "uploaded"


class MediaAssetQuerySet(OwnedQuerySet):
    """`visible_to` and `writable_by` leave out what lies in the trash; `in_trash_of` is that."""

    def visible_to(self, user: Any) -> Self:
        return super().visible_to(user).filter(deleted_at__isnull=True)

    def writable_by(self, user: Any) -> Self:
        return super().writable_by(user).filter(deleted_at__isnull=True)

    def in_trash_of(self, user: Any) -> Self:
        """Deleted pictures that this person may bring back."""
        return super().writable_by(user).filter(deleted_at__isnull=False)


def _is_blank(*names: str) -> Case:
    """Whether any of the columns is blank, as a column of its own, so that an index can order what lacks a text."""
    return Case(*(When(**{name: ""}, then=Value(True)) for name in names), default=Value(False))


class MediaAsset(models.Model):
    """A picture exactly as it was received, with a snapshot of how it came to be, so that no join is needed.

    `search_text` is the normalised title, alt texts and prompt; `version` counts the edits; `rendition_problem` says
    why there are no smaller copies ("": none has failed).
    """

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
    snapshot = models.JSONField(default=dict, blank=True)
    tags = models.ManyToManyField(Tag, related_name="assets", blank=True)
    collection = models.ForeignKey(
        Collection, null=True, blank=True, on_delete=models.SET_NULL, related_name="assets", db_index=False
    )
    made_from = models.ManyToManyField("self", symmetrical=False, related_name="made_into", blank=True)
    search_text = models.TextField(blank=True, editable=False)
    rendition_problem = models.CharField(max_length=32, blank=True)
    lacks_alt_text = models.GeneratedField(
        expression=_is_blank("alt_text"), output_field=models.BooleanField(), db_persist=True
    )
    lacks_alt_text_en = models.GeneratedField(
        expression=_is_blank("alt_text_en"), output_field=models.BooleanField(), db_persist=True
    )
    lacks_any_alt_text = models.GeneratedField(
        expression=_is_blank("alt_text", "alt_text_en"), output_field=models.BooleanField(), db_persist=True
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = MediaAssetQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("manage", "Edit and delete every picture of the library")]
        indexes = [
            # One per filter, in the order of the list.
            models.Index(fields=["-created_at", "-id"], name="media_asset_newest"),
            models.Index(fields=["owner", "-created_at", "-id"], name="media_asset_owner_newest"),
            models.Index(fields=["provider_slug", "-created_at", "-id"], name="media_asset_provider_newest"),
            models.Index(fields=["model_id", "-created_at", "-id"], name="media_asset_model_newest"),
            models.Index(fields=["collection", "-created_at", "-id"], name="media_asset_collection_newest"),
            models.Index(fields=["source", "-created_at", "-id"], name="media_asset_source_newest"),
            models.Index(fields=["visibility", "-created_at", "-id"], name="media_asset_visible_newest"),
            models.Index(fields=["lacks_alt_text", "-created_at", "-id"], name="media_asset_no_alt_newest"),
            models.Index(fields=["lacks_alt_text_en", "-created_at", "-id"], name="media_asset_no_alt_en_newest"),
            models.Index(fields=["lacks_any_alt_text", "-created_at", "-id"], name="media_asset_lacks_alt_newest"),
            models.Index(
                fields=["collection", "deleted_at", "visibility", "owner"], name="media_asset_collection_count"
            ),
            models.Index(fields=["deleted_at"], name="media_asset_trash", condition=Q(deleted_at__isnull=False)),
        ]
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
