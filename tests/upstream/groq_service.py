"""Groq's models list, played."""

from tests.upstream.exchange import Exchange
from tests.upstream.wire import Answer, load_fixture

ROOT = "/groq/openai/v1"
LISTED = load_fixture("groq/models_list")
CHAT = LISTED.json["data"][0]
MODELS = (
    CHAT,
    CHAT | {"id": "whisper-large-v3", "context_window": 448, "max_completion_tokens": 448},
    CHAT | {"id": "llama-retired", "active": False},
)


def answer(exchange: Exchange) -> Answer:
    """Answer as Groq would; raises Refusal."""
    exchange.require_key("groq/invalid_key")
    request = exchange.request
    if (request.method, request.path) == ("GET", f"{ROOT}/models"):
        return Answer.of_json({"object": "list", "data": list(MODELS)}, headers=LISTED.headers)
    error = {"message": f"Unknown request URL: {request.method} {request.path}.", "type": "invalid_request_error"}
    return Answer.of_json({"error": error | {"code": "unknown_url"}}, status=404)
