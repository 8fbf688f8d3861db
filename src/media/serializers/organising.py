"""Tags and collections as the API takes and shows them."""

from rest_framework import serializers

from src.core.serializers import StrictCharField, StrictSerializer
from src.media.models import Collection, Tag, Visibility


class TagSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ("id", "name")
        read_only_fields = fields


class RenameTagSerializer(StrictSerializer):
    name = StrictCharField(max_length=60)


class CollectionNameSerializer(serializers.ModelSerializer):
    class Meta:
        model = Collection
        fields = ("id", "name")
        read_only_fields = fields


class CollectionSerializer(serializers.ModelSerializer):
    """The context holds `counts`: of each collection's pictures, how many the reader sees."""

    owner = serializers.CharField(source="owner.username", read_only=True)
    assets_count = serializers.SerializerMethodField()

    class Meta:
        model = Collection
        fields = ("id", "name", "description", "visibility", "owner", "assets_count", "created_at", "updated_at")
        read_only_fields = fields

    def get_assets_count(self, collection: Collection) -> int:
        return self.context["counts"].get(collection.pk, 0)


class EditCollectionSerializer(StrictSerializer):
    name = StrictCharField(max_length=120)
    description = StrictCharField(max_length=1000, allow_blank=True, required=False)
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)
