"""Filters of the library; they run in the database."""

from typing import Any

from django.db.models import Case, Exists, OuterRef, QuerySet, Value, When
from django_filters import rest_framework as filters

from src.core.errors import InvalidFields
from src.core.filters import MomentFilter
from src.core.text import normalise
from src.media.models import Collection, Favourite, MediaAsset, PublishedLink, Source, Tag, Visibility
from src.media.models.asset import MediaAssetQuerySet
from src.media.search import COMMON, search

SEARCH_CHARS = 200
MAX_TAGS = 10
MISSING = {"fa": "lacks_alt_text", "en": "lacks_alt_text_en", "any": "lacks_any_alt_text"}


class AssetFilter(filters.FilterSet):
    """`tag` may be given more than once: pictures with all of them. `since` and `until` take moments or days."""

    provider = filters.CharFilter(field_name="provider_slug")
    model = filters.CharFilter(field_name="model_id")
    owner = filters.CharFilter(field_name="owner__username")
    since = MomentFilter(field_name="created_at", lookup_expr="gte")
    until = MomentFilter(field_name="created_at", lookup_expr="lt", is_end=True)
    source = filters.ChoiceFilter(choices=Source.choices)
    visibility = filters.ChoiceFilter(choices=Visibility.choices)
    tag = filters.CharFilter(method="by_tags")
    collection = filters.UUIDFilter(method="by_collection")
    generation = filters.UUIDFilter(field_name="generation_id")
    favourite = filters.BooleanFilter(method="by_favourite")
    published = filters.BooleanFilter(method="by_published")
    missing_alt_text = filters.ChoiceFilter(choices=[(name, name) for name in MISSING], method="by_missing_alt_text")
    search = filters.CharFilter(method="by_text", max_length=SEARCH_CHARS)

    class Meta:
        model = MediaAsset
        fields: list[str] = []

    def by_tags(self, rows: MediaAssetQuerySet, name: str, value: str) -> MediaAssetQuerySet:
        words = {normalise(word) for word in self.data.getlist("tag")}
        if len(words) > MAX_TAGS:
            raise InvalidFields.one("tag", "too_many_tags", limit=MAX_TAGS)
        for word in words:
            rows = linked(rows, MediaAsset.tags.through.objects.filter(tag__key=word), "mediaasset")
        return rows

    def by_collection(self, rows: MediaAssetQuerySet, name: str, value: Any) -> MediaAssetQuerySet:
        seen = Collection.objects.visible_to(self.request.user).filter(pk=value)
        return rows.filter(collection__in=seen)

    def by_favourite(self, rows: MediaAssetQuerySet, name: str, value: bool) -> MediaAssetQuerySet:
        own = Favourite.objects.filter(user=self.request.user)
        return linked(rows, own, "asset") if value else rows.filter(is_favourite=False)

    def by_published(self, rows: MediaAssetQuerySet, name: str, value: bool) -> MediaAssetQuerySet:
        live = PublishedLink.objects.filter(revoked_at__isnull=True)
        return linked(rows, live, "asset") if value else rows.filter(is_published=False)

    def by_missing_alt_text(self, rows: MediaAssetQuerySet, name: str, value: str) -> MediaAssetQuerySet:
        return rows.filter(**{MISSING[value]: True})

    def by_text(self, rows: MediaAssetQuerySet, name: str, value: str) -> MediaAssetQuerySet:
        return search(rows, value)


def linked(rows: MediaAssetQuerySet, links: QuerySet, name: str) -> MediaAssetQuerySet:
    """Rows that one of `links` points to by its column `name`.

    A few links are collected and looked up; of many, the newest rows are asked one by one, until the page is full.
    The databases do not know that a page is all that is wanted, and choose the other way for large libraries.
    """
    if links[: COMMON + 1].count() <= COMMON:
        return rows.filter(pk__in=links.values(name))
    is_linked = Case(When(Exists(links.filter(**{name: OuterRef("pk")})), then=Value(True)), default=Value(False))
    return rows.filter(is_linked)


class TagFilter(filters.FilterSet):
    """`search`: a part of the name, normalised."""

    search = filters.CharFilter(method="by_text", max_length=SEARCH_CHARS)

    class Meta:
        model = Tag
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Tag], name: str, value: str) -> QuerySet[Tag]:
        return rows.filter(key__contains=normalise(value))


class CollectionFilter(filters.FilterSet):
    """`search`: a part of the name, normalised. `owner`: a user name."""

    search = filters.CharFilter(method="by_text", max_length=SEARCH_CHARS)
    owner = filters.CharFilter(field_name="owner__username")

    class Meta:
        model = Collection
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Collection], name: str, value: str) -> QuerySet[Collection]:
        return rows.filter(key__contains=normalise(value))
