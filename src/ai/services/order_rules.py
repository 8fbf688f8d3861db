"""What an order may ask for: the model and its adapter, the pictures to start from, access; and which limits count."""

from dataclasses import asdict

from src.ai.access import Explanation, ModelAccessState
from src.ai.models import AdminProviderSettings, AIModel, AIProvider, Capability
from src.ai.providers import get_adapter
from src.ai.providers.base import Adapter
from src.ai.providers.contract import ImageEditRequest, ImageParams, ImageRequest
from src.ai.services.edit_inputs import EditInputs
from src.ai.services.image_order import ImageOrder
from src.ai.specs import ImageSpec, read_image_spec
from src.core.errors import BadRequest, Conflict, Forbidden, InvalidFields
from src.core.messages import text_for
from src.usage.scopes import OWN_KEY, PERSON_PROVIDER, PROVIDER, Scope, ScopeLimit
from src.usage.services import standing_limits


def spec_of(model: AIModel) -> ImageSpec:
    """A model without a spec takes a prompt and nothing else."""
    return read_image_spec(model.image_spec) if model.image_spec else ImageSpec()


def find_ordered_model(order: ImageOrder, capability: Capability) -> AIModel:
    """Raises InvalidFields(unknown_model), BadRequest(model_no_image_capability, model_no_edit_capability)."""
    name = "model_id" if order.model is None else "model"
    rows = AIModel.objects.select_related("provider")
    if order.model is None:
        rows = rows.filter(pk=order.model_id or 0)
    else:
        slug, _slash, model_id = order.model.partition("/")
        rows = rows.filter(provider__slug=slug, model_id=model_id)
    model = rows.first()
    if model is None:
        raise InvalidFields.one(name, "unknown_model")
    if not model.can(capability):
        is_edit = capability == Capability.IMAGE_EDIT
        raise BadRequest("model_no_edit_capability" if is_edit else "model_no_image_capability")
    return model


def find_adapter(model: AIModel, *, is_edit: bool) -> Adapter:
    """Raises BadRequest(adapter_missing, model_no_edit_capability)."""
    adapter = get_adapter(model.provider.adapter)
    if adapter is None or not adapter.makes_images:
        raise BadRequest("adapter_missing")
    if is_edit and not adapter.edits_images:
        raise BadRequest("model_no_edit_capability")
    return adapter


def check_inputs(inputs: EditInputs, spec: ImageSpec, adapter: Adapter) -> None:
    check_reference_count(len(inputs.references), spec, adapter)
    if inputs.reference_bytes > adapter.reference_bytes:
        raise InvalidFields.one("references", "references_too_large", limit=adapter.reference_bytes)
    if inputs.mask is not None and not (spec.mask and adapter.takes_mask):
        raise InvalidFields.one("mask", "unsupported_parameter")


def check_reference_count(count: int, spec: ImageSpec, adapter: Adapter) -> None:
    """Raises InvalidFields(too_many_references)."""
    limits = (spec.max_reference_images, adapter.max_references)
    limit = min(limit for limit in limits if limit is not None)
    if count > limit:
        raise InvalidFields.one("references", "too_many_references", limit=limit)


def request_of(model: AIModel, fitted: ImageParams, inputs: EditInputs | None) -> ImageRequest:
    params = {"model_id": model.model_id, **asdict(fitted)}
    if inputs is None:
        return ImageRequest(**params)
    references = tuple(each.picture for each in inputs.references)
    return ImageEditRequest(**params, references=references, mask=inputs.mask.picture if inputs.mask else None)


def require_access(order: ImageOrder, model: AIModel) -> str:
    """The key source: `shared` or `personal`."""
    found = ModelAccessState.explain(model.provider, model, order.admin)
    key_source = found.state.key_source
    if key_source is None:
        code = "model_disabled" if found.state == ModelAccessState.DISABLED else "model_access_denied"
        raise Forbidden(code, facts=describe_refusal(found), why=text_for(found.reason, **found.params))
    if order.expected_key_source not in (None, key_source):
        raise Conflict("key_source_changed", facts={"key_source": key_source})
    return key_source


def describe_refusal(found: Explanation) -> dict[str, str]:
    """Reason and remedy, as codes and in words."""
    facts = {"state": str(found.state), "reason": found.reason, "remedy": found.remedy, **found.params}
    if found.remedy:
        facts["remedy_message"] = text_for(found.remedy, **found.params)
    return facts


def limits_of(
    *, person_id: int, key_source: str, provider: AIProvider, own: AdminProviderSettings
) -> tuple[ScopeLimit, ...]:
    """The scopes that a generation counts in. Limits bind the shared key; a personal key is only counted."""
    person = f"{person_id}:{provider.pk}"
    if key_source == "personal":
        return (ScopeLimit(Scope(OWN_KEY, person)),)
    return (
        ScopeLimit(Scope(PROVIDER, str(provider.pk)), max_micros=provider.monthly_budget_micros),
        ScopeLimit(
            Scope(PERSON_PROVIDER, person),
            max_images=own.monthly_limit,
            max_micros=own.monthly_budget_micros,
        ),
        *standing_limits(person_id=person_id),
    )
