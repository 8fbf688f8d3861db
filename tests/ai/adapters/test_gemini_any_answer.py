"""Whatever Gemini sends, in whole or with any JSON in any place, gives a result or a typed error, and never the key."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from src.ai.providers import get_adapter
from src.ai.providers.contract import ListedModel, ProviderConnection
from src.ai.providers.errors import ProviderError
from src.ai.providers.gemini import read_answer, to_model
from src.core.outbound import Answer
from src.core.secret import Secret
from tests.upstream import load_fixture

KEY = "sk-canary-0123456789"
CONNECTION = ProviderConnection(base_url="https://api.example/v1beta", key=Secret(KEY))
PICTURE = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just(KEY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def but_for_some(value: Any) -> st.SearchStrategy[Any]:
    """`value` with any of its places taken by any JSON."""
    if isinstance(value, dict):
        whole = st.fixed_dictionaries({}, optional={name: but_for_some(each) for name, each in value.items()})
    elif isinstance(value, list):
        whole = st.tuples(*map(but_for_some, value)).map(list)
    else:
        whole = st.just(value)
    return whole | whole | JSON


DETAIL = {"reason": "API_KEY_INVALID", "retryDelay": "1s", "violations": [{"quotaId": "a", "quotaValue": "1"}]}
ERROR = {"error": {"message": KEY, "status": "a", "details": [{**DETAIL, "fieldViolations": [{"field": "seed"}]}]}}
COUNTS = [{"modality": "IMAGE", "tokenCount": 4}]
SUCCESS = {
    "candidates": [
        {"content": {"parts": [PICTURE, {"text": "a"}]}, "finishReason": "SAFETY", "finishMessage": KEY},
    ],
    "promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": KEY},
    "usageMetadata": {"promptTokensDetails": COUNTS, "candidatesTokensDetails": COUNTS, "candidatesTokenCount": 9},
    "responseId": KEY,
}
BODIES = st.one_of(but_for_some(ERROR), but_for_some([ERROR]), but_for_some(SUCCESS)).map(
    lambda value: json.dumps(value).encode()
) | st.binary(max_size=200)


@settings(max_examples=400, deadline=None)
@given(status=st.integers(100, 599), body=BODIES)
def test_any_error_answer_becomes_a_provider_error(status, body):
    error = get_adapter("gemini").class_error(Answer(status, {}, body), CONNECTION)

    assert isinstance(error, ProviderError)
    assert KEY not in json.dumps([error.facts, str(error), repr(error), error.reason])


@settings(max_examples=400, deadline=None)
@given(body=BODIES)
def test_any_success_is_read_or_refused(body):
    try:
        read = read_answer(get_adapter("gemini").read_document(Answer(200, {}, body), CONNECTION), CONNECTION)
    except ProviderError as error:
        assert KEY not in json.dumps([error.facts, str(error), error.reason])
    else:
        assert all(bool(image.content) != bool(image.problem) for image in read.images)


@settings(max_examples=200, deadline=None)
@given(item=but_for_some(load_fixture("gemini/models_list").json["models"][0]))
def test_any_entry_of_a_list_is_read(item):
    if isinstance(item, dict) and isinstance(item.get("name"), str):
        assert isinstance(to_model(item), ListedModel)
