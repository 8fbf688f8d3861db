"""What is asked of many pictures at once."""

from typing import Any

from rest_framework import serializers

from src.core.errors import FieldError, InvalidFields
from src.core.serializers import StrictSerializer
from src.media.models import Visibility
from src.media.serializers.assets import TagsField
from src.media.services import bulk, zips

NEEDS = {"tag": ("add_tags", "remove_tags"), "move": ("collection",), "visibility": ("visibility",)}


class BulkSerializer(StrictSerializer):
    """`tag` takes add_tags and remove_tags, `move` a collection (null: out of any), `visibility` a visibility."""

    ids = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=bulk.MAX_ASSETS)
    action = serializers.ChoiceField(choices=[(name, name) for name in bulk.ACTIONS])
    add_tags = TagsField()
    remove_tags = TagsField()
    collection = serializers.UUIDField(allow_null=True, required=False)
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needed = NEEDS.get(attrs["action"], ())
        sent = set(attrs) - {"ids", "action"}
        if needed and not sent & set(needed):
            raise InvalidFields.one(needed[0], "required")
        if sent - set(needed):
            raise InvalidFields({name: [FieldError("not_for_this_action")] for name in sorted(sent - set(needed))})
        return attrs

    def to_change(self) -> bulk.BulkChange:
        fields = {name: value for name, value in self.validated_data.items() if name != "ids"}
        for name in ("add_tags", "remove_tags"):
            fields[name] = tuple(fields.get(name, ()))
        return bulk.BulkChange(**fields)


class BulkOutcomeSerializer(serializers.Serializer):
    """`not_found` holds also what the person does not see."""

    changed = serializers.ListField(child=serializers.UUIDField())
    not_found = serializers.ListField(child=serializers.UUIDField())
    not_permitted = serializers.ListField(child=serializers.UUIDField())


class SelectionSerializer(StrictSerializer):
    ids = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=zips.MAX_ASSETS)
