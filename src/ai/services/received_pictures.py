"""Pictures from a provider's result to where they are kept: checked by their bytes, stored or set aside."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from src.ai.providers.contract import CallResult, GeneratedImage, ImageResult
from src.ai.services.inbox import result_path, write_to_inbox, write_to_quarantine
from src.media.inspection import PictureFacts, UnacceptablePicture, inspect_picture
from src.media.services.originals import StoredOriginal, discard_original, sha256_of, store_original

log = structlog.get_logger("negareh.generation")
CODE_BY_PROBLEM = {
    "undecodable": "provider_broken_answer",
    "fetch_failed": "provider_broken_answer",
    "too_many": "provider_broken_answer",
    "truncated": "provider_broken_answer",
    "not_a_picture": "unsupported_image_type",
    "too_many_bytes": "unsupported_image_type",
    "too_many_pixels": "unsupported_image_type",
}


@dataclass(frozen=True, kw_only=True)
class KeptPicture:
    """An acceptable picture: `original` lies in the library's storage, or `inbox_path` in the inbox."""

    index: int
    call_index: int
    image: GeneratedImage = field(repr=False)
    facts: PictureFacts
    sha256: str
    original: StoredOriginal | None = None
    inbox_path: str = ""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A picture that did not come; `index` counts within the request, `facts` are the error's own. `charged` "": as
    its call is."""

    index: int
    call_index: int
    code: str
    reason: str
    charged: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Both in the order of their indices."""

    kept: tuple[KeptPicture, ...]
    failures: tuple[Failure, ...]

    def of_call(self, call: CallResult) -> list[KeptPicture]:
        return [picture for picture in self.kept if picture.call_index == call.call_index]


@dataclass(frozen=True)
class Places:
    """Where in the request each call's first picture is, by call index, and the first index beyond all."""

    firsts: Mapping[int, int]
    beyond: int


def keep_pictures(*, generation_id: UUID, result: ImageResult, places: Places, save_to_media: bool) -> Pictures:
    """Check and store every picture; one that is not acceptable costs only itself. Raises OSError, Unavailable; then
    nothing is left in the library."""
    kept: list[KeptPicture] = []
    failures: list[Failure] = []
    try:
        for index, call, image in _by_index(result, places):
            if image is None:
                failures.append(_missing(index, call))
                continue
            try:
                kept.append(_keep(generation_id, index, call, image, save_to_media=save_to_media))
            except UnacceptablePicture as exc:
                if image.content:
                    write_to_quarantine(generation_id, index, image.content)
                code = CODE_BY_PROBLEM[exc.reason]
                failures.append(Failure(index=index, call_index=call.call_index, code=code, reason=exc.reason))
    except BaseException:
        discard_pictures(pictures=Pictures(kept=tuple(kept), failures=()))
        raise
    return Pictures(kept=tuple(kept), failures=tuple(failures))


def discard_pictures(*, pictures: Pictures, booked: Collection[UUID] = ()) -> None:
    """Take back originals without a row; what the store does not take back is logged, and lies there unseen."""
    for picture in pictures.kept:
        if picture.original is None or picture.original.asset_id in booked:
            continue
        try:
            discard_original(picture.original)
        except OSError as exc:
            log.error("original_not_taken_back", file_name=picture.original.file_name, exc_info=exc)


def _by_index(result: ImageResult, places: Places) -> Iterator[tuple[int, CallResult, GeneratedImage | None]]:
    """Each picture with its index in the request, None where it did not come. Each call has as many indices as it was
    asked for; what it brought beyond them comes after all."""
    surplus: list[tuple[CallResult, GeneratedImage]] = []
    for call in result.calls:
        for place in range(call.asked):
            image = call.images[place] if place < len(call.images) else None
            yield places.firsts[call.call_index] + place, call, image
        surplus += [(call, image) for image in call.images[call.asked :]]
    for index, (call, image) in enumerate(surplus, start=places.beyond):
        yield index, call, image


def _missing(index: int, call: CallResult) -> Failure:
    place: dict[str, Any] = {"index": index, "call_index": call.call_index}
    if call.error is not None:
        facts = {name: value for name, value in call.error.facts.items() if name != "reason"}
        return Failure(**place, code=call.error.code, reason=call.error.reason, facts=facts)
    # Fewer pictures than asked are billed as what came; none at all, as what the answer says it cost.
    charged = "no" if call.images else ""
    return Failure(**place, code="no_image_returned", reason="fewer_returned", charged=charged)


def _keep(
    generation_id: UUID, index: int, call: CallResult, image: GeneratedImage, *, save_to_media: bool
) -> KeptPicture:
    if image.problem:
        raise UnacceptablePicture(image.problem)
    facts = inspect_picture(image.content)
    place: dict[str, Any] = {"index": index, "call_index": call.call_index, "image": image, "facts": facts}
    if save_to_media:
        original = store_original(content=image.content, facts=facts)
        return KeptPicture(**place, sha256=original.sha256, original=original)
    path = result_path(generation_id, index, facts.extension)
    write_to_inbox(path, image.content)
    return KeptPicture(**place, sha256=sha256_of(image.content), inbox_path=path)
