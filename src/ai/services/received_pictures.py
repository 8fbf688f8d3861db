"""Pictures from a provider's result to where they are kept: checked by their bytes, stored or set aside."""

from dataclasses import dataclass, field
from uuid import UUID

from src.ai.providers.contract import GeneratedImage, ImageResult
from src.ai.services.inbox import result_path, write_to_inbox, write_to_quarantine
from src.media.inspection import PictureFacts, UnacceptablePicture, inspect_picture
from src.media.services.originals import StoredOriginal, sha256_of, store_original

CODE_BY_PROBLEM = {
    "undecodable": "provider_broken_answer",
    "fetch_failed": "provider_broken_answer",
    "truncated": "provider_broken_answer",
    "not_a_picture": "unsupported_image_type",
    "too_many_bytes": "unsupported_image_type",
    "too_many_pixels": "unsupported_image_type",
}


@dataclass(frozen=True, kw_only=True)
class KeptPicture:
    """An acceptable picture: `original` lies in the library's storage, or `inbox_path` in the inbox."""

    index: int
    image: GeneratedImage = field(repr=False)
    facts: PictureFacts
    sha256: str
    original: StoredOriginal | None = None
    inbox_path: str = ""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A picture that did not come; `index` counts within the request."""

    index: int
    code: str
    reason: str
    charged: str


@dataclass(frozen=True, kw_only=True)
class Pictures:
    kept: tuple[KeptPicture, ...]
    failures: tuple[Failure, ...]


def keep_pictures(*, generation_id: UUID, result: ImageResult, requested: int, save_to_media: bool) -> Pictures:
    """Check and store every picture; one that is not acceptable costs only itself. Raises OSError."""
    kept: list[KeptPicture] = []
    failures: list[Failure] = []
    for index, image in enumerate(result.images):
        try:
            kept.append(_keep(generation_id, index, image, save_to_media=save_to_media))
        except UnacceptablePicture as exc:
            if image.content:
                write_to_quarantine(generation_id, index, image.content)
            code = CODE_BY_PROBLEM[exc.reason]
            charged = "no" if result.cost_micros == 0 else "yes"
            failures.append(Failure(index=index, code=code, reason=exc.reason, charged=charged))
    # Fewer pictures than asked are billed as what came; none at all, as what the answer says it cost.
    charged = "no" if result.images else "yes"
    for index in range(len(result.images), requested):
        failures.append(Failure(index=index, code="no_image_returned", reason="fewer_returned", charged=charged))
    return Pictures(kept=tuple(kept), failures=tuple(failures))


def _keep(generation_id: UUID, index: int, image: GeneratedImage, *, save_to_media: bool) -> KeptPicture:
    if image.problem:
        raise UnacceptablePicture(image.problem)
    facts = inspect_picture(image.content)
    if save_to_media:
        original = store_original(content=image.content, facts=facts)
        return KeptPicture(index=index, image=image, facts=facts, sha256=original.sha256, original=original)
    path = result_path(generation_id, index, facts.extension)
    write_to_inbox(path, image.content)
    return KeptPicture(index=index, image=image, facts=facts, sha256=sha256_of(image.content), inbox_path=path)
