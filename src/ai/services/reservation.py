"""The first step of a generation: one short transaction that decides, holds the money and writes the rows."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from src.ai.costs import highest_cost_micros
from src.ai.models import (
    AdminProviderSettings,
    AIModel,
    AIProvider,
    Capability,
    GenerationStatus,
    ImageGeneration,
    ProviderCall,
    QueueGate,
    UnknownPricePolicy,
)
from src.ai.params import fit_to_spec
from src.ai.providers.contract import ImageParams
from src.ai.services.edit_inputs import EditInputs
from src.ai.services.image_order import ImageOrder
from src.ai.services.job_circuits import retry_moment
from src.ai.services.job_events import note_state
from src.ai.services.order_rules import (
    check_inputs,
    find_adapter,
    find_ordered_model,
    limits_of,
    request_of,
    require_access,
    spec_of,
)
from src.ai.services.stored_keys import connect
from src.ai.specs import read_pricing
from src.core.errors import PaymentRequired, TooManyRequests, Unavailable, Unprocessable
from src.media.models import Visibility
from src.media.services.assets import title_from_prompt
from src.usage.services import LimitReached, Movement, note_refusal, refusal_of, reserve

IDEMPOTENCY_LIFETIME = timedelta(hours=24)
QUEUE_FULL_RETRY_S = 5.0


class HeldBack(Exception):
    """A limit is reached; the transaction is rolled back."""

    def __init__(self, movement: Movement, reached: LimitReached):
        super().__init__(reached.kind)
        self.movement = movement
        self.reached = reached


@dataclass(frozen=True)
class Reserved:
    """`is_replay`: the generation was there already, made by an earlier order with the same idempotency key."""

    generation_id: UUID
    is_replay: bool = False


def reserve_generation(
    *, order: ImageOrder, inputs: EditInputs | None = None, generation_id: UUID | None = None
) -> Reserved:
    """Decide and hold, and put the job into the queue. `inputs` make it an edit.

    Raises InvalidFields, BadRequest, Forbidden, Conflict, PaymentRequired, TooManyRequests, Unavailable, Unprocessable;
    then nothing is left behind.
    """
    try:
        return _reserve(order, inputs, generation_id or uuid4())
    except HeldBack as exc:
        note_refusal(movement=exc.movement, reached=exc.reached)
        raise refusal_of(exc.reached) from exc
    except IntegrityError:
        # Another request with the same key was quicker.
        earlier = find_replayed(order=order)
        if earlier is None:
            raise
        return earlier


def find_replayed(*, order: ImageOrder) -> Reserved | None:
    """The generation of an earlier order with this key. Raises Unprocessable if that asked for something else."""
    if order.idempotency_key is None:
        return None
    row = ImageGeneration.objects.filter(admin=order.admin, idempotency_key=order.idempotency_key).first()
    if row is None:
        return None
    if row.created_at < timezone.now() - IDEMPOTENCY_LIFETIME and row.is_finished:
        ImageGeneration.objects.filter(pk=row.pk).update(idempotency_key=None)
        return None
    if row.request_fingerprint != order.fingerprint:
        raise Unprocessable("idempotency_mismatch")
    return Reserved(row.pk, is_replay=True)


@transaction.atomic
def _reserve(order: ImageOrder, inputs: EditInputs | None, generation_id: UUID) -> Reserved:
    if earlier := find_replayed(order=order):
        return earlier
    model = find_ordered_model(order, Capability.IMAGE_EDIT if inputs else Capability.IMAGE)
    provider, adapter = model.provider, find_adapter(model, is_edit=inputs is not None)
    key_source = require_access(order, model)
    asked = order.params
    spec = spec_of(model)
    fitted = fit_to_spec(asked, spec, speakable=adapter.parameters, max_seed=adapter.max_seed)
    if inputs is not None:
        check_inputs(inputs, spec, adapter)
    pricing = read_pricing(model.pricing)
    micros = highest_cost_micros(
        pricing, size=fitted.size, quality=fitted.quality, resolution=fitted.resolution, n=fitted.n
    )
    if micros is None and key_source == "shared" and provider.unknown_price_policy == UnknownPricePolicy.BLOCK:
        raise PaymentRequired("price_unknown_blocked")
    own, _created = AdminProviderSettings.objects.get_or_create(admin=order.admin, provider=provider)
    key_row = own if key_source == "personal" else provider
    connect(provider, key_row)  # Raises now for a key that cannot be opened.
    _require_closed_circuit(provider, key_row)
    _enter_queue()
    if earlier := find_replayed(order=order):
        # One with the same key was at the gate before.
        return earlier
    _require_room_in_queue()
    movement = Movement(generation_id, order.admin.pk, provider.slug, model.model_id, key_source)
    generation = _write_generation(order, model, movement, fitted, micros, inputs)
    _hold(movement, provider, own, images=fitted.n, micros=micros)
    parts = adapter.parts_of(request_of(model, fitted, inputs))
    ProviderCall.objects.bulk_create(
        ProviderCall(generation=generation, index=index, asked=part.n) for index, part in enumerate(parts)
    )
    note_state(generation)
    return Reserved(generation_id)


def _require_closed_circuit(provider: AIProvider, key_row: AIProvider | AdminProviderSettings) -> None:
    moment = retry_moment(provider_id=provider.pk, key_fingerprint=key_row.key_fingerprint)
    if moment is not None:
        wait_s = max(1.0, (moment - timezone.now()).total_seconds())
        raise Unavailable("provider_left_alone", retry_after_s=wait_s, facts={"charged": "no"})


def _enter_queue() -> None:
    """Hold the gate until commit, so that what is counted behind it stays so, however many race."""
    QueueGate.objects.bulk_create([QueueGate(name="jobs")], ignore_conflicts=True)
    QueueGate.objects.select_for_update().get(name="jobs")


def _require_room_in_queue() -> None:
    if ImageGeneration.objects.filter(status=GenerationStatus.QUEUED).count() >= settings.JOB_QUEUE_CAP:
        raise TooManyRequests("queue_full", retry_after_s=QUEUE_FULL_RETRY_S)


def _hold(
    movement: Movement, provider: AIProvider, own: AdminProviderSettings, *, images: int, micros: int | None
) -> None:
    limits = limits_of(person_id=movement.person_id, key_source=movement.key_source, provider=provider, own=own)
    try:
        reserve(movement=movement, limits=limits, images=images, micros=micros)
    except LimitReached as exc:
        raise HeldBack(movement, exc) from exc


def _write_generation(
    order: ImageOrder,
    model: AIModel,
    movement: Movement,
    fitted: ImageParams,
    micros: int | None,
    inputs: EditInputs | None,
) -> ImageGeneration:
    asked = order.params
    return ImageGeneration.objects.create(
        id=movement.generation_id,
        admin=order.admin,
        provider=model.provider,
        model=model,
        key_source=movement.key_source,
        prompt=asked.prompt,
        params_asked=asked.without_prompt(),
        params_sent=fitted.without_prompt(),
        inputs=inputs.describe() if inputs else {},
        n=fitted.n,
        visibility=order.visibility or Visibility.TEAM,
        save_to_media=order.save_to_media,
        title=order.title or title_from_prompt(asked.prompt),
        alt_text=order.alt_text,
        idempotency_key=order.idempotency_key,
        request_fingerprint=order.fingerprint if order.idempotency_key else "",
        retry_of=order.retry_of,
        reserved_micros=micros,
        price_snapshot=model.pricing,
    )
