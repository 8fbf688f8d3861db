"""Lists in pages, by an opaque cursor that stays right while rows are added.

Not DRF's CursorPagination: it follows one column, and counts on by offset where many rows share its value.
"""

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from src.core.envelope import success
from src.core.errors import InvalidFields

MAX_DIGITS = 9
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class KeysetPagination(BasePagination):
    """`data` = {results, next, previous}; `?page_size=` up to 200, `?cursor=` from `next` or `previous`.

    `ordering` names columns of the row that together are unique and never null, all ascending or all with `-`.
    """

    ordering: tuple[str, ...] = ("-id",)
    page_size = 50
    max_page_size = 200

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self._url = request.build_absolute_uri()
        size = self._read_size(request.query_params.get("page_size"))
        direction, values = self._read_cursor(request.query_params.get("cursor"))
        is_backward = direction == "p"
        rows = queryset.order_by(*self._order(is_backward))
        if values is not None:
            rows = self._rows_beyond(rows, values, is_backward)
        found = list(rows[: size + 1])
        has_more, page = len(found) > size, found[:size]
        if is_backward:
            page.reverse()
        self._next = page[-1] if page and (has_more or is_backward) else None
        self._previous = page[0] if page and (has_more if is_backward else values is not None) else None
        return page

    def get_paginated_response(self, data: Any) -> Response:
        links = {"next": self._link("n", self._next), "previous": self._link("p", self._previous)}
        return success("ok", {"results": data, **links})

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "From `next` or `previous`.",
                "schema": {"type": "string"},
            },
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "description": f"Rows per page, up to {self.max_page_size}.",
                "schema": {"type": "integer", "minimum": 1, "maximum": self.max_page_size},
            },
        ]

    def _names(self) -> list[str]:
        return [name.removeprefix("-") for name in self.ordering]

    def _is_descending(self, is_backward: bool) -> bool:
        return self.ordering[0].startswith("-") != is_backward

    def _order(self, is_backward: bool) -> list[str]:
        sign = "-" if self._is_descending(is_backward) else ""
        return [f"{sign}{name}" for name in self._names()]

    def _rows_beyond(self, rows: QuerySet, values: list[Any], is_backward: bool) -> QuerySet:
        try:
            columns = [rows.model._meta.get_field(name) for name in self._names()]
            plain = [_as_stored(column, value) for column, value in zip(columns, values, strict=True)]
            return rows.filter(self._beyond(plain, is_backward))
        except (ValueError, TypeError, OverflowError, ValidationError) as exc:
            # The columns refuse the values: text for a number, no moment for a moment.
            raise InvalidFields.one("cursor", "invalid") from exc

    def _beyond(self, values: list[Any], is_backward: bool) -> Q:
        """Rows after the one with `values`: (a > x) or (a = x and b > y) or …"""
        lookup = "lt" if self._is_descending(is_backward) else "gt"
        condition, equal = Q(), Q()
        for name, value in zip(self._names(), values, strict=True):
            condition |= equal & Q(**{f"{name}__{lookup}": value})
            equal &= Q(**{name: value})
        # The first column alone lets the database walk its index; the rest is then exact.
        return Q(**{f"{self._names()[0]}__{lookup}e": values[0]}) & condition

    def _read_size(self, text: str | None) -> int:
        if text is None:
            return self.page_size
        if not (text.isascii() and text.isdecimal()):
            raise InvalidFields.one("page_size", "not_integer")
        if len(text) > MAX_DIGITS or int(text) > self.max_page_size:
            raise InvalidFields.one("page_size", "too_large", limit=self.max_page_size)
        if int(text) < 1:
            raise InvalidFields.one("page_size", "too_small", limit=1)
        return int(text)

    def _read_cursor(self, text: str | None) -> tuple[str, list[Any] | None]:
        if not text:
            return "n", None
        try:
            direction, *values = json.loads(base64.urlsafe_b64decode(text.encode()))
        except (ValueError, TypeError, binascii.Error, RecursionError) as exc:
            raise InvalidFields.one("cursor", "invalid") from exc
        if direction not in ("n", "p") or len(values) != len(self.ordering) or not all(map(_is_plain, values)):
            raise InvalidFields.one("cursor", "invalid")
        return direction, values

    def _link(self, direction: str, row: Any) -> str | None:
        if row is None:
            return None
        values = [getattr(row, name) for name in self._names()]
        plain = [value if isinstance(value, int) else str(value) for value in values]
        cursor = base64.urlsafe_b64encode(json.dumps([direction, *plain]).encode()).decode()
        parts = urlsplit(self._url)
        query = [(name, value) for name, value in parse_qsl(parts.query) if name != "cursor"]
        return urlunsplit(parts._replace(query=urlencode([*query, ("cursor", cursor)])))


def _as_stored(column: Any, value: Any) -> Any:
    """Moments in UTC: what is none there, the databases refuse only when they are asked."""
    found = column.to_python(value)
    return found.astimezone(UTC) if isinstance(found, datetime) else found


def _is_plain(value: Any) -> bool:
    """A whole number, or text that a database can compare with."""
    if isinstance(value, str):
        return not UNSTORABLE.search(value)
    return isinstance(value, int) and not isinstance(value, bool)
