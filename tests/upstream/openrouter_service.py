"""OpenRouter's image API, played: POST /images, its model and price lists, and the key's state."""

import json
import math
import re
import time
from collections.abc import Mapping
from typing import Any

from tests.upstream.exchange import Exchange
from tests.upstream.openai_rules import parse_size
from tests.upstream.openai_service import OUTPUT_TOKENS, TOKENS_PER_REFERENCE
from tests.upstream.openrouter_models import BY_ID, MODELS, RouterModel
from tests.upstream.pictures import MEDIA_TYPES
from tests.upstream.recording import RecordedRequest
from tests.upstream.wire import Answer, Refusal, load_fixture

ROOT = "/openrouter/api/v1"
EDGES = {"512": 512, "768": 768, "1K": 1024, "1.5K": 1536, "2K": 2048, "4K": 4096}
RATIO = re.compile(r"[1-9]\d?(\.\d+)?:[1-9]\d?(\.\d+)?")
TOKENS_PER_PICTURE = 1290
# Assumed: one megapixel is 1024x1024, not rounded up; the docs read do not say.
MEGAPIXEL = 1024 * 1024
# The request cannot say how many; the docs show one.
STREAMED_PARTIALS = 2
REFERENCE_URL = re.compile(r"https://.+|data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/]+=*")


def answer(exchange: Exchange) -> Answer:
    """Answer as OpenRouter would; raises Refusal."""
    request = exchange.request
    path = request.path.removeprefix(ROOT)
    match request.method, path:
        case "GET", "/images/models":
            return Answer.of_json({"data": [model.listed for model in MODELS]})
        case "GET", "/models":
            return _list_models(request)
        case "GET", "/key":
            exchange.require_key("openrouter/invalid_key")
            return load_fixture("openrouter/key_info").answer
        case "POST", "/images":
            exchange.require_key("openrouter/invalid_key")
            return _generate(exchange, request.json)
    if request.method == "GET" and path.startswith("/images/models/") and path.endswith("/endpoints"):
        return Answer.of_json(_find(path.removeprefix("/images/models/").removesuffix("/endpoints")).endpoints)
    return _refused(404, "Not Found").answer


def _refused(status: int, message: str) -> Refusal:
    return Refusal(Answer.of_json({"error": {"code": status, "message": message}}, status=status))


def _find(model_id: str) -> RouterModel:
    if model_id in BY_ID:
        return BY_ID[model_id]
    error = dict(load_fixture("openrouter/no_endpoints").error)
    error["message"] = f"No endpoints found for {model_id}."
    error["availability"] = error["availability"] | {"requested_models": [model_id]}
    raise Refusal(Answer.of_json({"error": error}, status=404))


def _list_models(request: RecordedRequest) -> Answer:
    """All image models in pages; none without `output_modalities=image`, as the default is text."""
    sample = load_fixture("openrouter/models_list").json["data"][0]
    rows = [
        sample | {"id": model.id, "canonical_slug": model.id, "name": model.name}
        for model in MODELS
        if "image" in request.query.get("output_modalities", "text").split(",")
    ]
    offset, limit = int(request.query.get("offset", 0)), int(request.query.get("limit", 500))
    rest = f"/api/v1/models?output_modalities=image&offset={offset + limit}&limit={limit}"
    links = {"next": rest if offset + limit < len(rows) else None}
    return Answer.of_json({"data": rows[offset : offset + limit], "links": links, "total_count": len(rows)})


def _generate(exchange: Exchange, asked: Any) -> Answer:
    model = _checked_model(asked)
    size, fmt = _size_of(asked), asked.get("output_format", "png")
    is_transparent = asked.get("background") == "transparent"
    pictures = [
        {
            "b64_json": exchange.sketch.b64_of(size, fmt, index, transparent=is_transparent),
            "media_type": MEDIA_TYPES[fmt],
        }
        for index in range(exchange.sketch.count_of(asked.get("n", 1)))
    ]
    body = {"created": int(time.time()), "data": pictures, "usage": _usage(model, asked, size, len(pictures))}
    if not asked.get("stream") or not model.supports_streaming:
        return Answer.of_json(body)
    return _streamed(body, [exchange.sketch.b64_of(size, fmt, index + 1) for index in range(STREAMED_PARTIALS)])


def _checked_model(asked: Any) -> RouterModel:
    if not isinstance(asked, Mapping) or not asked.get("model") or not asked.get("prompt"):
        raise Refusal(load_fixture("openrouter/bad_request").answer)
    model, n = _find(asked["model"]), asked.get("n", 1)
    if not isinstance(n, int) or not 1 <= n <= model.max_n:
        raise _refused(400, f"n must be between 1 and {model.max_n}")
    for name, rule in model.parameters.items():
        if rule["type"] == "enum" and asked.get(name, rule["values"][0]) not in rule["values"]:
            raise _refused(400, f"{name} must be one of {', '.join(rule['values'])}")
    if not isinstance(asked.get("seed", 0), int) or not isinstance(asked.get("stream", False), bool):
        raise _refused(400, "seed must be an integer and stream a boolean")
    if asked.get("output_compression", 0) not in range(101):
        raise _refused(400, "output_compression must be between 0 and 100")
    _check_references(asked.get("input_references", ()), model)
    return model


def _check_references(references: Any, model: RouterModel) -> None:
    if len(references) > model.parameters.get("input_references", {"max": 0})["max"]:
        raise _refused(400, f"{model.id} does not accept {len(references)} input references")
    for reference in references:
        url = reference.get("image_url", {}).get("url", "")
        if reference.get("type") != "image_url" or not REFERENCE_URL.fullmatch(url):
            raise _refused(400, "input_references must be image_url parts with an https or data URL")


def _size_of(asked: Mapping[str, Any]) -> tuple[int, int]:
    """The pixels asked for, by `size` or by tier and ratio; raises Refusal when they contradict."""
    if pixels := parse_size(asked.get("size")):
        if "resolution" in asked or "aspect_ratio" in asked:
            raise _refused(400, "size conflicts with resolution or aspect_ratio")
        return pixels
    edge = EDGES.get(asked.get("size") or asked.get("resolution") or "1K")
    if edge is None:
        raise _refused(400, "unknown resolution")
    ratio = asked.get("aspect_ratio", "1:1").replace("auto", "1:1")
    if not RATIO.fullmatch(ratio):
        raise _refused(400, "unknown aspect_ratio")
    wide, tall = map(float, ratio.split(":"))
    width = edge * math.sqrt(wide / tall)
    return round(width / 16) * 16, round(edge * edge / width / 16) * 16


def _usage(model: RouterModel, asked: Mapping[str, Any], size: tuple[int, int], count: int) -> dict[str, Any]:
    text, images = (
        max(1, len(asked["prompt"]) // 4),
        TOKENS_PER_REFERENCE * len(asked.get("input_references", ())),
    )
    output = count * _tokens_per_picture(model, asked)
    amounts = {
        ("output_image", "image"): count,
        ("output_image", "megapixel"): count * size[0] * size[1] / MEGAPIXEL,
        ("output_image", "token"): output,
        ("input_text", "token"): text,
        ("input_image", "token"): images,
    }
    tier = asked.get("resolution") or ("2K" if size[0] * size[1] > 2 * MEGAPIXEL else "1K")
    prices = [price for price in model.pricing if price.get("variant", tier) == tier]
    cost = sum(price["cost_usd"] * amounts.get((price["billable"], price["unit"]), 0) for price in prices)
    return {
        "prompt_tokens": text + images,
        "completion_tokens": output,
        "total_tokens": text + images + output,
        "completion_tokens_details": {"image_tokens": output},
        "cost": round(cost, 8),
        "is_byok": False,
    }


def _tokens_per_picture(model: RouterModel, asked: Mapping[str, Any]) -> int:
    if "quality" not in model.parameters:
        return TOKENS_PER_PICTURE
    return OUTPUT_TOKENS.get(asked.get("quality", "auto"), OUTPUT_TOKENS["medium"])


def _streamed(body: Mapping[str, Any], partials: list[str]) -> Answer:
    """The partial pictures and one completed event per picture; no `event:` lines, then `[DONE]`."""
    events: list[dict[str, Any]] = [
        {"type": "image_generation.partial_image", "partial_image_index": index, "b64_json": b64}
        for index, b64 in enumerate(partials)
    ]
    events += [
        {"type": "image_generation.completed", **picture, "created": body["created"], "usage": body["usage"]}
        for picture in body["data"]
    ]
    lines = [
        ": OPENROUTER PROCESSING",
        *(f"data: {json.dumps(event)}" for event in events),
        "data: [DONE]",
        "",
    ]
    return Answer(200, {"content-type": "text/event-stream"}, "\n\n".join(lines).encode())
