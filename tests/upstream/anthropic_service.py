"""Anthropic's models list, played. Source: anthropic 2.13.0, resources/models.py and pagination.py."""

from typing import Any

from tests.upstream.exchange import Exchange
from tests.upstream.recording import RecordedRequest
from tests.upstream.wire import Answer, Refusal, load_fixture

ROOT = "/anthropic/v1"
VERSIONS = ("2023-06-01", "2026-10-21")
LISTED = load_fixture("anthropic/models_list")
NEWEST = LISTED.json["data"][0]
MODELS = (
    NEWEST,
    NEWEST | {"id": "claude-haiku-5-5", "display_name": "Claude Haiku 5.5", "max_input_tokens": 200_000},
    NEWEST
    | {
        "id": "claude-sonnet-4-5",
        "display_name": "Claude Sonnet 4.5",
        "lifecycle": "deprecated",
        "deprecated_at": "2026-06-01T00:00:00Z",
        "retires_at": "2026-11-30T00:00:00Z",
        "capabilities": NEWEST["capabilities"] | {"image_input": {"supported": False}},
    },
)


def answer(exchange: Exchange) -> Answer:
    """Answer as Anthropic would; raises Refusal."""
    request = exchange.request
    key = request.bearer or request.headers.get("x-api-key")
    if key not in exchange.good_keys:
        raise Refusal(load_fixture("anthropic/invalid_key").answer)
    if request.headers.get("anthropic-version") not in VERSIONS:
        raise _refused(400, "invalid_request_error", "anthropic-version: a valid version is required")
    if (request.method, request.path) == ("GET", f"{ROOT}/models"):
        return _list_models(request)
    raise _refused(404, "not_found_error", "Not found")


def _list_models(request: RecordedRequest) -> Answer:
    limit, after = request.query.get("limit", "20"), request.query.get("after_id")
    if not limit.isdecimal() or not 1 <= int(limit) <= 1000:
        raise _refused(400, "invalid_request_error", "limit: Input should be from 1 to 1000")
    ids = [model["id"] for model in MODELS]
    if after is not None and after not in ids:
        raise _refused(400, "invalid_request_error", "after_id: unknown")
    start = ids.index(after) + 1 if after else 0
    page = MODELS[start : start + int(limit)]
    return Answer.of_json(_page(page, has_more=start + len(page) < len(MODELS)), headers=LISTED.headers)


def _page(models: Any, *, has_more: bool) -> dict[str, Any]:
    ends = {"first_id": models[0]["id"], "last_id": models[-1]["id"]} if models else {"first_id": None, "last_id": None}
    return {"data": list(models), "has_more": has_more, **ends}


def _refused(status: int, kind: str, message: str) -> Refusal:
    error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_played"}
    return Refusal(Answer.of_json(error, status=status, headers={"request-id": "req_played"}))
