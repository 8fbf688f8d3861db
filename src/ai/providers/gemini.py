"""Google Gemini: the models that answer generateContent with pictures.

Source: google-genai 3.6.1, models.py (`_GenerateContentConfig_to_mldev`, `_ImageConfig_to_mldev`), types.py
(`FinishReason`, `BlockedReason`, `ModalityTokenCount`), read 2026-11-24.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pybase64

from src.ai.providers.answers import REQUEST_ID, read_json
from src.ai.providers.base import Adapter
from src.ai.providers.contract import (
    CallResult,
    GeneratedImage,
    ImageEditRequest,
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
    NoImageReturned,
    ProviderError,
    Rejected,
    clean_words,
    strike_out_key,
)
from src.ai.providers.google_rpc import class_document, unwrapped
from src.ai.providers.json_values import dict_of, dicts_of, split_tokens, text_of, token_count, token_limit, usage_of
from src.ai.providers.key_checks import check_by_call
from src.ai.providers.openai_errors import charge_of_error, page_error
from src.ai.providers.pictures import decode_picture
from src.ai.specs import TokenUsage
from src.core.outbound import Answer

PAGE_SIZE = 1000
MAX_PAGES = 20
# Finish reasons that will come again for the same request; the others may be gone on a second try.
POLICY_REASONS = (
    *("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION", "ESCALATION", "MODEL_ARMOR"),
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
)
# The account is limited for earlier violations, whatever this request asks.
ACCOUNT_LIMITED = "PUP_LIMITED_DISABLED"
ENUM_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


class Gemini(Adapter):
    slug = "gemini"
    label = "Google Gemini"
    base_url = "https://generativelanguage.googleapis.com/v1beta"
    edits_images = True
    max_references = 14
    # As base64 and with the prompt, within the 20 MB of a request that holds its pictures itself.
    reference_bytes = 14 * 1024 * 1024
    one_picture_per_call = True
    parameters = frozenset({"aspect_ratio", "resolution", "seed"})
    max_seed = 2**31 - 1
    cost_source = "tokens"
    key_check = "GET /models?pageSize=1"

    def auth_headers(self, conn: ProviderConnection) -> dict[str, str]:
        return {"x-goog-api-key": conn.key.reveal()} if conn.key else {}

    async def generate(self, conn: ProviderConnection, request: ImageRequest, *, on_event: OnEvent) -> ImageResult:
        path = f"/models/{quote(request.model_id.removeprefix('models/'), safe='')}:generateContent"
        contents = to_contents(request)

        async def make_call(index: int, part: ImageRequest) -> CallResult:
            payload = {"contents": contents, "generationConfig": to_config(part)}
            received = await self.paid_call(conn, path, payload, on_event=on_event, call_index=index)
            return await self.read_call(conn, part, received)

        return await self.call_in_parts(request, make_call)

    async def edit(self, conn: ProviderConnection, request: ImageEditRequest, *, on_event: OnEvent) -> ImageResult:
        """The same call, with the references after the prompt."""
        return await self.generate(conn, request, on_event=on_event)

    def read_paid(self, answer: Answer, conn: ProviderConnection, *, part: ImageRequest, context: str) -> ReadAnswer:
        document = self.read_document(answer, conn)
        read = read_answer(document, conn, seed=part.seed)
        return replace(read, upstream_request_id=response_id(document, conn))

    def read_document(self, answer: Answer, conn: ProviderConnection) -> dict[str, Any]:
        """The JSON object of a 2xx. Raises BrokenAnswer for what is none, a typed error for an error inside."""
        document = unwrapped(read_json(answer))
        if not isinstance(document, dict):
            raise BrokenAnswer(charged="unknown", reason="not_json")
        if document.get("error"):
            raise class_document(document, answer, conn, charged="unknown")
        return document

    async def check_key(self, conn: ProviderConnection) -> KeyCheck:
        return await check_by_call(self, conn, "/models?pageSize=1")

    async def list_models(self, conn: ProviderConnection) -> tuple[ListedModel, ...]:
        models: list[ListedModel] = []
        token = ""
        for _page in range(MAX_PAGES):
            query = urlencode({"pageSize": PAGE_SIZE, **({"pageToken": token} if token else {})})
            page = read_json(await self.call(conn, "GET", f"/models?{query}"))
            if not isinstance(page, dict) or page.get("error"):
                raise BrokenAnswer(reason="not_json")
            models += [to_model(item) for item in dicts_of(page.get("models")) if text_of(item.get("name"))]
            token = text_of(page.get("nextPageToken"))
            if not token:
                return tuple(models)
        raise BrokenAnswer(reason="endless_list")

    def class_error(self, answer: Answer, conn: ProviderConnection) -> ProviderError:
        document = unwrapped(read_json(answer))
        if page := page_error(answer, document):
            return page
        is_told = bool(dict_of(dict_of(document).get("error")))
        return class_document(dict_of(document), answer, conn, charged=charge_of_error(answer, is_told=is_told))


def to_contents(request: ImageRequest) -> list[dict[str, Any]]:
    """The prompt first and the references after it in their order, as in the service's own editing example."""
    references = request.references if isinstance(request, ImageEditRequest) else ()
    pictures = [
        {"inlineData": {"mimeType": each.mime_type, "data": pybase64.b64encode_as_string(each.content)}}
        for each in references
    ]
    return [{"role": "user", "parts": [{"text": request.prompt}, *pictures]}]


def to_config(request: ImageRequest) -> dict[str, Any]:
    """Only what was asked: some models reject `imageSize`, and without `aspectRatio` an edit keeps its picture's."""
    config: dict[str, Any] = {"responseModalities": ["TEXT", "IMAGE"]}
    asked = {"aspectRatio": request.aspect_ratio, "imageSize": request.resolution}
    image_config = {name: value for name, value in asked.items() if value is not None}
    if image_config:
        config["imageConfig"] = image_config
    if request.seed is not None:
        config["seed"] = request.seed
    return config


def read_answer(document: dict[str, Any], conn: ProviderConnection, *, seed: int | None = None) -> ReadAnswer:
    """The pictures. Raises what an answer without any means; a refusal comes as 200 too."""
    images = tuple(read_picture(inline, seed) for inline in pictures_of(document))
    usage = read_usage(document.get("usageMetadata"), has_picture=bool(images))
    if not images:
        raise reason_of_none(document, usage, conn)
    return ReadAnswer(images=images, usage=usage)


def reason_of_none(document: dict[str, Any], usage: TokenUsage | None, conn: ProviderConnection) -> ProviderError:
    """A blocked prompt, a blocked answer, or one without a picture, which may say why in words of its own.

    Tokens that are counted are billed, whatever came. Where none are, a prompt that was stopped cost nothing, and of
    the rest nobody says.
    """
    charged = "yes" if usage else "unknown"
    feedback = dict_of(document.get("promptFeedback"))
    if feedback.get("blockReason"):
        return ContentRefused(
            charged="yes" if usage else "no",
            usage=usage,
            words=clean_words(feedback.get("blockReasonMessage"), conn.key),
            categories=_categories(feedback["blockReason"], conn),
        )
    candidate = next(iter(dicts_of(document.get("candidates"))), {})
    reason, words = candidate.get("finishReason"), clean_words(candidate.get("finishMessage"), conn.key)
    if reason in POLICY_REASONS:
        return ContentRefused(charged=charged, usage=usage, words=words, categories=_categories(reason, conn))
    if reason == ACCOUNT_LIMITED:
        return Rejected(charged=charged, usage=usage, reason="no_permission", words=words)
    words = clean_words(spoken_in(candidate), conn.key) or words
    return NoImageReturned(charged=charged, usage=usage, reason=_code(reason, conn).lower(), words=words)


def spoken_in(candidate: dict[str, Any]) -> str:
    """What the model says, without its thoughts."""
    parts = dicts_of(dict_of(candidate.get("content")).get("parts"))
    return "".join(text_of(part.get("text")) for part in parts if part.get("thought") is not True).strip()


def pictures_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The `inlineData` of pictures, without the drafts that a model makes while it thinks."""
    for candidate in dicts_of(document.get("candidates")):
        for part in dicts_of(dict_of(candidate.get("content")).get("parts")):
            inline = dict_of(part.get("inlineData"))
            if inline.get("data") and part.get("thought") is not True and _is_picture(inline.get("mimeType")):
                yield inline


def read_picture(inline: dict[str, Any], seed: int | None) -> GeneratedImage:
    content = decode_picture(inline["data"])
    return GeneratedImage(content=content or b"", seed=seed, problem="" if content else "undecodable")


def read_usage(usage: Any, *, has_picture: bool) -> TokenUsage | None:
    """Tokens by kind; what the details leave out is text. None where they tell no cost: a picture came and no token
    of it is counted."""
    usage = dict_of(usage)
    image_in, text_in = _split(usage, "prompt", unsplit_is_image=False)
    image_out, text_out = _split(usage, "candidates", unsplit_is_image=has_picture)
    text_out += token_count(usage.get("thoughtsTokenCount"))
    if has_picture and not image_out:
        return None
    return usage_of(inputs=(image_in, text_in), outputs=(image_out, text_out))


def _split(usage: dict[str, Any], side: str, *, unsplit_is_image: bool) -> tuple[int, int]:
    """The (picture, other) tokens of one side. A side whose details name no picture is one kind as a whole."""
    details = dicts_of(usage.get(f"{side}TokensDetails"))
    of_pictures = sum(token_count(each.get("tokenCount")) for each in details if each.get("modality") == "IMAGE")
    of_others = sum(token_count(each.get("tokenCount")) for each in details if each.get("modality") != "IMAGE")
    return split_tokens(
        token_count(usage.get(f"{side}TokenCount")),
        pictures=of_pictures,
        others=of_others,
        rest_is_pictures=unsplit_is_image and not of_pictures,
    )


def response_id(document: dict[str, Any], conn: ProviderConnection) -> str:
    """The service names its request in the body, not in a header."""
    sent = text_of(document.get("responseId"))
    return strike_out_key(sent, conn.key) if REQUEST_ID.fullmatch(sent) else ""


def to_model(item: dict[str, Any]) -> ListedModel:
    model_id = item["name"].removeprefix("models/")
    methods = item.get("supportedGenerationMethods")
    capabilities, is_guess = capabilities_of(model_id, methods if isinstance(methods, list) else [])
    return ListedModel(
        model_id=model_id,
        display_name=text_of(item.get("displayName")),
        description=text_of(item.get("description")),
        capabilities=capabilities,
        is_guess=is_guess,
        context_window=token_limit(item.get("inputTokenLimit")),
        max_output_tokens=token_limit(item.get("outputTokenLimit")),
    )


def capabilities_of(model_id: str, methods: list[Any]) -> tuple[tuple[str, ...] | None, bool]:
    """The list names methods and no modality: that a model draws shows only in its name."""
    if "embedContent" in methods:
        return ("embedding",), False
    if "generateContent" not in methods:
        return None, False
    draws = ("image" in model_id or "banana" in model_id) and "embedding" not in model_id
    return ("image", "image_edit") if draws else ("chat",), True


def _is_picture(mime_type: Any) -> bool:
    return mime_type is None or text_of(mime_type).startswith("image/")


def _categories(reason: Any, conn: ProviderConnection) -> tuple[str, ...]:
    code = _code(reason, conn)
    return (code,) if code else ()


def _code(value: Any, conn: ProviderConnection) -> str:
    """An enum's name as sent; "" for what is none."""
    return strike_out_key(value, conn.key) if ENUM_NAME.fullmatch(text_of(value)) else ""
