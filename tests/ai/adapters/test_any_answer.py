"""Whatever a service sends, the adapter gives a result or a typed error, and never the key."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from src.ai.providers import get_adapter
from src.ai.providers.contract import ProviderConnection
from src.ai.providers.errors import ProviderError
from src.core.outbound import Answer
from src.core.secret import Secret

KEY = "sk-canary-0123456789"
CONNECTION = ProviderConnection(base_url="https://api.example/v1", key=Secret(KEY))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just(KEY),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["data", "error", "message", "code", "type", "b64_json", "url", "usage", "detail", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
BODIES = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200)


@settings(max_examples=300, deadline=None)
@given(status=st.integers(100, 599), body=BODIES)
def test_an_error_answer_becomes_a_provider_error(status: int, body: bytes):
    answer = Answer(status, {"content-type": "application/json"}, body)

    error = get_adapter("openai").class_error(answer, CONNECTION)

    assert isinstance(error, ProviderError)
    assert KEY not in json.dumps([error.facts, str(error), repr(error)])


@settings(max_examples=300, deadline=None)
@given(body=BODIES)
def test_a_success_is_read_or_refused(body: bytes):
    answer = Answer(200, {}, body)
    try:
        read: Any = get_adapter("openai").read_answer(answer, CONNECTION)
    except ProviderError as error:
        assert KEY not in json.dumps([error.facts, str(error)])
    else:
        assert isinstance(read.images, tuple)
