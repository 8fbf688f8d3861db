"""All that running a claimed job needs, read once from its row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max

from src.ai.access import ModelAccessState
from src.ai.models import (
    AdminProviderSettings,
    AIModel,
    AIProvider,
    ImageGeneration,
    ProviderCall,
    ProviderCallStatus,
)
from src.ai.providers import get_adapter
from src.ai.providers.base import Adapter
from src.ai.providers.contract import (
    ImageEditRequest,
    ImageParams,
    ImageRequest,
    ProviderConnection,
    ReferenceImage,
)
from src.ai.services.inbox import input_path, read_from_inbox
from src.ai.services.order_rules import describe_refusal
from src.ai.services.stored_keys import base_url_of, connect
from src.ai.specs import Price, read_pricing
from src.core.errors import AppError, BadRequest, Conflict, Forbidden, Misconfigured
from src.core.messages import text_for
from src.media.inspection import EXTENSION_BY_MIME
from src.usage.services import Movement


@dataclass(frozen=True)
class Claim:
    """The right to run a job, until the lease passes on: every write names the fence."""

    generation_id: UUID
    fence: int


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """`request` is without the pictures of an edit, which `load_pictures` adds. `calls` are the last attempts at each
    part, in their order."""

    claim: Claim
    adapter: Adapter
    connection: ProviderConnection
    request: ImageRequest
    movement: Movement
    provider: AIProvider
    model: AIModel
    own: AdminProviderSettings
    pricing: tuple[Price, ...] = field(repr=False)
    reserved_micros: int | None
    save_to_media: bool
    inputs: dict[str, Any]
    calls: Sequence[ProviderCall]
    next_index: int
    """The first that no picture has yet."""
    refusal: AppError | None
    """Why what was not sent yet may not be sent any more; what was sent is brought to its end all the same."""

    @property
    def generation_id(self) -> UUID:
        return self.claim.generation_id

    @property
    def key_row(self) -> AIProvider | AdminProviderSettings:
        return self.own if self.movement.key_source == "personal" else self.provider


def open_ticket(*, claim: Claim) -> Ticket:
    """Raises AppError for a job of which nothing was sent, and which its person may no longer send; LookupError for one
    that only another version of this code can bring to its end."""
    generation = ImageGeneration.objects.select_related("admin", "provider", "model__provider").get(
        pk=claim.generation_id
    )
    provider, model = generation.provider, generation.model
    own, _created = AdminProviderSettings.objects.get_or_create(admin=generation.admin, provider=provider)
    calls = latest_calls(generation)
    adapter = get_adapter(provider.adapter)
    is_untouched = all(call.status == ProviderCallStatus.PREPARED for call in calls)
    if adapter is None:
        if is_untouched:
            raise BadRequest("adapter_missing")
        raise LookupError("the adapter of a job that was sent is missing")
    refusal = None
    if any(call.status == ProviderCallStatus.PREPARED for call in calls):
        refusal = _refusal_of(generation)
    if refusal is not None and is_untouched:
        raise refusal
    key_row = own if generation.key_source == "personal" else provider
    params = ImageParams(prompt=generation.prompt, **generation.params_sent)
    return Ticket(
        claim=claim,
        adapter=adapter,
        connection=_connect(provider, key_row, must_open=is_untouched),
        request=ImageRequest(model_id=model.model_id, **vars(params)),
        movement=Movement(generation.pk, generation.admin_id, provider.slug, model.model_id, generation.key_source),
        provider=provider,
        model=model,
        own=own,
        pricing=read_pricing(generation.price_snapshot),
        reserved_micros=generation.reserved_micros,
        save_to_media=generation.save_to_media,
        inputs=generation.inputs,
        calls=calls,
        next_index=(generation.outputs.aggregate(last=Max("index"))["last"] or 0) + 1,
        refusal=refusal,
    )


def latest_calls(generation: ImageGeneration) -> list[ProviderCall]:
    by_index = {call.index: call for call in generation.calls.order_by("index", "attempt")}
    return list(by_index.values())


def _refusal_of(generation: ImageGeneration) -> AppError | None:
    """The job has waited: whoever may not send it now does not."""
    found = ModelAccessState.explain(generation.provider, generation.model, generation.admin)
    key_source = found.state.key_source
    if key_source is None:
        code = "model_disabled" if found.state == ModelAccessState.DISABLED else "model_access_denied"
        return Forbidden(code, facts=describe_refusal(found), why=text_for(found.reason, **found.params))
    if key_source != generation.key_source:
        return Conflict("key_source_changed", facts={"key_source": key_source})
    return None


def _connect(
    provider: AIProvider, key_row: AIProvider | AdminProviderSettings, *, must_open: bool
) -> ProviderConnection:
    """What was sent already is brought to its end also where the key is gone: stored answers need none."""
    try:
        return connect(provider, key_row)
    except (AppError, Misconfigured):
        if must_open:
            raise
        return ProviderConnection(
            base_url=base_url_of(provider),
            config=dict(provider.config),
            allow_private=provider.allow_private_address,
            timeout_s=settings.PROVIDER_TIMEOUT_S,
        )


def load_pictures(ticket: Ticket) -> ImageRequest:
    """The request with an edit's pictures from the inbox; reads files. Raises Conflict(inputs_gone)."""
    references = ticket.inputs.get("references", [])
    if not references:
        return ticket.request
    pictures = [_picture(ticket.generation_id, index, each) for index, each in enumerate(references)]
    mask = ticket.inputs.get("mask")
    return ImageEditRequest(
        **vars(ticket.request),
        references=tuple(pictures),
        mask=_picture(ticket.generation_id, len(references), mask) if mask else None,
    )


def _picture(generation_id: UUID, index: int, described: dict[str, Any]) -> ReferenceImage:
    content = read_from_inbox(input_path(generation_id, index, EXTENSION_BY_MIME[described["mime_type"]]))
    if content is None:
        raise Conflict("inputs_gone")
    return ReferenceImage(
        content=content,
        mime_type=described["mime_type"],
        width=described["width"],
        height=described["height"],
    )
