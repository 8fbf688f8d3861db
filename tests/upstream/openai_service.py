"""OpenAI's image API, played: generations, edits, their streams, and the models list."""

import io
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from PIL import Image

from tests.upstream.exchange import Exchange
from tests.upstream.openai_rules import DALL_E_3, check_basics, check_request, parse_size, refused
from tests.upstream.recording import FormPart, RecordedRequest
from tests.upstream.wire import Answer, Refusal, load_fixture

ROOT = "/openai/v1"
FILES = "/openai/files"
# 1024x1024: the price of gpt-image-2.5 in the catalogue divided by 30 USD per million tokens.
OUTPUT_TOKENS = {"low": 196, "medium": 439, "high": 1756, "xhigh": 3122, "max": 7024}
TOKENS_PER_REFERENCE = 324
EDIT_MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp")
MAX_MASK_BYTES = 4_000_000
NUMBERS = {"n", "output_compression", "partial_images"}


def answer(exchange: Exchange) -> Answer:
    """Answer as OpenAI would; raises Refusal."""
    request = exchange.request
    if request.path.startswith(FILES):
        return serve_picture(exchange)
    exchange.require_key("openai/invalid_key")
    match request.method, request.path.removeprefix(ROOT):
        case "GET", "/models":
            return load_fixture("openai/models_list").answer
        case "POST", "/images/generations":
            return _stamped(_generate(exchange, is_edit=False))
        case "POST", "/images/edits":
            return _stamped(_generate(exchange, is_edit=True))
    message = f"Invalid URL ({request.method} {request.path.removeprefix('/openai')})"
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return Answer.of_json({"error": error}, status=404)


def serve_picture(exchange: Exchange) -> Answer:
    """A picture that an earlier answer named by URL."""
    picture = exchange.shelf.get(exchange.request.path)
    if picture is None:
        return Answer(404, {"content-type": "text/plain"}, b"not found")
    return Answer(200, {"content-type": "image/png"}, picture)


def edit_parameters(request: RecordedRequest) -> Any:
    """An edit's parameters from JSON or from a form; files become their number, checked."""
    if not request.form:
        check_basics(request.json)
        _require_references(len(request.json.get("images", ())))
        return request.json
    parameters: dict[str, Any] = {}
    for part in request.form:
        if part.filename is None:
            parameters[part.name] = _typed(part.name, part.body.decode())
        elif part.content_type not in EDIT_MEDIA_TYPES:
            message = f"Invalid file '{part.name}': unsupported mimetype ('{part.content_type}')."
            raise refused(part.name, "unsupported_file_mimetype", message)
        else:
            parameters[part.name] = parameters.get(part.name, 0) + 1
    _require_references(parameters.get("image", 0) + parameters.get("image[]", 0))
    if parameters.get("image", 0) > 1:
        raise refused("image", "duplicate_parameter", "Duplicate parameter: 'image'. Use 'image[]' for several files.")
    _check_mask([part for part in request.form if part.filename is not None])
    return parameters


def _check_mask(files: list[FormPart]) -> None:
    """A mask is a PNG below 4 MB of the first picture's size: image_edit_params.py. The wordings are composed."""
    for mask in (file for file in files if file.name == "mask"):
        first = next(file for file in files if file.name.startswith("image"))
        if mask.content_type != "image/png" or len(mask.body) > MAX_MASK_BYTES:
            raise refused("mask", "invalid_value", "Invalid mask: expected a PNG file of less than 4 MB.")
        if Image.open(io.BytesIO(mask.body)).size != Image.open(io.BytesIO(first.body)).size:
            raise refused("mask", "invalid_value", "Invalid mask: its size must match the image's.")


def _require_references(count: int) -> None:
    if count < 1:
        raise refused("image", "missing_required_parameter", "Missing required parameter: 'image'.")
    if count > 16:
        raise refused("image", "array_above_max_length", "Invalid 'image': array too long. Expected at most 16.")


def _typed(name: str, text: str) -> Any:
    if name in NUMBERS and text.isdecimal():
        return int(text)
    return {"true": True, "false": False}.get(text, text) if name == "stream" else text


def _generate(exchange: Exchange, *, is_edit: bool) -> Answer:
    try:
        asked = edit_parameters(exchange.request) if is_edit else exchange.request.json
        family = check_request(asked, is_edit=is_edit)
    except Refusal as refusal:
        return refusal.answer
    if family is DALL_E_3:
        return Answer.of_json(_legacy_body(exchange, asked))
    body = _body(exchange, asked, is_edit=is_edit)
    return _streamed(exchange, body, asked, is_edit=is_edit) if asked.get("stream") else Answer.of_json(body)


def _legacy_body(exchange: Exchange, asked: Mapping[str, Any]) -> dict[str, Any]:
    size, sketch = _size_of(asked), exchange.sketch
    picture = {"revised_prompt": f"A vivid picture: {asked['prompt']}"}
    if asked.get("response_format") == "b64_json":
        picture["b64_json"] = sketch.b64_of(size, "png")
    else:
        picture["url"] = exchange.publish(FILES, sketch.bytes_of(size, "png")) + "?sig=x"
    return {"created": int(time.time()), "data": [picture]}


def _body(exchange: Exchange, asked: Mapping[str, Any], *, is_edit: bool) -> dict[str, Any]:
    size, fmt = _size_of(asked), asked.get("output_format", "png")
    quality = "medium" if asked.get("quality", "auto") == "auto" else asked["quality"]
    is_transparent = asked.get("background") == "transparent"
    pictures = [
        {"b64_json": exchange.sketch.b64_of(size, fmt, index, transparent=is_transparent)}
        for index in range(exchange.sketch.count_of(asked.get("n", 1)))
    ]
    return {
        "created": int(time.time()),
        "background": "transparent" if is_transparent else "opaque",
        "data": pictures,
        "output_format": fmt,
        "quality": quality,
        "size": f"{size[0]}x{size[1]}",
        "usage": _usage(asked, OUTPUT_TOKENS[quality] * len(pictures), is_edit=is_edit),
    }


def _usage(asked: Mapping[str, Any], output_tokens: int, *, is_edit: bool) -> dict[str, Any]:
    text_tokens = max(1, len(asked["prompt"]) // 4)
    references = sum(_count(asked.get(name, 0)) for name in ("image", "image[]", "images")) if is_edit else 0
    image_tokens = references * TOKENS_PER_REFERENCE
    return {
        "total_tokens": text_tokens + image_tokens + output_tokens,
        "input_tokens": text_tokens + image_tokens,
        "output_tokens": output_tokens,
        "input_tokens_details": {"text_tokens": text_tokens, "image_tokens": image_tokens},
        "output_tokens_details": {"image_tokens": output_tokens, "text_tokens": 0},
    }


def _streamed(exchange: Exchange, body: Mapping[str, Any], asked: Mapping[str, Any], *, is_edit: bool) -> Answer:
    """Each partial picture looks different from the final one."""
    kind, size = "image_edit" if is_edit else "image_generation", _size_of(asked)
    shared = {name: body[name] for name in ("background", "output_format", "quality", "size")}
    shared["created_at"] = body["created"]
    events = [
        {
            "type": f"{kind}.partial_image",
            "b64_json": exchange.sketch.b64_of(size, body["output_format"], index + 1),
            "partial_image_index": index,
            **shared,
        }
        for index in range(asked.get("partial_images", 0))
    ]
    events.append({"type": f"{kind}.completed", **body["data"][0], **shared, "usage": body["usage"]})
    text = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return Answer(200, {"content-type": "text/event-stream"}, text.encode())


def _size_of(asked: Mapping[str, Any]) -> tuple[int, int]:
    return parse_size(asked.get("size", "auto")) or (1024, 1024)


def _count(files: Any) -> int:
    return files if isinstance(files, int) else len(files)


def _stamped(reply: Answer) -> Answer:
    """The reply with the headers of OpenAI's fixtures and an id of its own."""
    usual = load_fixture("openai/images_generate_success").headers
    own = {"x-request-id": f"req_{uuid.uuid4().hex}"}
    return Answer(reply.status, {**usual, **reply.headers, **own}, reply.body)
