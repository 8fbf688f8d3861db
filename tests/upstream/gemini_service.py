"""Gemini's image API, played: generateContent and the models list.

Source: google-genai 3.6.1, types.py and errors.py, read 2026-11-24.
"""

import base64
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.upstream.exchange import Exchange
from tests.upstream.recording import RecordedRequest
from tests.upstream.wire import Answer, Refusal, load_fixture

ROOT = "/gemini/v1beta"
METHOD = ":generateContent"
EDGES = {"1K": 1024, "2K": 2048, "4K": 4096}
RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
WIDE_RATIOS = (*RATIOS, "1:4", "4:1", "1:8", "8:1")
CONFIG_NAMES = ("responseModalities", "imageConfig", "seed", "temperature", "thinkingConfig")
INPUT_TYPES = ("image/png", "image/jpeg", "image/webp")
MAX_REQUEST_BYTES = 20_000_000
TOKENS_PER_REFERENCE = 258
TOKENS_PER_PICTURE = 1120
MAX_PER_PAGE = 3


@dataclass(frozen=True)
class Model:
    """What one image model takes; `thinks` makes it send its drafts along, marked as thoughts."""

    ratios: tuple[str, ...] = RATIOS
    sizes: tuple[str, ...] = ("1K", "2K", "4K")
    max_references: int = 14
    thinks: bool = True


MODELS = {
    "gemini-nano-banana-2.1": Model(ratios=WIDE_RATIOS),
    "gemini-3-pro-image": Model(),
    "gemini-3.1-flash-lite-image": Model(ratios=WIDE_RATIOS, sizes=("1K",)),
    "gemini-2.5-flash-image": Model(sizes=(), max_references=3, thinks=False),
}
LISTED = load_fixture("gemini/models_list").json["models"]
ROWS = [
    *LISTED,
    *(LISTED[0] | {"name": f"models/{id_}", "displayName": id_} for id_ in (*MODELS, "gemini-3.5-flash")[1:]),
    {"name": "models/veo-4.0", "supportedGenerationMethods": ["predictLongRunning"]},
]


def answer(exchange: Exchange) -> Answer:
    """Answer as Gemini would; raises Refusal."""
    request = exchange.request
    _require_key(exchange)
    path = request.path.removeprefix(ROOT)
    if (request.method, path) == ("GET", "/models"):
        return _list_models(request)
    model_id = path.removeprefix("/models/").removesuffix(METHOD)
    if request.method != "POST" or not path.endswith(METHOD) or model_id not in MODELS:
        raise _not_found(model_id)
    if len(request.body) > MAX_REQUEST_BYTES:
        raise _refused("Request payload size exceeds the limit: 20971520 bytes.")
    return _generate(exchange, request.json, model_id)


def _require_key(exchange: Exchange) -> None:
    key = exchange.request.headers.get("x-goog-api-key")
    if key is None:
        raise Refusal(load_fixture("gemini/permission_denied").answer)
    if key not in exchange.good_keys:
        raise Refusal(load_fixture("gemini/invalid_key").answer)


def _list_models(request: RecordedRequest) -> Answer:
    """A page may be shorter than asked; the token says where the next one starts."""
    size, token = request.query.get("pageSize", "50"), request.query.get("pageToken", "0")
    if not size.isdecimal() or not token.isdecimal():
        raise _refused("Invalid page token or size.")
    end = int(token) + min(int(size), MAX_PER_PAGE)
    rest = {"nextPageToken": str(end)} if end < len(ROWS) else {}
    return Answer.of_json({"models": ROWS[int(token) : end], **rest})


def _generate(exchange: Exchange, asked: Any, model_id: str) -> Answer:
    model, parts = MODELS[model_id], _checked_parts(asked)
    references = [part for part in parts if "inlineData" in part]
    if len(references) > model.max_references:
        raise _refused(f"Only {model.max_references} images are supported.")
    config = asked.get("generationConfig", {})
    size = _checked_size(config, model)
    draws = "IMAGE" in config.get("responseModalities", ["TEXT", "IMAGE"])
    count = exchange.sketch.count_of(1) if draws else 0
    pictures = [exchange.sketch.b64_of(size, "jpeg", config.get("seed", 0) + index) for index in range(count)]
    sent = [*(_thoughts(exchange) if model.thinks else ()), {"text": "Here is your image."}]
    sent += [{"inlineData": {"mimeType": "image/jpeg", "data": data}, "thoughtSignature": "c2ln"} for data in pictures]
    text = "".join(part.get("text", "") for part in parts)
    return Answer.of_json(
        {
            "candidates": [{"content": {"parts": sent, "role": "model"}, "finishReason": "STOP", "index": 0}],
            "usageMetadata": _usage(text, len(references), len(pictures), thinks=model.thinks),
            "modelVersion": model_id,
            "responseId": uuid.uuid4().hex,
        }
    )


def _checked_parts(asked: Any) -> list[dict[str, Any]]:
    if not isinstance(asked, Mapping) or not asked.get("contents"):
        raise _refused("* GenerateContentRequest.contents: contents is not specified", "contents")
    parts = [part for content in asked["contents"] for part in content["parts"]]
    for place, part in enumerate(parts):
        path = f"contents[0].parts[{place}]"
        if "inlineData" in part:
            _check_picture(part["inlineData"], f"{path}.inline_data")
        elif not part.get("text"):
            raise _refused(f"* GenerateContentRequest.{path}.data: required oneof field must have one field", path)
    return parts


def _check_picture(inline: Mapping[str, Any], path: str) -> None:
    """As proto3's JSON is read: a name in either spelling, base64 in either alphabet. The SDK sends the other ones."""
    mime_type = inline.get("mimeType", inline.get("mime_type"))
    if mime_type not in INPUT_TYPES:
        raise _refused(f"Unsupported MIME type: {mime_type}", f"{path}.mime_type")
    try:
        base64.b64decode(inline["data"].replace("-", "+").replace("_", "/"), validate=True)
    except ValueError as exc:
        raise _refused(f"Invalid value at '{path}.data' (TYPE_BYTES), Base64 decoding failed", path) from exc


def _checked_size(config: Mapping[str, Any], model: Model) -> tuple[int, int]:
    for name in config:
        if name not in CONFIG_NAMES:
            message = (
                f"Invalid JSON payload received. Unknown name \"{name}\" at 'generation_config': Cannot find field."
            )
            raise _refused(message, "generation_config")
    seed = config.get("seed", 0)
    if not isinstance(seed, int) or abs(seed) >= 2**31:
        raise _refused(f"Invalid value at 'generation_config.seed' (TYPE_INT32), {seed}", "generation_config.seed")
    image = config.get("imageConfig", {})
    ratio, size = image.get("aspectRatio", "1:1"), image.get("imageSize")
    _check_choice("aspect_ratio", ratio, model.ratios)
    if size is not None and not model.sizes:
        raise _refused("Image size is not enabled for this model")
    _check_choice("image_size", size or "1K", model.sizes or ("1K",))
    wide, tall = map(int, ratio.split(":"))
    width = EDGES[size or "1K"] * math.sqrt(wide / tall)
    return round(width / 16) * 16, round(width * tall / wide / 16) * 16


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        path = f"generation_config.image_config.{name}"
        raise _refused(f"Invalid value at '{path}', \"{value}\". Allowed: {', '.join(choices)}", path)


def _thoughts(exchange: Exchange) -> tuple[dict[str, Any], ...]:
    draft = exchange.sketch.b64_of((64, 64), "png")
    return (
        {"text": "A first draft.", "thought": True},
        {"inlineData": {"mimeType": "image/png", "data": draft}, "thought": True, "thoughtSignature": "c2ln"},
    )


def _usage(text: str, references: int, pictures: int, *, thinks: bool) -> dict[str, Any]:
    prompt = {"TEXT": max(1, len(text) // 4), "IMAGE": references * TOKENS_PER_REFERENCE}
    output = {"IMAGE": pictures * TOKENS_PER_PICTURE, "TEXT": 10}
    thoughts = 162 if thinks else 0
    return {
        "promptTokenCount": sum(prompt.values()),
        "candidatesTokenCount": sum(output.values()),
        "totalTokenCount": sum(prompt.values()) + sum(output.values()) + thoughts,
        "promptTokensDetails": _details(prompt),
        "candidatesTokensDetails": _details(output),
        **({"thoughtsTokenCount": thoughts} if thinks else {}),
    }


def _details(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"modality": name, "tokenCount": count} for name, count in counts.items() if count]


def _refused(message: str, field: str = "") -> Refusal:
    """A bad request; the details name a field only where the service's own checks found it."""
    kind = "type.googleapis.com/google.rpc.BadRequest"
    violations = [{"field": field, "description": message}]
    details = {"details": [{"@type": kind, "fieldViolations": violations}]} if field else {}
    error = {"code": 400, "message": message, "status": "INVALID_ARGUMENT", **details}
    return Refusal(Answer.of_json({"error": error}, status=400))


def _not_found(model_id: str) -> Refusal:
    """The fixture of a retired model, for this model."""
    fixture = load_fixture("gemini/model_not_found_imagen")
    message = fixture.error["message"].replace("imagen-4.0-generate-001", model_id).replace("predict", METHOD[1:])
    return Refusal(Answer.of_json({"error": fixture.error | {"message": message}}, status=fixture.status))
