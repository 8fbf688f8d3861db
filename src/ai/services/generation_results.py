"""A generation's record and its unsaved pictures, for their owner."""

from dataclasses import replace
from typing import Any, BinaryIO
from uuid import UUID

from django.db import transaction

from src.ai.models import GenerationOutput, ImageGeneration
from src.ai.services.generation_outputs import asset_details, note_parents
from src.ai.services.inbox import open_in_inbox, read_from_inbox, remove_from_inbox
from src.core.errors import Conflict, NotFound, Unavailable
from src.media.inspection import inspect_picture
from src.media.services.assets import create_asset
from src.media.services.originals import StoredOriginal, discard_original, store_original


def find_own_generation(*, generation_id: UUID, admin: Any) -> ImageGeneration:
    """Raises NotFound, also for somebody else's."""
    generation = (
        ImageGeneration.objects.select_related("provider", "model").filter(pk=generation_id, admin=admin).first()
    )
    if generation is None:
        raise NotFound
    return generation


def open_unsaved_result(*, generation_id: UUID, index: int, admin: Any) -> tuple[GenerationOutput, BinaryIO]:
    """The picture in the inbox, to be closed by the caller. Raises NotFound(result_gone) once swept or saved."""
    generation = find_own_generation(generation_id=generation_id, admin=admin)
    output = generation.outputs.filter(index=index).first()
    if output is None:
        raise NotFound
    if not output.inbox_path:
        raise NotFound("result_gone")
    try:
        return output, open_in_inbox(output.inbox_path)
    except FileNotFoundError as exc:
        raise NotFound("result_gone") from exc
    except OSError as exc:
        raise Unavailable("storage_unavailable") from exc


def save_results(
    *, generation_id: UUID, admin: Any, index: int | None = None, changes: dict[str, Any] | None = None
) -> ImageGeneration:
    """Put the unsaved pictures (or the one at `index`) into the library; `changes` may hold title, alt_text,
    visibility. Raises NotFound, Conflict(nothing_to_save)."""
    generation = find_own_generation(generation_id=generation_id, admin=admin)
    outputs = generation.outputs.exclude(inbox_path="")
    if index is not None:
        outputs = outputs.filter(index=index)
    saved = [output for output in outputs if _save_output(generation, output, changes or {})]
    if not saved:
        raise Conflict("nothing_to_save")
    return generation


def _save_output(generation: ImageGeneration, output: GenerationOutput, changes: dict[str, Any]) -> bool:
    """False if it is gone, or was saved by somebody quicker."""
    content = read_from_inbox(output.inbox_path)
    if content is None:
        return False
    original = store_original(content=content, facts=inspect_picture(content))
    if not _move_to_library(generation, output, original, changes):
        discard_original(original)
        return False
    remove_from_inbox(output.inbox_path)
    return True


@transaction.atomic
def _move_to_library(
    generation: ImageGeneration, output: GenerationOutput, original: StoredOriginal, changes: dict[str, Any]
) -> bool:
    row = GenerationOutput.objects.select_for_update().get(pk=output.pk)
    if row.asset_id is not None:
        return False
    details = asset_details(generation, generation.provider, generation.model, row)
    row.asset = create_asset(original=original, details=replace(details, **changes))
    note_parents(row.asset, generation)
    row.inbox_path = ""
    row.save(update_fields=["asset", "inbox_path"])
    return True
