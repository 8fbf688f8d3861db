"""OpenRouter: many makers' picture models behind one API of its own.

Source: openrouter 1.3.84, components/imagegenerationrequest.py, imagegenerationresponse.py, imagegenerationusage.py and
imagestreamingresponse.py; OpenRouterTeam/docs, guides/overview/multimodal/image-generation.mdx,
guides/overview/auth/byok.mdx and api_reference/errors-and-debugging.mdx. Read 2026-11-24.
"""

import asyncio
import re
import time
from typing import Any
from urllib.parse import quote

import pybase64

from src.ai.providers.answers import MAX_RETRY_AFTER_S, read_json, retry_after_s
from src.ai.providers.base import Adapter
from src.ai.providers.contract import (
    CallResult,
    ImageEditRequest,
    ImageRequest,
    ImageResult,
    KeyCheck,
    ListedModel,
    OnEvent,
    ProviderConnection,
    ReadAnswer,
)
from src.ai.providers.errors import BrokenAnswer, ContentRefused, Overloaded, ProviderError, clean_words
from src.ai.providers.image_events import pay_with_previews, read_plain_or_streamed, wants_previews
from src.ai.providers.json_values import dict_of, split_tokens, text_of, token_count, usage_of
from src.ai.providers.key_checks import verdict_on
from src.ai.providers.model_lists import entries_of, read_page
from src.ai.providers.money import usd_as_micros
from src.ai.providers.openai_compatible import read_item
from src.ai.providers.openai_errors import (
    REFUSAL_CODES,
    WITH_WAIT,
    class_by_status,
    error_object,
    field_of,
    page_error,
    status_inside,
)
from src.ai.providers.openrouter_models import describe_model, to_listed_model
from src.ai.specs import TokenUsage
from src.core.outbound import Answer

SAME_NAMES = (
    *("size", "resolution", "aspect_ratio", "quality", "output_format", "output_compression"),
    *("background", "seed"),
)
APP_HEADERS = {"app_url": "HTTP-Referer", "app_title": "X-OpenRouter-Title"}
CONCURRENCY = 8
REFUSAL_TYPES = ("content_policy_violation", "refusal")
# Beside a 403 these say that the prompt's words were stopped, by moderation or by a guardrail.
REFUSAL_SIGNS = ("reasons", "flagged_input", "patterns")
PICTURE_TYPES = (
    *("invalid_image", "image_too_large", "image_too_small", "unsupported_image_format"),
    *("image_not_found", "image_download_failed"),
)
PROMPT_TYPES = ("string_too_long", "invalid_prompt")
FIELD_BY_TYPE = {**dict.fromkeys(PICTURE_TYPES, "references"), **dict.fromkeys(PROMPT_TYPES, "prompt")}
# These statuses have one meaning; a refusal may come with any other, even as 502.
NO_REFUSAL = (401, 402, 429)
# What an `error_type` means inside a 2xx; `authentication` there is the maker's, since the key has been taken.
STATUS_BY_TYPE = {
    "authentication": 500,
    "payment_required": 402,
    "permission_denied": 403,
    "not_found": 404,
    "precondition_failed": 412,
    "payload_too_large": 413,
    "unprocessable": 422,
    "rate_limit_exceeded": 429,
    "server": 500,
    "unmapped": 500,
    "provider_unavailable": 502,
    "provider_overloaded": 503,
    "timeout": 504,
    **dict.fromkeys(("context_length_exceeded", "max_tokens_exceeded", "token_limit_exceeded", "invalid_request"), 400),
    **dict.fromkeys((*PICTURE_TYPES, *PROMPT_TYPES), 400),
}


class OpenRouter(Adapter):
    """Config of a row: `app_url` and `app_title` name the installation in OpenRouter's statistics where set."""

    slug = "openrouter"
    label = "OpenRouter"
    base_url = "https://openrouter.ai/api/v1"
    edits_images = True
    max_references = 16
    streams_previews = True
    parameters = frozenset({*SAME_NAMES, "partial_images"})
    cost_source = "cost"
    key_check = "GET /key"
    listed_capabilities = frozenset({"image", "image_edit"})

    async def generate(self, conn: ProviderConnection, request: ImageRequest, *, on_event: OnEvent) -> ImageResult:
        return await self.call_in_parts(
            request, lambda index, part: self._call(conn, part, call_index=index, on_event=on_event)
        )

    async def _call(
        self, conn: ProviderConnection, request: ImageRequest, *, call_index: int, on_event: OnEvent
    ) -> CallResult:
        received = await pay_with_previews(
            self, conn, "/images", to_payload(request), request=request, call_index=call_index, on_event=on_event
        )
        return await self.read_call(conn, request, received)

    async def edit(self, conn: ProviderConnection, request: ImageEditRequest, *, on_event: OnEvent) -> ImageResult:
        return await self.generate(conn, request, on_event=on_event)

    def read_paid(self, answer: Answer, conn: ProviderConnection, *, part: ImageRequest, context: str) -> ReadAnswer:
        return self.read_answer(answer, conn)

    def read_answer(self, answer: Answer, conn: ProviderConnection) -> ReadAnswer:
        """Raises BrokenAnswer for what holds no JSON object, a typed error for an error inside a 2xx."""
        document = read_plain_or_streamed(answer)
        if not isinstance(document, dict):
            raise BrokenAnswer(charged="unknown", reason="not_json")
        if document.get("error"):
            raise self._class_document(document, answer, conn)
        items, usage = document.get("data"), dict_of(document.get("usage"))
        images = [read_item(item, conn) for item in items] if isinstance(items, list) else []
        return ReadAnswer(
            images=tuple(image for image in images if image is not None),
            usage=read_tokens(usage),
            cost_micros=read_cost(usage),
        )

    async def check_key(self, conn: ProviderConnection) -> KeyCheck:
        try:
            answer = await self.call(conn, "GET", "/key")
        except ProviderError as exc:
            return verdict_on(exc)
        return read_key_state(read_json(answer))

    async def list_models(self, conn: ProviderConnection) -> tuple[ListedModel, ...]:
        return tuple(to_listed_model(described) for described in await self.list_with_prices(conn))

    async def list_with_prices(self, conn: ProviderConnection) -> list[dict[str, Any]]:
        """Every image model as `describe_model` gives it; the list needs no key. Raises ProviderError."""
        page = read_page(await self.call(conn, "GET", "/images/models"))
        gate = asyncio.Semaphore(CONCURRENCY)

        async def describe(entry: dict[str, Any]) -> dict[str, Any]:
            async with gate:
                return describe_model(entry, await self._endpoints(conn, entry["id"]))

        return await asyncio.gather(*(describe(entry) for entry in entries_of(page)))

    async def _endpoints(self, conn: ProviderConnection, model_id: str) -> list[dict[str, Any]] | None:
        """None if this one model's prices could not be read; the others are still worth showing."""
        path = f"/images/models/{quote(model_id, safe='/:')}/endpoints"
        try:
            found = dict_of(read_json(await self.call(conn, "GET", path))).get("endpoints")
        except ProviderError:
            return None
        return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else None

    def auth_headers(self, conn: ProviderConnection) -> dict[str, str]:
        named = {header: conn.config.get(name) for name, header in APP_HEADERS.items()}
        fit = {header: text for header, text in named.items() if isinstance(text, str) and text.isprintable()}
        return super().auth_headers(conn) | {header: text for header, text in fit.items() if text and text.isascii()}

    def class_error(self, answer: Answer, conn: ProviderConnection) -> ProviderError:
        document = read_json(answer)
        return page_error(answer, document) or self._class_document(document, answer, conn)

    def _class_document(self, document: Any, answer: Answer, conn: ProviderConnection) -> ProviderError:
        """`charged` is "no" for every error that OpenRouter itself reports, inside a stream too.

        Source: image-generation.mdx, "Billing and Cancellation": all or nothing, failed generations are not billed,
        nor previews before an error in mid-stream.
        """
        error = error_object(dict_of(document))
        metadata, availability = dict_of(error.get("metadata")), dict_of(error.get("availability"))
        kind = text_of(metadata.get("error_type")) or text_of(error.get("error_type"))
        code = str(error.get("code") or "")
        words = clean_words(error.get("message"), conn.key)
        if answer.status not in NO_REFUSAL and is_refusal(metadata, kind=kind, code=code):
            return ContentRefused(words=words, categories=categories_of(metadata, conn))
        wait = retry_after_s(answer) or seconds_in(availability.get("retry_after")) or reset_after_s(answer)
        status = status_of(answer, error, kind=kind, code=code)
        if status == 404 and availability.get("retryable") is True:
            return Overloaded(retry_after_s=wait)
        field = FIELD_BY_TYPE.get(kind) or field_of(error.get("param"))
        classed = class_by_status(answer, code=code, words=words, charged="no", field=field, status=status)
        classed.charged, classed.retry_after_s = charged_for(document, answer.status), wait
        return classed


def to_payload(request: ImageRequest) -> dict[str, Any]:
    """Only what was asked. How many previews are streamed cannot be said; references travel inside the JSON."""
    payload: dict[str, Any] = {"model": request.model_id, "prompt": request.prompt, "n": request.n}
    payload |= {name: value for name in SAME_NAMES if (value := getattr(request, name)) is not None}
    if wants_previews(request):
        payload["stream"] = True
    if isinstance(request, ImageEditRequest):
        urls = [
            f"data:{picture.mime_type};base64,{pybase64.b64encode_as_string(picture.content)}"
            for picture in request.references
        ]
        payload["input_references"] = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return payload


def read_cost(usage: dict[str, Any]) -> int | None:
    """What the call cost in all, in millionths of a US dollar; None where a part of it is not named.

    `cost` is what OpenRouter takes. With a maker's key of one's own (`is_byok`) that is only a fee, and the maker bills
    `cost_details.upstream_inference_cost`: byok.mdx, and cookbook/administration/usage-accounting.mdx.
    """
    amounts = [usage.get("cost")]
    if usage.get("is_byok"):
        amounts.append(dict_of(usage.get("cost_details")).get("upstream_inference_cost"))
    micros = [usd_as_micros(amount) for amount in amounts]
    known = [amount for amount in micros if amount is not None]
    return sum(known) if len(known) == len(micros) else None


def read_tokens(usage: dict[str, Any]) -> TokenUsage | None:
    """What goes in is not split into words and pictures, and counts as words; unsplit output counts as pictures."""
    pictures = token_count(dict_of(usage.get("completion_tokens_details")).get("image_tokens"))
    output = token_count(usage.get("completion_tokens"))
    return usage_of(
        inputs=(0, token_count(usage.get("prompt_tokens"))),
        outputs=split_tokens(output, pictures=pictures, others=0, rest_is_pictures=not pictures),
    )


def read_key_state(document: Any) -> KeyCheck:
    """The verdict of `GET /key`. A management key makes no pictures; a limit of null is none."""
    state = dict_of(document).get("data")
    if not isinstance(state, dict):
        return KeyCheck(is_valid=None, reason="broken_answer")
    if state.get("is_management_key") is True:
        return KeyCheck(is_valid=True, reason="no_permission")
    left = state.get("limit_remaining")
    is_spent = isinstance(left, int | float) and not isinstance(left, bool) and left <= 0
    return KeyCheck(is_valid=True, reason="no_credit" if is_spent else "ok")


def status_of(answer: Answer, error: dict[str, Any], *, kind: str, code: str) -> int:
    """The HTTP status; inside a 2xx, what the error would have come with. `error_type` may be a maker's: a 502 with
    `authentication` says that the maker did not take OpenRouter's key, and nothing of ours."""
    if 200 <= answer.status < 300:
        return STATUS_BY_TYPE.get(kind) or status_inside(answer.status, code=code, kind=text_of(error.get("type")))
    # `image_not_found` is about a reference, not about the model.
    return 400 if answer.status == 404 and kind in PICTURE_TYPES else answer.status


def charged_for(document: Any, status: int) -> str:
    """Nothing where OpenRouter itself tells it, in an `error` object; a failure in any other shape is a gateway's."""
    is_told = isinstance(dict_of(document).get("error"), dict)
    # Of a body that was cut off the status is left, and these say that nothing was begun.
    is_refused = document is None and status in WITH_WAIT
    is_failure = status < 300 or status == 408 or status >= 500
    return "unknown" if is_failure and not is_told and not is_refused else "no"


def is_refusal(metadata: dict[str, Any], *, kind: str, code: str) -> bool:
    maker_code = text_of(metadata.get("provider_code"))
    is_named = kind in REFUSAL_TYPES or code in (*REFUSAL_CODES, *REFUSAL_TYPES) or maker_code in REFUSAL_CODES
    return is_named or any(metadata.get(sign) for sign in REFUSAL_SIGNS)


def categories_of(metadata: dict[str, Any], conn: ProviderConnection) -> tuple[str, ...]:
    reasons = metadata.get("reasons")
    named = [clean_words(reason, conn.key) for reason in reasons] if isinstance(reasons, list) else []
    return tuple(reason for reason in named if reason)


def reset_after_s(answer: Answer) -> float | None:
    """Seconds until `x-ratelimit-reset`, a moment in milliseconds of Unix time."""
    text = answer.headers.get("x-ratelimit-reset", "")
    return seconds_in(int(text) / 1000 - time.time()) if re.fullmatch(r"[0-9]{1,15}", text) else None


def seconds_in(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(min(value, MAX_RETRY_AFTER_S)) if is_number and value >= 0 else None
