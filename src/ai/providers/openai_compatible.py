"""Any server that speaks OpenAI's images API: LocalAI, stable-diffusion.cpp, vLLM-Omni, a LiteLLM proxy.

Source: the servers' own documentation and code as listed in tests/upstream/fixtures, read 2026-11-24.
"""

import re
from typing import Any
from urllib.parse import urljoin

from src.ai.providers.base import (
    Adapter,
    CostSource,
    NeedsKey,
    check_by_call,
    read_json,
    retry_after_s,
    upstream_request_id,
)
from src.ai.providers.contract import (
    GeneratedImage,
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
    KeyInvalid,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    Rejected,
    ServiceFailed,
    clean_words,
)
from src.ai.providers.pictures import decode_picture
from src.ai.specs import TokenUsage
from src.core.outbound import Answer

REFUSAL_CODES = ("moderation_blocked", "content_policy_violation")
QUOTA_CODES = ("insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached")
SAFETY_CATEGORIES = re.compile(r"safety_violations=\[([^\]]*)\]")
WITH_WAIT: dict[int, type[ProviderError]] = {429: RateLimited, 503: Overloaded, 529: Overloaded}
TIMEOUTS = (408, 504, 524)
# A gateway that lost the service behind it does not know what became of the request, in JSON or not.
LOST_BEHIND_GATEWAY = (502, 520, 521, 522, 523)
MAX_TOKENS = 10**9
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
    needs_key: NeedsKey = "by_row"
    parameters = frozenset(SAME_NAMES)
    cost_source: CostSource = "tokens"
    key_check = "GET /models"
    # Where a service also answers 401 to keys that are valid: the codes that do mean an invalid one.
    invalid_key_codes: tuple[str, ...] = ()

    async def generate(self, conn: ProviderConnection, request: ImageRequest, *, on_event: OnEvent) -> ImageResult:
        answer = await self.paid_call(conn, "/images/generations", self.to_payload(request, conn), on_event=on_event)
        read = self.read_answer(answer, conn)
        return ImageResult(calls=(await self.complete(conn, read, upstream_id=upstream_request_id(answer, conn)),))

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

    def read_answer(self, answer: Answer, conn: ProviderConnection) -> ReadAnswer:
        """Raises BrokenAnswer for what is not JSON, a typed error for an error inside a 2xx."""
        document = read_json(answer)
        if not isinstance(document, dict):
            raise BrokenAnswer(charged="unknown", reason="not_json")
        if document.get("error"):
            raise self._class_document(document, answer, conn, charged="unknown")
        items = document.get("data")
        usage = read_usage(document.get("usage"))
        images = [read_item(item, conn) for item in items if item] if isinstance(items, list) else []
        return ReadAnswer(images=tuple(image for image in images if image is not None), usage=usage)

    async def check_key(self, conn: ProviderConnection) -> KeyCheck:
        return await check_by_call(self, conn, "/models")

    async def list_models(self, conn: ProviderConnection) -> tuple[ListedModel, ...]:
        document = read_json(await self.call(conn, "GET", "/models"))
        items = document.get("data") if isinstance(document, dict) else None
        if not isinstance(items, list):
            raise BrokenAnswer(reason="not_json")
        ids = [item["id"] for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)]
        return tuple(ListedModel(model_id=model_id) for model_id in ids)

    def class_error(self, answer: Answer, conn: ProviderConnection) -> ProviderError:
        document = read_json(answer)
        if document is None and answer.status >= 500 and answer.status != 503:
            # A proxy's page: whether the server behind it did the work is unclear.
            return BrokenAnswer(charged="unknown", reason="not_json")
        return self._class_document(document if isinstance(document, dict) else {}, answer, conn)

    def _class_document(
        self, document: dict[str, Any], answer: Answer, conn: ProviderConnection, charged: str = "no"
    ) -> ProviderError:
        error = error_object(document)
        code, kind = str(error.get("code") or ""), str(error.get("type") or "")
        words = clean_words(error.get("message"), conn.key)
        if code in REFUSAL_CODES:
            return ContentRefused(charged=charged, words=words, categories=safety_categories(words))
        if code in QUOTA_CODES or kind in QUOTA_CODES:
            return QuotaExhausted(charged=charged)
        if answer.status == 401 and self.invalid_key_codes and code not in self.invalid_key_codes:
            return Rejected(charged=charged, reason="no_permission", words=words)
        return class_by_status(answer, code=code, words=words, charged=charged)


def class_by_status(answer: Answer, *, code: str, words: str, charged: str) -> ProviderError:
    """The class that a status alone means, and the one code that makes a difference."""
    status = answer.status
    if status in WITH_WAIT:
        return WITH_WAIT[status](charged=charged, retry_after_s=retry_after_s(answer))
    if status in TIMEOUTS:
        return ProviderTimeout(charged="unknown")
    if status in LOST_BEHIND_GATEWAY:
        return ServiceFailed(charged="unknown")
    if status == 401:
        return KeyInvalid(charged=charged)
    if status == 402:
        return QuotaExhausted(charged=charged)
    if status == 404 or code == "model_not_found":
        return Rejected(charged=charged, reason="model_gone", words=words)
    if 400 <= status < 500:
        return Rejected(charged=charged, reason="no_permission" if status == 403 else "", words=words)
    return ServiceFailed(charged=charged, reason="redirect" if 300 <= status < 400 else "")


def error_object(document: dict[str, Any]) -> dict[str, Any]:
    """`{message, type, code}` from the shapes in use: error object, error text, FastAPI's detail, message."""
    error = document.get("error")
    if isinstance(error, dict):
        return error
    detail = document.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        where = detail[0].get("loc")
        path = ".".join(map(str, where)) if isinstance(where, list) else ""
        detail = f"{path}: {detail[0].get('msg')}"
    return {"message": error or detail or document.get("message")}


def safety_categories(words: str) -> tuple[str, ...]:
    match = SAFETY_CATEGORIES.search(words)
    return tuple(part.strip() for part in match.group(1).split(",") if part.strip()) if match else ()


def read_item(item: Any, conn: ProviderConnection) -> GeneratedImage | ImageLink | None:
    """One entry of `data`; None if it holds no picture at all."""
    if not isinstance(item, dict):
        return None
    revised = item.get("revised_prompt")
    revised = revised if isinstance(revised, str) else ""
    url = item["url"] if isinstance(item.get("url"), str) else ""
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
    """Source: openai-python 3.54.0, types/images_response.py. Unsplit output counts as picture tokens."""
    if not isinstance(usage, dict):
        return None
    inputs = usage.get("input_tokens_details")
    outputs = usage.get("output_tokens_details")
    inputs = inputs if isinstance(inputs, dict) else {"text_tokens": usage.get("input_tokens")}
    outputs = outputs if isinstance(outputs, dict) else {"image_tokens": usage.get("output_tokens")}
    return TokenUsage(
        text_in=_count(inputs.get("text_tokens")),
        image_in=_count(inputs.get("image_tokens")),
        text_out=_count(outputs.get("text_tokens")),
        image_out=_count(outputs.get("image_tokens")),
    )


def _count(value: Any) -> int:
    """A number of tokens; 0 for what cannot be one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < MAX_TOKENS else 0
