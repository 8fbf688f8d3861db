"""How a job ended, kept in its row, and made an error again for whoever asks."""

from typing import Any

from src.ai.models import ImageGeneration
from src.ai.providers.errors import ProviderError
from src.core.errors import AppError, InvalidFields
from src.core.messages import text_for

RETRY_AFTER, STATUS, PARAMS = "_retry_after_s", "_status", "_params"
TEXTS = ("why", "remedy_message")
"""Names in the stored facts that are not told as they are."""


WITH_A_REASON = ("model_disabled", "model_access_denied")


class JobCancelled(ProviderError):
    """Its person, or a super admin, called it off before it was sent."""

    status, error_code, permanent, default_reason = 409, "job_cancelled", True, "cancelled"


class Interrupted(ProviderError):
    """The process died between the sending and the answer; nobody knows what became of the call."""

    error_code = "provider_error"
    default_reason = "interrupted"


def describe_error(error: AppError) -> dict[str, Any]:
    """As it is stored; `restore_error` is the way back."""
    stored = dict(error.facts)
    if error.retry_after_s is not None:
        stored[RETRY_AFTER] = error.retry_after_s
    if not isinstance(error, ProviderError):
        stored[STATUS] = error.status
        stored[PARAMS] = {name: str(value) for name, value in error.params.items() if name not in TEXTS}
    # Words are made anew in the language of whoever asks.
    return {name: value for name, value in stored.items() if name not in TEXTS}


def restore_error(code: str, stored: dict[str, Any], charged: str) -> AppError:
    """Raises nothing: an unknown code is an AppError with that code."""
    facts = dict(stored)
    retry_after_s, status, params = (facts.pop(name, None) for name in (RETRY_AFTER, STATUS, PARAMS))
    kind = _kinds().get(code)
    if kind is None:
        if facts.get("remedy"):
            facts["remedy_message"] = text_for(facts["remedy"], **facts)
        why = {"why": text_for(facts["reason"], **facts)} if code in WITH_A_REASON else {}
        error = AppError(code, facts=facts, retry_after_s=retry_after_s, **(params or {}), **why)
        error.status = status or 500
        return error
    provider_error = kind(charged=charged, retry_after_s=retry_after_s, reason=facts.get("reason", ""))
    provider_error.facts = facts
    return provider_error


def _kinds() -> dict[str, type[ProviderError]]:
    """The errors that have a code of their own, by it."""
    found: dict[str, type[ProviderError]] = {}
    for kind in ProviderError.__subclasses__():
        if kind is not Interrupted:
            found.setdefault(kind.error_code, kind)
    return found


def error_of(generation: ImageGeneration) -> AppError:
    """Why a finished generation brought no picture, with `generation_id` and `charged` among its facts."""
    if generation.error_facts.get("reason") == "unsupported_parameter" and generation.error_facts.get("field"):
        # What only the adapter knows not to be tellable is the request's fault, as what the spec rules out is.
        error: AppError = InvalidFields.one(generation.error_facts["field"], "unsupported_parameter")
    else:
        error = restore_error(generation.error_code or "provider_error", generation.error_facts, generation.charged)
    error.facts |= {"generation_id": str(generation.pk), "charged": generation.charged}
    return error
