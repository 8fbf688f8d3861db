"""What a request would cost, with which key, and whether it would pass; nobody is asked and nothing is held."""

from collections.abc import Sequence
from typing import Any

from src.ai.access import ModelAccessState
from src.ai.costs import highest_cost_micros, lowest_cost_micros
from src.ai.models import AdminProviderSettings, AIModel, Capability, UnknownPricePolicy
from src.ai.params import fit_to_spec
from src.ai.services.access_answers import describe_access
from src.ai.services.image_order import ImageOrder
from src.ai.services.order_rules import (
    check_reference_count,
    find_adapter,
    find_ordered_model,
    limits_of,
    spec_of,
)
from src.ai.specs import Price, read_pricing
from src.core.messages import text_for
from src.usage.reading import find_refusal, read_left
from src.usage.scopes import ScopeLimit
from src.usage.services import refusal_of


def estimate_generation(*, order: ImageOrder, reference_images: int = 0) -> dict[str, Any]:
    """Lowest and highest cost by the price table (null: unknown), the key, and what the budget leaves.

    Raises InvalidFields and BadRequest as generating would; a lack of access or budget is part of the answer.
    """
    is_edit = reference_images > 0
    model = find_ordered_model(order, Capability.IMAGE_EDIT if is_edit else Capability.IMAGE)
    adapter, spec = find_adapter(model, is_edit=is_edit), spec_of(model)
    params = fit_to_spec(order.params, spec, speakable=adapter.parameters, max_seed=adapter.max_seed)
    if is_edit:
        check_reference_count(reference_images, spec, adapter)
    pricing = read_pricing(model.pricing)
    asked: dict[str, Any] = {
        "size": params.size,
        "quality": params.quality,
        "resolution": params.resolution,
        "n": params.n,
    }
    highest = highest_cost_micros(pricing, **asked)
    access = describe_access(ModelAccessState.explain(model.provider, model, order.admin))
    limits = _limits(order, model, access["key_source"])
    left = read_left(limits=limits)
    refusal = _refusal(order, model, access, limits, params.n, highest)
    return {
        "model": f"{model.provider.slug}/{model.model_id}",
        "n": params.n,
        "params_sent": params.without_prompt(),
        "lowest_micros": lowest_cost_micros(pricing, **asked),
        "highest_micros": highest,
        "price_source": "unknown" if highest is None else "catalogue",
        "pricing": model.pricing,
        "not_included": [{"code": code, "message": text_for(code)} for code in _extras(pricing, is_edit)],
        **access,
        "images_left": left.images,
        "micros_left": left.micros,
        "would_be_accepted": not refusal,
        "refusal": refusal,
        "refusal_message": _refusal_message(refusal, access),
    }


def _extras(pricing: tuple[Price, ...], is_edit: bool) -> list[str]:
    """What a table of prices per picture leaves out."""
    units = {price.unit for price in pricing}
    extras = ["prompt_tokens_cost_extra"] if "mtok_in" in units else []
    if is_edit and units & {"mtok_in", "mtok_image_in"}:
        extras.append("reference_pictures_cost_extra")
    return extras


def _limits(order: ImageOrder, model: AIModel, key_source: str | None) -> Sequence[ScopeLimit]:
    if key_source is None:
        return ()
    provider = model.provider
    own = AdminProviderSettings.objects.filter(admin=order.admin, provider=provider).first()
    own = own or AdminProviderSettings(admin=order.admin, provider=provider)
    return limits_of(person_id=order.admin.pk, key_source=key_source, provider=provider, own=own)


def _refusal(
    order: ImageOrder,
    model: AIModel,
    access: dict[str, Any],
    limits: Sequence[ScopeLimit],
    n: int,
    highest: int | None,
) -> str:
    """The code that generating would answer now, "" if it would begin."""
    key_source = access["key_source"]
    if key_source is None:
        return "model_disabled" if access["state"] == ModelAccessState.DISABLED else "model_access_denied"
    if order.expected_key_source not in (None, key_source):
        return "key_source_changed"
    is_blocked = model.provider.unknown_price_policy == UnknownPricePolicy.BLOCK
    if highest is None and key_source == "shared" and is_blocked:
        return "price_unknown_blocked"
    reached = find_refusal(limits=limits, images=n, micros=highest)
    return refusal_of(reached).code if reached else ""


def _refusal_message(refusal: str, access: dict[str, Any]) -> str:
    if not refusal:
        return ""
    is_about_access = access["key_source"] is None
    return str(text_for(refusal, why=access["reason_message"]) if is_about_access else text_for(refusal))
