"""The pictures that an edit starts from: uploads, or pictures of the library that the person sees."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from src.ai.providers.contract import ReferenceImage
from src.core import db
from src.core.errors import FieldError, InvalidFields
from src.media.inspection import UnacceptablePicture, has_transparency, inspect_picture
from src.media.models import MediaAsset, Visibility
from src.media.services.originals import open_original, sha256_of
from src.media.services.picture_processes import problem_of

MAX_REFERENCES = 16
REFERENCES_BYTES = 50 * 1024 * 1024
"""All reference pictures of one edit together."""
MASK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class EditSources:
    """What was sent: pictures of the library by id, then uploads as bytes; a mask is one or the other."""

    asset_ids: tuple[UUID, ...] = ()
    uploads: tuple[bytes, ...] = field(default=(), repr=False)
    mask_asset_id: UUID | None = None
    mask_upload: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class EditPicture:
    """A picture that goes in, and where it is from; `asset_id` None: an upload that the library does not have."""

    picture: ReferenceImage
    sha256: str
    asset_id: UUID | None = None
    is_private: bool = False

    def describe(self) -> dict[str, Any]:
        """For the generation's row and its record."""
        return {
            "asset_id": self.asset_id and str(self.asset_id),
            "sha256": self.sha256,
            "mime_type": self.picture.mime_type,
            "width": self.picture.width,
            "height": self.picture.height,
        }


@dataclass(frozen=True, kw_only=True)
class EditInputs:
    references: tuple[EditPicture, ...]
    mask: EditPicture | None = None

    @property
    def reference_bytes(self) -> int:
        return sum(len(each.picture.content) for each in self.references)

    @property
    def hold_private(self) -> bool:
        return any(each.is_private for each in _all_of(self))

    def describe(self) -> dict[str, Any]:
        return {
            "references": [each.describe() for each in self.references],
            "mask": self.mask.describe() if self.mask else None,
        }


async def load_inputs(*, sources: EditSources, user: Any) -> EditInputs:
    """Read and check every picture. Raises InvalidFields naming the field, Unavailable(storage_unavailable)."""
    count = len(sources.asset_ids) + len(sources.uploads)
    if not 1 <= count <= MAX_REFERENCES:
        code, params = ("too_many_references", {"limit": MAX_REFERENCES}) if count else ("required", {})
        raise InvalidFields.one("references", code, **params)
    assets = await db.run(_find_assets, sources=sources, user=user)
    inputs = await db.run_with_files(_read_all, sources=sources, assets=assets)
    return await db.run(_name_known_uploads, inputs=inputs, user=user)


def _find_assets(*, sources: EditSources, user: Any) -> dict[UUID, MediaAsset]:
    """Raises InvalidFields(unknown_asset) for a picture that is not there or not theirs to see; the two look alike."""
    wanted = {"reference_assets": sources.asset_ids, "mask_asset": (sources.mask_asset_id,)}
    ids = {asset_id for asked in wanted.values() for asset_id in asked if asset_id}
    found = MediaAsset.objects.visible_to(user).in_bulk(ids)
    missing = {
        name: [FieldError("unknown_asset")] for name, asked in wanted.items() if set(asked) - {None} - set(found)
    }
    if missing:
        raise InvalidFields(missing)
    return found


def _read_all(*, sources: EditSources, assets: dict[UUID, MediaAsset]) -> EditInputs:
    if sum(assets[asset_id].size_bytes for asset_id in sources.asset_ids) > REFERENCES_BYTES:
        # Before they are read; what a service takes of all together is asked later.
        raise InvalidFields.one("reference_assets", "references_too_large", limit=REFERENCES_BYTES)
    references = [
        *(_read_asset("reference_assets", assets[asset_id]) for asset_id in sources.asset_ids),
        *(_inspect("references", content) for content in sources.uploads),
    ]
    mask = None
    if sources.mask_asset_id is not None:
        mask = _checked_mask("mask_asset", _read_asset("mask_asset", assets[sources.mask_asset_id]), references[0])
    elif sources.mask_upload is not None:
        mask = _checked_mask("mask", _inspect("mask", sources.mask_upload), references[0])
    return EditInputs(references=tuple(references), mask=mask)


def _read_asset(name: str, asset: MediaAsset) -> EditPicture:
    with open_original(asset) as file:
        return replace(
            _inspect(name, file.read()), asset_id=asset.pk, is_private=asset.visibility == Visibility.PRIVATE
        )


def _inspect(name: str, content: bytes) -> EditPicture:
    try:
        facts = inspect_picture(content)
    except UnacceptablePicture as exc:
        problem = problem_of(exc)
        raise InvalidFields.one(name, problem.code, **problem.params) from exc
    picture = ReferenceImage(content=content, mime_type=facts.mime_type, width=facts.width, height=facts.height)
    return EditPicture(picture=picture, sha256=sha256_of(content))


def _checked_mask(name: str, mask: EditPicture, first: EditPicture) -> EditPicture:
    """Source of the limits: openai-python 3.54.0, types/image_edit_params.py, `mask`."""
    if mask.picture.mime_type != "image/png":
        raise InvalidFields.one(name, "mask_not_png")
    if len(mask.picture.content) > MASK_BYTES:
        raise InvalidFields.one(name, "mask_too_large", limit=MASK_BYTES)
    if (mask.picture.width, mask.picture.height) != (first.picture.width, first.picture.height):
        raise InvalidFields.one(name, "mask_size_differs", size=f"{first.picture.width}x{first.picture.height}")
    if not has_transparency(mask.picture.content):
        raise InvalidFields.one(name, "mask_not_transparent")
    return mask


def _name_known_uploads(*, inputs: EditInputs, user: Any) -> EditInputs:
    """An upload that is in the library, too, is that picture."""
    unnamed = {each.sha256 for each in _all_of(inputs) if each.asset_id is None}
    rows = MediaAsset.objects.visible_to(user).filter(sha256__in=unnamed).order_by("-created_at", "-pk")
    known = {row.sha256: row for row in rows.only("pk", "sha256", "visibility")} if unnamed else {}

    def named(each: EditPicture) -> EditPicture:
        asset = known.get(each.sha256) if each.asset_id is None else None
        if asset is None:
            return each
        return replace(each, asset_id=asset.pk, is_private=asset.visibility == Visibility.PRIVATE)

    return EditInputs(
        references=tuple(named(each) for each in inputs.references), mask=inputs.mask and named(inputs.mask)
    )


def _all_of(inputs: EditInputs) -> Iterable[EditPicture]:
    return [*inputs.references, *([inputs.mask] if inputs.mask else [])]
