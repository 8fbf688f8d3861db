"""Smaller copies of a picture, for lists and sites."""

from django.db import models
from django.db.models import Q

RENDITION_SIZES = (320, 1024)
"""Longest edge, px. A smaller original keeps its own size."""


class RenditionFormat(models.TextChoices):
    WEBP = "webp"
    AVIF = "avif"


class Rendition(models.Model):
    """One copy: longest edge `size`, upright, sRGB, without the original's metadata."""

    asset = models.ForeignKey("media.MediaAsset", on_delete=models.CASCADE, related_name="renditions")
    size = models.PositiveIntegerField()
    format = models.CharField(max_length=4, choices=RenditionFormat)
    file_name = models.CharField(max_length=200, unique=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["asset", "size", "format"], name="media_rendition_once_per_size_format"),
            models.CheckConstraint(condition=Q(size__in=RENDITION_SIZES), name="media_rendition_size_known"),
            models.CheckConstraint(condition=Q(format__in=RenditionFormat.values), name="media_rendition_format_known"),
            models.CheckConstraint(
                condition=Q(width__gt=0, height__gt=0, size_bytes__gt=0), name="media_rendition_has_a_size"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} {self.size}.{self.format}"
