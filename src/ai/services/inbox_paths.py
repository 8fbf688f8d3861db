"""Where in the inbox what lies: a folder per generation, and the same once more under `quarantine/`."""

import re
from uuid import UUID

QUARANTINE = "quarantine"
FOLDER = re.compile(rf"(?:{QUARANTINE}/)?[0-9a-f]{{2}}/[0-9a-f]{{32}}")


def call_path(generation_id: UUID, call_index: int, attempt: int = 1) -> str:
    """The answer to a paid call; each attempt at it has one of its own."""
    return f"{_folder(generation_id)}/call-{call_index}{f'.{attempt}' if attempt > 1 else ''}.body"


def result_path(generation_id: UUID, index: int, extension: str) -> str:
    """A picture that is not saved."""
    return f"{_folder(generation_id)}/result-{index}.{extension}"


def input_path(generation_id: UUID, index: int, extension: str) -> str:
    """A picture that an edit starts from."""
    return f"{_folder(generation_id)}/input-{index}.{extension}"


def preview_path(generation_id: UUID, image_index: int, preview_index: int, extension: str) -> str:
    return f"{_folder(generation_id)}/preview-{image_index}-{preview_index}.{extension}"


def fetched_path(generation_id: UUID, index: int) -> str:
    """A picture that was fetched by its link, so that no stored answer holds its bytes."""
    return f"{_folder(generation_id)}/picture-{index}.bin"


def quarantine_path(path: str) -> str:
    return f"{QUARANTINE}/{path}"


def generation_of(folder: str) -> UUID:
    return UUID(folder.rpartition("/")[2])


def _folder(generation_id: UUID) -> str:
    return f"{generation_id.hex[:2]}/{generation_id.hex}"
