"""A paid answer as a file of its own."""

import json
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.ai.providers.contract import Received
from src.ai.services.inbox import call_path, is_in_inbox, read_answer, read_from_inbox, write_answer, write_to_inbox

GENERATION = UUID("abcdef00-0000-4000-8000-000000000001")
ANSWER = Received(
    body=b'{"data": 1}\n\xff\x00\r\n',
    content_type="application/json",
    upstream_request_id="req_1",
    call_index=3,
    context="fal-ai",
)


@pytest.mark.usefixtures("either_store")
def test_it_is_read_as_it_was_written():
    path = write_answer(generation_id=GENERATION, received=ANSWER)

    assert path == call_path(GENERATION, 3)
    assert read_answer(path) == ANSWER


def test_the_file_says_itself_what_it_is():
    head, _newline, body = read_from_inbox(write_answer(generation_id=GENERATION, received=ANSWER)).partition(b"\n")

    assert body == ANSWER.body
    assert json.loads(head) == {
        "content_type": "application/json",
        "upstream_request_id": "req_1",
        "call_index": 3,
        "context": "fal-ai",
    }


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(), content_type=st.text(), context=st.text(max_size=64))
def test_any_answer_is_read_as_it_was_written(body, content_type, context):
    answer = Received(body=body, content_type=content_type, context=context)

    assert read_answer(write_answer(generation_id=GENERATION, received=answer)) == answer


def test_one_that_was_swept_is_none():
    assert read_answer(call_path(GENERATION, 0)) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"{}\nbody", b'{"data": []}', b"[1]\n", b"\xff\n", b"null\n", b'{"content_type": 1}\n'],
)
def test_a_file_that_is_no_answer_is_none_and_stays(content, caplog):
    path = call_path(GENERATION, 0)
    write_to_inbox(path, content)

    assert read_answer(path) is None
    assert is_in_inbox(path)
    assert "inbox_answer_unreadable" in caplog.text
