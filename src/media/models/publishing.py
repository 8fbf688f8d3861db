"""Addresses under which anybody may fetch a picture."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class PublishedLink(models.Model):
    """`/p/{token}/…`. Revoked for good: a picture published again gets another token."""

    asset = models.ForeignKey("media.MediaAsset", on_delete=models.CASCADE, related_name="published_links")
    token = models.CharField(max_length=43, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="published_links")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["asset"], condition=Q(revoked_at__isnull=True), name="media_published_link_one_live_per_asset"
            ),
            models.CheckConstraint(condition=~Q(token=""), name="media_published_link_has_a_token"),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} {'revoked' if self.revoked_at else 'live'}"
