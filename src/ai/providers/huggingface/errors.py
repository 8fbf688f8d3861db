"""What an error answer of Hugging Face's hub, of its router or of a backend behind it means.

Source: huggingface_hub 2.4.0, utils/_http.py; hub-docs 242f4a1e, hub/rate-limits.md; docs.fal.ai/errors and
docs.fal.ai/faq, read 2026-11-24.
"""

import math
import re
from typing import Any

from src.ai.providers.answers import MAX_RETRY_AFTER_S, retry_after_s
from src.ai.providers.errors import ContentRefused, ProviderError, Rejected, clean_words
from src.ai.providers.json_values import dict_of
from src.ai.providers.openai_errors import REFUSAL_CODES, WITH_WAIT, class_by_status, error_object, field_of
from src.core.outbound import Answer
from src.core.secret import Secret

REFUSAL_STATUSES = (200, 201, 400, 403, 422)
UNSUPPORTED_MODEL_WORDS = "not supported by any provider"
USED_UP = re.compile(r"\br\s*=\s*0\s*;\s*t\s*=\s*([0-9]{1,9})\b")
# The backends' own names of our parameters.
OUR_NAMES = {
    "inputs": "prompt",
    **dict.fromkeys(("width", "height", "image_size", "target_size"), "size"),
    **dict.fromkeys(("image_url", "image_urls", "reference_images"), "references"),
}


def class_document(document: Any, answer: Answer, key: Secret | None, *, charged: str) -> ProviderError:
    """`document` is the answer's JSON, whatever it is; `charged` is what a failure costs unless more is known."""
    detail, error = first_detail(document), error_of(document)
    words = clean_words(words_of(error.get("message")), key)
    codes = [code for code in (error.get("code"), error.get("type"), detail.get("type")) if isinstance(code, str)]
    status = answer.status
    # fal.ai: a 422 may be charged if a machine has worked on it before the error showed.
    charged = "unknown" if status == 422 else charged
    if status in REFUSAL_STATUSES and any(code in REFUSAL_CODES for code in codes):
        return ContentRefused(charged=charged, words=words, categories=_categories(detail, key))
    if status in WITH_WAIT:
        return WITH_WAIT[status](charged=charged, retry_after_s=wait_s(document, answer))
    if is_model_gone(answer, words):
        return Rejected(charged=charged, reason="model_gone", words=words)
    if status == 401 and not is_about_key(document, answer):
        return Rejected(charged=charged, reason="backend_refused", words=words)
    if status in (400, 422):
        return Rejected(charged=charged, words=words, field=our_name_of(error.get("param")))
    return class_by_status(answer, words=words, charged=charged)


def is_model_gone(answer: Answer, words: str) -> bool:
    """A 401 with this code is about the model: the hub hides what a key may not see."""
    if answer.status == 410 or answer.headers.get("x-error-code") == "RepoNotFound":
        return True
    # No code tells a model without any backend from a malformed request: only the words do.
    return answer.status == 400 and UNSUPPORTED_MODEL_WORDS in words


def is_told(document: Any) -> bool:
    """Whether it is in a shape that the hub, the router or a backend tells its errors in, and no gateway's."""
    told = dict_of(document)
    return bool(told.get("error") or told.get("detail") or first_detail(document))


def is_about_key(document: Any, answer: Answer) -> bool:
    """Whether a 401 is the hub's or the router's, which tell it as `{"error": "text"}`. In any other shape it is a
    backend's, which does not know the key; one that was cut off is in no shape, and the status stands alone."""
    is_cut_off = document is None and answer.content_type == "application/json"
    return is_cut_off or isinstance(dict_of(document).get("error"), str)


def error_of(document: Any) -> dict[str, Any]:
    return error_object({"detail": document} if isinstance(document, list) else dict_of(document))


def first_detail(document: Any) -> dict[str, Any]:
    """The first problem of a list of them, as fal.ai names them, bare or under `detail`."""
    problems = document if isinstance(document, list) else dict_of(document).get("detail")
    return dict_of(problems[0]) if isinstance(problems, list) and problems else {}


def words_of(message: Any) -> Any:
    """Old models of hf-inference answer a list of sentences."""
    return " ".join(part for part in message if isinstance(part, str)) if isinstance(message, list) else message


def our_name_of(param: Any) -> str:
    return OUR_NAMES[param] if isinstance(param, str) and param in OUR_NAMES else field_of(param)


def wait_s(document: Any, answer: Answer) -> float | None:
    """Seconds by `retry-after`, else by `RateLimit: "api";r=0;t=137`, else by the time that a model needs to load."""
    wait = retry_after_s(answer)
    match = USED_UP.search(answer.headers.get("ratelimit", ""))
    if wait is None and match:
        wait = min(float(match[1]), MAX_RETRY_AFTER_S)
    estimate = dict_of(document).get("estimated_time")
    if wait is None and isinstance(estimate, int | float) and not isinstance(estimate, bool):
        wait = float(min(estimate, MAX_RETRY_AFTER_S)) if 0 < estimate < math.inf else None
    return wait


def _categories(detail: dict[str, Any], key: Secret | None) -> tuple[str, ...]:
    named = detail.get("categories")
    return tuple(clean_words(name, key) for name in named if isinstance(name, str)) if isinstance(named, list) else ()
