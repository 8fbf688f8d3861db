"""How people order the library: tags, collections, favourites."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from src.media.models.visibility import OwnedQuerySet, Visibility


class Tag(models.Model):
    """A word on pictures. `key` is the normalised name, so that two spellings of one word are one tag."""

    name = models.CharField(max_length=60)
    key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=~Q(name="") & ~Q(key=""), name="media_tag_has_a_name")]

    def __str__(self) -> str:
        return self.name


class Collection(models.Model):
    """A named set of pictures; a picture is in one collection at most."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="media_collections")
    name = models.CharField(max_length=120)
    key = models.CharField(max_length=240)
    description = models.CharField(max_length=1000, blank=True)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.TEAM)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="media_collection_once_per_owner_name"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(key=""), name="media_collection_has_a_name"),
            models.CheckConstraint(
                condition=Q(visibility__in=Visibility.values), name="media_collection_visibility_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Favourite(models.Model):
    """A picture that one person marked; nobody else sees it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="media_favourites")
    asset = models.ForeignKey("media.MediaAsset", on_delete=models.CASCADE, related_name="favourites")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "asset"], name="media_favourite_once_per_person_asset")]

    def __str__(self) -> str:
        return f"{self.user_id} likes {self.asset_id}"
