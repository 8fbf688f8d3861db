import json
import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils.safestring import mark_safe
from rest_framework.exceptions import ErrorDetail
from rest_framework.utils.serializer_helpers import ReturnDict, ReturnList

from src.core.messages import all_messages
from src.core.renderers import MsgspecRenderer


def render(value):
    return json.loads(MsgspecRenderer().render({"value": value}))["value"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("گربه", "گربه"),
        (mark_safe("<b>"), "<b>"),
        (ErrorDetail("wrong", code="invalid"), "wrong"),
        (datetime(2026, 11, 24, 6, 12, tzinfo=UTC), "2026-11-24T06:12:00Z"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (Decimal("0.10"), "0.10"),
        (ReturnDict({"a": 1}, serializer=None), {"a": 1}),
        (ReturnList([1, 2], serializer=None), [1, 2]),
        ((1, None, True), [1, None, True]),
        ({1: "a"}, {"1": "a"}),
        (10**18, 10**18),
    ],
)
def test_it_writes_what_drf_would(value, written):
    assert render(value) == written


def test_a_lazy_text_is_written_in_the_active_language():
    assert render(all_messages()["ok"]) == "انجام شد."


def test_it_writes_utf8_without_escapes_or_spaces():
    assert MsgspecRenderer().render({"نام": ["گربه"]}) == '{"نام":["گربه"]}'.encode()


def test_no_data_is_no_body():
    assert MsgspecRenderer().render(None) == b""


def test_a_value_that_is_no_json_is_an_error():
    with pytest.raises(TypeError):
        render(object())
