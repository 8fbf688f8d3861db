"""The child processes in which pictures are decoded."""

from django.conf import settings

from src.core.child_processes import ChildProcesses, Crashed, OutOfMemory, TookTooLong
from src.core.errors import FieldError
from src.media.decoding import MAX_FRAMES
from src.media.inspection import MAX_PICTURE_BYTES, MAX_PIXELS, UnacceptablePicture

PROCESSES = ChildProcesses(
    processes=settings.PICTURE_PROCESSES,
    timeout_s=settings.PICTURE_TIMEOUT_S,
    memory_bytes=settings.PICTURE_MEMORY_BYTES,
)
BLAMED = (UnacceptablePicture, TookTooLong, OutOfMemory, Crashed)
"""Failures for which the picture itself is the reason."""

LIMITS = {
    "too_many_bytes": {"limit": MAX_PICTURE_BYTES},
    "too_many_pixels": {"limit": MAX_PIXELS},
    "too_many_frames": {"limit": MAX_FRAMES},
}


def problem_of(failure: Exception) -> FieldError:
    """What is wrong with the picture; `failure` is one of BLAMED."""
    if isinstance(failure, UnacceptablePicture):
        return FieldError(failure.reason, LIMITS.get(failure.reason, {}))
    if isinstance(failure, TookTooLong):
        return FieldError("decoding_took_too_long")
    return FieldError("needs_too_much_memory" if isinstance(failure, OutOfMemory) else "not_decodable")
