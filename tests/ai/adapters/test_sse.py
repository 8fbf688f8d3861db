"""A stream of events comes out the same however its bytes are cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.ai.providers.sse import EventStream, read_events

DOCUMENTS = st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=8) | st.integers(), max_size=3), max_size=4)


def read_in_pieces(body: bytes, cuts: list[int]) -> list[dict]:
    stream, found = EventStream(), []
    places = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
    for start, end in zip(places, places[1:], strict=False):
        found += stream.feed(body[start:end])
    return found + list(stream.close())


@given(
    documents=DOCUMENTS,
    newline=st.sampled_from([b"\n", b"\r\n"]),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_the_cuts_do_not_matter(documents, newline, cuts):
    body = b"".join(b"data: " + json.dumps(each).encode() + newline * 2 for each in documents)

    assert read_in_pieces(body, cuts) == read_events(body) == documents


@given(body=st.binary(max_size=300) | st.text('data:{}[]"\r\n \x00', max_size=100).map(str.encode))
def test_any_bytes_are_only_events_or_nothing(body):
    assert all(isinstance(event, dict) for event in read_events(body))


@pytest.mark.parametrize(
    ("body", "documents"),
    [
        (b'data:{"a": 1}\n\n', [{"a": 1}]),
        (b'data: {"a":\ndata: 1}\n\n', [{"a": 1}]),
        (b': note\nevent: x\nid: 5\nretry: 9\ndata: {"a": 1}\n\n', [{"a": 1}]),
        (b'data: {"a": 1}', [{"a": 1}]),
        (b'data: [DONE]\n\ndata: 5\n\ndata: {"a\n\ndata: {"a": 1}\n\n', [{"a": 1}]),
        (b'{"a": 1}', []),
        (b'\xef\xbb\xbfdata: {"a": 1}\n\n', [{"a": 1}]),
        (b'data: {"a": "\x80"}\n\ndata: {"a": 1}\n\n', [{"a": 1}]),
        (b"data: " + b"[" * 100_000 + b"\n\n", []),
    ],
)
def test_what_is_no_object_is_passed_over(body, documents):
    assert read_events(body) == documents
