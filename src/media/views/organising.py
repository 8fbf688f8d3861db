"""Tags and collections."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from src.core.envelope import success
from src.core.schema import NOTHING, envelope_of
from src.core.serializers import take_no_fields
from src.media.filters import CollectionFilter, TagFilter
from src.media.models import Collection, Tag
from src.media.pagination import ByName
from src.media.serializers.organising import (
    CollectionSerializer,
    EditCollectionSerializer,
    RenameTagSerializer,
    TagSerializer,
)
from src.media.services.organising import (
    collections_for,
    count_assets,
    create_collection,
    delete_collection,
    delete_tag,
    find_visible_collection,
    rename_tag,
    tags_for,
    update_collection,
)
from src.media.views.base import MediaView


class MediaTagListView(MediaView, GenericAPIView):
    queryset = Tag.objects.none()
    serializer_class = TagSerializer
    filterset_class = TagFilter
    pagination_class = ByName

    @extend_schema(responses=envelope_of(TagSerializer, paged=True))
    def get(self, request: Request) -> Response:
        """The tags of the pictures that one sees, by name."""
        page = self.paginate_queryset(self.filter_queryset(tags_for(request.user)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class MediaTagView(MediaView):
    @extend_schema(request=RenameTagSerializer, responses=envelope_of(TagSerializer))
    def patch(self, request: Request, tag_id: int) -> Response:
        """Rename a tag everywhere; for holders of `media.manage`."""
        serializer = RenameTagSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        tag = rename_tag(tag_id=tag_id, user=request.user, **serializer.validated_data)
        return success("tag_renamed", TagSerializer(tag).data)

    @extend_schema(request=None, responses={200: NOTHING})
    def delete(self, request: Request, tag_id: int) -> Response:
        """Take a tag off every picture; for holders of `media.manage`."""
        take_no_fields(request)
        delete_tag(tag_id=tag_id, user=request.user)
        return success("tag_deleted")


class MediaCollectionListView(MediaView, GenericAPIView):
    queryset = Collection.objects.none()
    serializer_class = CollectionSerializer
    filterset_class = CollectionFilter
    pagination_class = ByName

    @extend_schema(responses=envelope_of(CollectionSerializer, paged=True))
    def get(self, request: Request) -> Response:
        """The collections that one sees, by name."""
        page = self.paginate_queryset(self.filter_queryset(collections_for(request.user)))
        context = {"counts": count_assets(page or [], request.user)}
        return self.get_paginated_response(CollectionSerializer(page, many=True, context=context).data)

    @extend_schema(request=EditCollectionSerializer, responses={201: envelope_of(CollectionSerializer)})
    def post(self, request: Request) -> Response:
        """A new collection of one's own."""
        serializer = EditCollectionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        collection = create_collection(user=request.user, fields=serializer.validated_data)
        return _show(request, collection, "collection_created", status=201)


class MediaCollectionView(MediaView):
    @extend_schema(responses=envelope_of(CollectionSerializer))
    def get(self, request: Request, collection_id: UUID) -> Response:
        """One collection; its pictures are the library's list with `?collection=`."""
        collection = find_visible_collection(collection_id=collection_id, user=request.user)
        return _show(request, collection, "ok")

    @extend_schema(request=EditCollectionSerializer, responses=envelope_of(CollectionSerializer))
    def patch(self, request: Request, collection_id: UUID) -> Response:
        """Change name, description or visibility."""
        serializer = EditCollectionSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        collection = update_collection(collection_id=collection_id, user=request.user, fields=fields)
        return _show(request, collection, "collection_updated")

    @extend_schema(request=None, responses={200: NOTHING})
    def delete(self, request: Request, collection_id: UUID) -> Response:
        """Remove the collection; its pictures stay in the library."""
        take_no_fields(request)
        delete_collection(collection_id=collection_id, user=request.user)
        return success("collection_deleted")


def _show(request: Request, collection: Collection, code: str, *, status: int = 200) -> Response:
    context = {"counts": count_assets([collection], request.user)}
    return success(code, CollectionSerializer(collection, context=context).data, status=status)
