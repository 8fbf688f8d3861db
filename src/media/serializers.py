"""A picture of the library as the API shows it."""

from django.urls import reverse
from rest_framework import serializers

from src.media.models import MediaAsset


class MediaAssetSerializer(serializers.ModelSerializer):
    url = serializers.SerializerMethodField()
    owner = serializers.CharField(source="owner.username", read_only=True)

    class Meta:
        model = MediaAsset
        fields = (
            "id",
            "title",
            "alt_text",
            "alt_text_en",
            "url",
            "mime_type",
            "width",
            "height",
            "size_bytes",
            "sha256",
            "owner",
            "visibility",
            "source",
            "generation_id",
            "provider_slug",
            "model_id",
            "prompt",
            "params",
            "cost_micros",
            "provenance",
            "created_at",
        )
        read_only_fields = fields

    def get_url(self, asset: MediaAsset) -> str:
        return original_url(asset.pk)


def original_url(asset_id) -> str:
    return reverse("media-original", kwargs={"asset_id": asset_id})
