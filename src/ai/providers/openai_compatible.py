"""Any server that speaks OpenAI's images API: LocalAI, stable-diffusion.cpp, vLLM-Omni, a LiteLLM proxy.

Source: the servers' own documentation and code as listed in tests/upstream/fixtures, read 2026-11-24.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from src.ai.providers.answers import read_json
from src.ai.providers.base import Adapter, CostSource, NeedsKey
from src.ai.providers.contract import (
    CallResult,
    GeneratedImage,
    ImageEditRequest,
    ImageLink,
    ImageRequest,
    ImageResult,
    KeyCheck,
    ListedModel,
    OnEvent,
    ProviderConnection,
    ReadAnswer,
)
from src.ai.providers.errors import (
    BrokenAnswer,
    ContentRefused,
    ProviderError,
    QuotaExhausted,
    Rejected,
    clean_words,
)
from src.ai.providers.image_events import pay_with_previews, read_plain_or_streamed
from src.ai.providers.json_values import dict_of, split_tokens, text_of, token_count, usage_of
from src.ai.providers.key_checks import check_by_call
from src.ai.providers.model_lists import entries_of, read_page
from src.ai.providers.openai_errors import (
    QUOTA_CODES,
    REFUSAL_CODES,
    charge_of_error,
    class_by_status,
    error_object,
    field_of,
    page_error,
    safety_categories,
    status_inside,
)
from src.ai.providers.pictures import decode_picture
from src.ai.specs import TokenUsage
from src.core.outbound import Answer, Form, FormPart

# What look-alike servers understand under our own names.
SAME_NAMES = (
    *("size", "quality", "style", "background", "output_format", "output_compression"),
    *("seed", "negative_prompt"),
)


class OpenAICompatible(Adapter):
    """Config of a row: `response_format` ("b64_json" or "url") is sent where set, which some servers need and
    others reject; `needs_key` false for a server without keys."""

    slug = "openai_compatible"
    label = "OpenAI-compatible server"
    edits_images = True
    takes_mask = True
    max_references = 16
    needs_key: NeedsKey = "by_row"
    parameters = frozenset(SAME_NAMES)
    cost_source: CostSource = "tokens"
    key_check = "GET /models"
    # Where a service also answers 401 to keys that are valid: the codes that do mean an invalid one.
    invalid_key_codes: tuple[str, ...] = ()

    async def generate(self, conn: ProviderConnection, request: ImageRequest, *, on_event: OnEvent) -> ImageResult:
        async def make_call(index: int, part: ImageRequest) -> CallResult:
            payload = self.to_payload(part, conn)
            return await self._make(conn, "/images/generations", payload, index, request=part, on_event=on_event)

        return await self.call_in_parts(request, make_call)

    async def edit(self, conn: ProviderConnection, request: ImageEditRequest, *, on_event: OnEvent) -> ImageResult:
        async def make_call(index: int, part: ImageEditRequest) -> CallResult:
            form = to_form(self.to_payload(part, conn), part)
            return await self._make(conn, "/images/edits", form, index, request=part, on_event=on_event)

        return await self.call_in_parts(request, make_call)

    async def _make(
        self,
        conn: ProviderConnection,
        path: str,
        payload: Mapping[str, Any] | Form,
        index: int,
        *,
        request: ImageRequest,
        on_event: OnEvent,
    ) -> CallResult:
        received = await pay_with_previews(
            self, conn, path, payload, request=request, call_index=index, on_event=on_event
        )
        return await self.read_call(conn, request, received)

    def to_payload(self, request: ImageRequest, conn: ProviderConnection) -> dict[str, Any]:
        """Only what was asked: servers differ in what they reject."""
        payload: dict[str, Any] = {"model": request.model_id, "prompt": request.prompt, "n": request.n}
        for name in SAME_NAMES:
            value = getattr(request, name)
            if value is not None:
                payload[name] = value
        if conn.config.get("response_format"):
            payload["response_format"] = conn.config["response_format"]
        return payload

    def read_paid(self, answer: Answer, conn: ProviderConnection, *, part: ImageRequest, context: str) -> ReadAnswer:
        return self.read_answer(answer, conn)

    def read_answer(self, answer: Answer, conn: ProviderConnection) -> ReadAnswer:
        """Raises BrokenAnswer for what holds no JSON object, a typed error for an error inside a 2xx."""
        document = read_plain_or_streamed(answer)
        if not isinstance(document, dict):
            raise BrokenAnswer(charged="unknown", reason="not_json")
        if document.get("error"):
            raise self._class_document(document, answer, conn, "unknown")
        items = document.get("data")
        usage = read_usage(document.get("usage"))
        images = [read_item(item, conn) for item in items if item] if isinstance(items, list) else []
        return ReadAnswer(images=tuple(image for image in images if image is not None), usage=usage)

    async def check_key(self, conn: ProviderConnection) -> KeyCheck:
        return await check_by_call(self, conn, "/models")

    async def list_models(self, conn: ProviderConnection) -> tuple[ListedModel, ...]:
        page = read_page(await self.call(conn, "GET", "/models"))
        return tuple(self.read_model(entry) for entry in entries_of(page))

    def read_model(self, entry: dict[str, Any]) -> ListedModel:
        return ListedModel(model_id=entry["id"])

    def class_error(self, answer: Answer, conn: ProviderConnection) -> ProviderError:
        document = read_json(answer)
        if page := page_error(answer, document):
            return page
        charged = charge_of_error(answer, is_told=self.is_own_error(document))
        return self._class_document(dict_of(document), answer, conn, charged)

    def is_own_error(self, document: Any) -> bool:
        """Whether the server itself tells the error, and no gateway before it."""
        return isinstance(document, dict) and bool(document.get("error") or document.get("detail"))

    def _class_document(
        self, document: dict[str, Any], answer: Answer, conn: ProviderConnection, charged: str
    ) -> ProviderError:
        error = error_object(document)
        code, kind = str(error.get("code") or ""), str(error.get("type") or "")
        words, field = clean_words(error.get("message"), conn.key), field_of(error.get("param"))
        status = status_inside(answer.status, code=code, kind=kind)
        if code in REFUSAL_CODES:
            return ContentRefused(charged=charged, words=words, categories=safety_categories(words))
        if code in QUOTA_CODES or kind in QUOTA_CODES:
            return QuotaExhausted(charged=charged)
        # A body that was cut off names no code, and the status stands alone.
        if status == 401 and document and self.invalid_key_codes and code not in self.invalid_key_codes:
            return Rejected(charged=charged, reason="no_permission", words=words)
        return class_by_status(answer, code=code, words=words, charged=charged, field=field, status=status)


def to_form(payload: Mapping[str, Any], request: ImageEditRequest) -> Form:
    """An edit as openai-python 3.54.0 sends it (resources/images.py, _qs.py): what is no text as text, one picture
    as `image`, several as `image[]`."""
    name = "image" if len(request.references) == 1 else "image[]"
    texts = [
        FormPart(key, str(value).lower() if isinstance(value, bool) else str(value)) for key, value in payload.items()
    ]
    pictures = [
        FormPart(name, picture.content, f"image_{number}.{picture.mime_type.removeprefix('image/')}", picture.mime_type)
        for number, picture in enumerate(request.references, start=1)
    ]
    mask = [FormPart("mask", request.mask.content, "mask.png", request.mask.mime_type)] if request.mask else []
    return (*texts, *pictures, *mask)


def read_item(item: Any, conn: ProviderConnection) -> GeneratedImage | ImageLink | None:
    """One entry of `data`; None if it holds no picture at all."""
    if not isinstance(item, dict):
        return None
    revised, url = text_of(item.get("revised_prompt")), text_of(item.get("url"))
    inline = item.get("b64_json") or (url if url.startswith("data:") else "")
    if inline:
        content = decode_picture(inline)
        problem = "" if content else "undecodable"
        return GeneratedImage(content=content or b"", revised_prompt=revised, problem=problem)
    return _link(url, revised, conn) if url else None


def _link(url: str, revised_prompt: str, conn: ProviderConnection) -> GeneratedImage | ImageLink:
    try:
        return ImageLink(url=urljoin(conn.base_url, url), revised_prompt=revised_prompt)
    except ValueError:
        return GeneratedImage(problem="fetch_failed", revised_prompt=revised_prompt)


def read_usage(usage: Any) -> TokenUsage | None:
    """Source: openai-python 3.54.0, types/images_response.py. What the details leave out of the output counts as
    pictures, of the input as words. None where nothing is counted."""
    usage = dict_of(usage)
    return usage_of(
        inputs=_split(usage, "input", rest_is_pictures=False), outputs=_split(usage, "output", rest_is_pictures=True)
    )


def _split(usage: dict[str, Any], side: str, *, rest_is_pictures: bool) -> tuple[int, int]:
    details = dict_of(usage.get(f"{side}_tokens_details"))
    return split_tokens(
        token_count(usage.get(f"{side}_tokens")),
        pictures=token_count(details.get("image_tokens")),
        others=token_count(details.get("text_tokens")),
        rest_is_pictures=rest_is_pictures,
    )
