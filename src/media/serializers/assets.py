"""A picture of the library as the API shows it, and what may be said about it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from src.core.serializers import StrictCharField, StrictIntegerField, StrictSerializer
from src.media.addresses import original_url, thumbnail_urls
from src.media.models import MediaAsset, Visibility
from src.media.models.rendition import RENDITION_SIZES
from src.media.models.visibility import MANAGE
from src.media.serializers.organising import CollectionNameSerializer, TagSerializer

TAG_CHARS = 60
TAGS_AT_ONCE = 50


class ThumbnailsSerializer(serializers.Serializer):
    def get_fields(self) -> dict[str, serializers.Field]:
        return {str(size): serializers.CharField() for size in RENDITION_SIZES}


class RelatedAssetSerializer(serializers.ModelSerializer):
    """A picture named by another one."""

    url = serializers.SerializerMethodField()
    thumbnails = serializers.SerializerMethodField()

    class Meta:
        model = MediaAsset
        fields: tuple[str, ...] = ("id", "title", "source", "url", "thumbnails", "created_at")
        read_only_fields = fields

    def get_url(self, asset: MediaAsset) -> str:
        return original_url(asset.pk)

    @extend_schema_field(ThumbnailsSerializer)
    def get_thumbnails(self, asset: MediaAsset) -> dict[str, str]:
        return thumbnail_urls(asset.pk)


class ListedAssetSerializer(RelatedAssetSerializer):
    """A picture in the list; the context holds `request`."""

    owner = serializers.CharField(source="owner.username", read_only=True)
    tags = TagSerializer(many=True, read_only=True)
    collection = serializers.SerializerMethodField()
    is_favourite = serializers.BooleanField(read_only=True)
    is_published = serializers.BooleanField(read_only=True)

    class Meta(RelatedAssetSerializer.Meta):
        fields: tuple[str, ...] = (
            "id",
            "title",
            "alt_text",
            "alt_text_en",
            "url",
            "thumbnails",
            "mime_type",
            "width",
            "height",
            "size_bytes",
            "owner",
            "visibility",
            "source",
            "generation_id",
            "provider_slug",
            "model_id",
            "cost_micros",
            "tags",
            "collection",
            "is_favourite",
            "is_published",
            "version",
            "created_at",
            "updated_at",
            "deleted_at",
        )
        read_only_fields = fields

    @extend_schema_field(CollectionNameSerializer(allow_null=True))
    def get_collection(self, asset: MediaAsset) -> dict[str, Any] | None:
        """Null also where the picture lies in a collection that the reader does not see."""
        collection, user = asset.collection, self.context["request"].user
        if collection is None:
            return None
        is_seen = collection.owner_id == user.pk or collection.visibility == Visibility.TEAM or user.has_perm(MANAGE)
        return {"id": str(collection.pk), "name": collection.name} if is_seen else None


class LineageSerializer(serializers.Serializer):
    made_from = RelatedAssetSerializer(many=True)
    made_into = RelatedAssetSerializer(many=True)
    same_generation = RelatedAssetSerializer(many=True)


class PublicLinkSerializer(serializers.Serializer):
    """`urls` by rendition (`320.webp`); `picture_html` is ready to paste."""

    asset_id = serializers.UUIDField()
    urls = serializers.DictField(child=serializers.CharField())
    picture_html = serializers.CharField()
    is_alt_text_missing = serializers.BooleanField()
    published_at = serializers.DateTimeField()


class MediaAssetSerializer(ListedAssetSerializer):
    """All that is known of one picture; the context also holds `lineage` and `link`."""

    lineage = serializers.SerializerMethodField()
    link = serializers.SerializerMethodField()

    class Meta(ListedAssetSerializer.Meta):
        fields = (
            *ListedAssetSerializer.Meta.fields,
            "sha256",
            "prompt",
            "params",
            "snapshot",
            "provenance",
            "lineage",
            "link",
        )
        read_only_fields = fields

    @extend_schema_field(LineageSerializer)
    def get_lineage(self, asset: MediaAsset) -> dict[str, Any]:
        return LineageSerializer(self.context["lineage"]).data

    @extend_schema_field(PublicLinkSerializer(allow_null=True))
    def get_link(self, asset: MediaAsset) -> dict[str, Any] | None:
        return self.context["link"]


class TagsField(serializers.ListField):
    def __init__(self, **kwargs: Any):
        super().__init__(child=StrictCharField(max_length=TAG_CHARS), max_length=TAGS_AT_ONCE, required=False, **kwargs)


class EditAssetSerializer(StrictSerializer):
    """`tags` is the whole list and needs the `version` that was read; `add_tags` and `remove_tags` need none."""

    title = StrictCharField(max_length=300, allow_blank=True, required=False)
    alt_text = StrictCharField(max_length=1000, allow_blank=True, required=False)
    alt_text_en = StrictCharField(max_length=1000, allow_blank=True, required=False)
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)
    collection = serializers.UUIDField(allow_null=True, required=False)
    tags = TagsField()
    add_tags = TagsField()
    remove_tags = TagsField()
    version = StrictIntegerField(min_value=1, max_value=2**31 - 1, required=False)
