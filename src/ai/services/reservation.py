"""The first step of a generation: one short transaction that decides, holds the money and writes the row."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from src.ai.access import Explanation, ModelAccessState
from src.ai.costs import highest_cost_micros
from src.ai.models import (
    AdminProviderSettings,
    AIModel,
    AIProvider,
    Capability,
    GenerationStatus,
    ImageGeneration,
    ProviderCall,
    UnknownPricePolicy,
)
from src.ai.params import fit_to_spec
from src.ai.providers import get_adapter
from src.ai.providers.base import Adapter
from src.ai.providers.contract import ImageEditRequest, ImageParams, ImageRequest, Preview, ProviderConnection
from src.ai.services.edit_inputs import EditInputs
from src.ai.services.stored_keys import connect
from src.ai.specs import ImageSpec, Price, read_image_spec, read_pricing
from src.core.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidFields,
    PaymentRequired,
    TooManyRequests,
)
from src.core.messages import text_for
from src.media.models import Visibility
from src.media.services.assets import title_from_prompt
from src.usage.services import LimitReached, Movement, Scope, ScopeLimit, reserve

OnPreview = Callable[[Preview], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class ImageOrder:
    """What a person asks for. `model_id` is the row's number, `model` is "provider/model"; one of them is set.

    `visibility` None is for edits: private where a picture to start from is, else team. `on_preview` is awaited with
    each partial picture, where `params.partial_images` asks for some.
    """

    admin: Any
    params: ImageParams
    model_id: int | None = None
    model: str | None = None
    save_to_media: bool = True
    title: str = ""
    alt_text: str = ""
    visibility: str | None = Visibility.TEAM
    expected_key_source: str | None = None
    on_preview: OnPreview | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """All that the later steps need, so that they need not read it again."""

    generation_id: UUID
    adapter: Adapter
    connection: ProviderConnection
    request: ImageRequest
    movement: Movement
    provider: AIProvider
    model: AIModel
    own: AdminProviderSettings
    pricing: tuple[Price, ...] = field(repr=False)
    reserved_micros: int | None

    @property
    def key_row(self) -> AIProvider | AdminProviderSettings:
        return self.own if self.movement.key_source == "personal" else self.provider


@transaction.atomic
def reserve_generation(*, order: ImageOrder, inputs: EditInputs | None = None) -> Ticket:
    """Decide and hold. `inputs` make it an edit.

    Raises InvalidFields, BadRequest, Forbidden, Conflict, PaymentRequired, TooManyRequests; then nothing is left
    behind.
    """
    model = find_ordered_model(order, Capability.IMAGE_EDIT if inputs else Capability.IMAGE)
    provider, adapter = model.provider, find_adapter(model, is_edit=inputs is not None)
    key_source = _require_access(order, model)
    asked = order.params
    spec = spec_of(model)
    fitted = fit_to_spec(asked, spec, speakable=adapter.parameters, max_seed=adapter.max_seed)
    if inputs is not None:
        _check_inputs(inputs, spec, adapter)
    pricing = read_pricing(model.pricing)
    micros = highest_cost_micros(
        pricing, size=fitted.size, quality=fitted.quality, resolution=fitted.resolution, n=fitted.n
    )
    if micros is None and key_source == "shared" and provider.unknown_price_policy == UnknownPricePolicy.BLOCK:
        raise PaymentRequired("price_unknown_blocked")
    own, _created = AdminProviderSettings.objects.get_or_create(admin=order.admin, provider=provider)
    movement = Movement(uuid4(), order.admin.pk, provider.slug, model.model_id, key_source)
    _hold(movement, provider, own, images=fitted.n, micros=micros)
    ticket = Ticket(
        generation_id=movement.generation_id,
        adapter=adapter,
        connection=connect(provider, own if key_source == "personal" else provider),
        request=_request_of(model, fitted, inputs),
        movement=movement,
        provider=provider,
        model=model,
        own=own,
        pricing=pricing,
        reserved_micros=micros,
    )
    _write_rows(order, ticket, asked, fitted, micros, inputs)
    return ticket


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


def _check_inputs(inputs: EditInputs, spec: ImageSpec, adapter: Adapter) -> None:
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


def _request_of(model: AIModel, fitted: ImageParams, inputs: EditInputs | None) -> ImageRequest:
    params = {"model_id": model.model_id, **asdict(fitted)}
    if inputs is None:
        return ImageRequest(**params)
    references = tuple(each.picture for each in inputs.references)
    return ImageEditRequest(**params, references=references, mask=inputs.mask.picture if inputs.mask else None)


def _require_access(order: ImageOrder, model: AIModel) -> str:
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


def _hold(
    movement: Movement, provider: AIProvider, own: AdminProviderSettings, *, images: int, micros: int | None
) -> None:
    limits = limits_of(person_id=movement.person_id, key_source=movement.key_source, provider=provider, own=own)
    try:
        reserve(movement=movement, limits=limits, images=images, micros=micros)
    except LimitReached as exc:
        if exc.kind == "images":
            raise TooManyRequests("monthly_limit_reached") from exc
        raise PaymentRequired("budget_exceeded", facts={"scope": exc.scope.kind}) from exc


def limits_of(
    *, person_id: int, key_source: str, provider: AIProvider, own: AdminProviderSettings
) -> tuple[ScopeLimit, ...]:
    """The scopes that a generation counts in. Limits bind the shared key; a personal key is only counted."""
    person = f"{person_id}:{provider.pk}"
    if key_source == "personal":
        return (ScopeLimit(Scope("own_key", person)),)
    return (
        ScopeLimit(Scope("provider", str(provider.pk)), max_micros=provider.monthly_budget_micros),
        ScopeLimit(
            Scope("person_provider", person),
            max_images=own.monthly_limit,
            max_micros=own.monthly_budget_micros,
        ),
    )


def _write_rows(
    order: ImageOrder,
    ticket: Ticket,
    asked: ImageParams,
    fitted: ImageParams,
    micros: int | None,
    inputs: EditInputs | None,
) -> None:
    generation = ImageGeneration.objects.create(
        id=ticket.generation_id,
        admin=order.admin,
        provider=ticket.provider,
        model=ticket.model,
        key_source=ticket.movement.key_source,
        prompt=asked.prompt,
        params_asked=asked.without_prompt(),
        params_sent=fitted.without_prompt(),
        inputs=inputs.describe() if inputs else {},
        n=fitted.n,
        visibility=order.visibility or Visibility.TEAM,
        save_to_media=order.save_to_media,
        title=order.title or title_from_prompt(asked.prompt),
        alt_text=order.alt_text,
        status=GenerationStatus.RUNNING,
        reserved_micros=micros,
        price_snapshot=ticket.model.pricing,
        started_at=timezone.now(),
    )
    ProviderCall.objects.create(generation=generation)
