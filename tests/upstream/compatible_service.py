"""A self-hosted OpenAI look-alike, played: any key, any model, pictures by URL as LocalAI does."""

import time
import uuid
from collections.abc import Mapping
from typing import Any

from tests.upstream.exchange import Exchange
from tests.upstream.openai_rules import check_basics, parse_size
from tests.upstream.openai_service import edit_parameters, serve_picture
from tests.upstream.wire import Answer

ROOT = "/compatible/v1"
FILES = "/compatible/generated-images"
MODELS = ("stablediffusion", "flux.1-dev-ggml")


def answer(exchange: Exchange) -> Answer:
    """Answer as LocalAI would; raises Refusal."""
    request = exchange.request
    if request.path.startswith(FILES):
        return serve_picture(exchange)
    match request.method, request.path.removeprefix(ROOT):
        case "GET", "/models":
            return Answer.of_json({"object": "list", "data": [{"id": id_, "object": "model"} for id_ in MODELS]})
        case "POST", "/images/generations":
            return _generate(exchange, request.json)
        case "POST", "/images/edits":
            return _generate(exchange, edit_parameters(request))
    return Answer.of_json({"error": {"code": 404, "message": "Not Found", "type": ""}}, status=404)


def _generate(exchange: Exchange, asked: Any) -> Answer:
    check_basics(asked, model_required=False)
    pictures = [_picture(exchange, asked, index) for index in range(exchange.sketch.count_of(asked.get("n", 1)))]
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    return Answer.of_json({"created": int(time.time()), "id": uuid.uuid4().hex, "data": pictures, "usage": usage})


def _picture(exchange: Exchange, asked: Mapping[str, Any], index: int) -> dict[str, Any]:
    size = parse_size(asked.get("size", "512x512")) or (512, 512)
    picture: dict[str, Any] = {"embedding": None, "index": index}
    if asked.get("response_format") == "b64_json":
        return picture | {"b64_json": exchange.sketch.b64_of(size, "png", index)}
    return picture | {"url": exchange.publish(FILES, exchange.sketch.bytes_of(size, "png", index))}
