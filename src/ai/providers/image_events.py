"""The events in which OpenAI and OpenRouter stream one picture: previews, then the picture itself.

Source: openai-python 3.54.0, types/image_gen_*_event.py, image_edit_*_event.py and _streaming.py; openrouter 1.3.84,
components/imagestreamingresponse.py. Read 2026-11-24.
"""

from collections.abc import Mapping
from typing import Any

from src.ai.providers.answers import read_json
from src.ai.providers.base import Adapter, OnDocument
from src.ai.providers.contract import ImageRequest, OnEvent, Preview, ProviderConnection, Received
from src.ai.providers.pictures import decode_picture
from src.ai.providers.sse import read_events
from src.core.outbound import Answer, Form

PARTIAL = ("image_generation.partial_image", "image_edit.partial_image")
COMPLETED = ("image_generation.completed", "image_edit.completed")
MAX_PREVIEWS = 100


def wants_previews(request: ImageRequest) -> bool:
    """Only for a single picture: the events do not say which one a preview belongs to."""
    return bool(request.partial_images) and request.n == 1


async def pay_with_previews(
    adapter: Adapter,
    conn: ProviderConnection,
    path: str,
    payload: Mapping[str, Any] | Form,
    *,
    request: ImageRequest,
    call_index: int,
    on_event: OnEvent,
) -> Received:
    """One paid call, as a stream where the request wants previews."""
    if wants_previews(request):
        watch = watch_previews(on_event)
        return await adapter.paid_stream(
            conn, path, payload, on_event=on_event, on_document=watch, call_index=call_index
        )
    return await adapter.paid_call(conn, path, payload, on_event=on_event, call_index=call_index)


def watch_previews(on_event: OnEvent) -> OnDocument:
    """An `on_document` that hands on each preview, and ends the reading at the picture or at an error."""

    async def on_document(document: dict[str, Any]) -> bool:
        if document.get("type") in PARTIAL:
            preview = read_preview(document)
            if preview is not None:
                await on_event(preview)
            return False
        return is_last(document)

    return on_document


def read_preview(document: dict[str, Any]) -> Preview | None:
    """None for one that cannot be shown: it is only for looking at."""
    content, index = decode_picture(document.get("b64_json")), document.get("partial_image_index")
    if not content or isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < MAX_PREVIEWS:
        return None
    return Preview(content=content, preview_index=index)


def is_last(document: dict[str, Any]) -> bool:
    """Any object with `error` ends a stream, whatever its type; events of other types are passed over."""
    return document.get("type") in COMPLETED or bool(document.get("error"))


def read_plain_or_streamed(answer: Answer) -> Any:
    """The answer's JSON. Of a stream, what it ended with, in the shape of a plain answer; None if there is neither."""
    document = read_json(answer)
    if document is not None:
        return document
    last = next((event for event in read_events(answer.body) if is_last(event)), None)
    if last is None or last.get("error"):
        return last
    return {"data": [last], "usage": last.get("usage")}
