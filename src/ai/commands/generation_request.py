"""What is asked for on the command line: the options, and the order and pictures to start from that they make."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from rest_framework.exceptions import ValidationError

from src.accounts.models import User
from src.ai.commands.generation_outcome import REFUSED, describe_error
from src.ai.serializers.image_generation_serializer import (
    PARAM_FIELDS,
    QUALITIES,
    AIImageEditRequestSerializer,
    AIImageGenerationRequestSerializer,
)
from src.ai.services.edit_inputs import MASK_BYTES, REFERENCES_BYTES, EditSources
from src.ai.services.image_order import ImageOrder
from src.core.errors import AppError, InvalidFields
from src.core.messages import text_for
from src.media.models import Visibility

SENT_AS_THEY_ARE = (*PARAM_FIELDS, "title", "alt_text", "visibility")


def add_request_options(parser: CommandParser) -> None:
    parser.add_argument("prompt")
    parser.add_argument("--model", required=True, help='"provider/model", or the number of a model.')
    parser.add_argument("--as", dest="username", help="Whose limits count and who owns the pictures.")
    parser.add_argument("--no-save", action="store_true", help="Do not put the pictures in the library.")
    parser.add_argument("--n", type=int, default=1)
    parser.add_argument("--size", help="WIDTHxHEIGHT, of models that take pixels.")
    parser.add_argument("--aspect-ratio", help='Such as "16:9", of models that take no pixels.')
    parser.add_argument("--resolution", help='Such as "2K", of models that take no pixels.')
    parser.add_argument("--quality", choices=QUALITIES)
    parser.add_argument("--style")
    parser.add_argument("--background", choices=("auto", "transparent", "opaque"))
    parser.add_argument("--output-format", choices=("png", "jpeg", "webp"))
    parser.add_argument("--output-compression", type=int, help="0 to 100, with the format jpeg or webp.")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--negative-prompt", help="What the picture should not show.")
    parser.add_argument("--title")
    parser.add_argument("--alt-text")
    parser.add_argument("--visibility", choices=Visibility.values)
    edit = parser.add_argument_group("to make a picture from others")
    edit.add_argument(
        "--reference", action="append", type=Path, metavar="FILE", default=[], help="A picture; may be repeated."
    )
    edit.add_argument(
        "--reference-asset",
        action="append",
        type=UUID,
        metavar="ID",
        default=[],
        help="A picture of the library; may be repeated. These come before files.",
    )
    edit.add_argument(
        "--mask",
        type=Path,
        metavar="FILE",
        help="A PNG as large as the first picture, transparent where the picture may change.",
    )


def read_order(options: dict[str, Any]) -> ImageOrder:
    """By the API's own serializer, so that both refuse the same. Raises CommandError."""
    sent = {name: options[name] for name in SENT_AS_THEY_ARE if options[name] is not None}
    model = options["model"]
    sent |= {"model_id": int(model)} if model.isascii() and model.isdigit() else {"model": model}
    kind = AIImageEditRequestSerializer if _is_edit(options) else AIImageGenerationRequestSerializer
    serializer = kind(data={**sent, "save_to_media": not options["no_save"]})
    try:
        serializer.is_valid(raise_exception=True)
    except AppError as exc:
        raise CommandError(describe_error(exc), returncode=REFUSED) from exc
    except ValidationError as exc:
        wrong = "; ".join(f"{name}: {' '.join(map(str, found))}" for name, found in serializer.errors.items())
        raise CommandError(wrong, returncode=REFUSED) from exc
    return serializer.to_order(_person(options["username"]))


def read_sources(options: dict[str, Any]) -> EditSources | None:
    """The pictures of an edit; None where there are none. Raises CommandError."""
    if not _is_edit(options):
        return None
    if not (options["reference"] or options["reference_asset"]):
        missing = InvalidFields.one("references", "required")
        raise CommandError(describe_error(missing), returncode=REFUSED)
    uploads: list[bytes] = []
    for path in options["reference"]:
        left = REFERENCES_BYTES - sum(map(len, uploads))
        uploads.append(_read(path, left, too_large=text_for("references_too_large", limit=REFERENCES_BYTES)))
    mask = options["mask"] and _read(
        options["mask"], MASK_BYTES, too_large=text_for("mask_too_large", limit=MASK_BYTES)
    )
    return EditSources(asset_ids=tuple(options["reference_asset"]), uploads=tuple(uploads), mask_upload=mask)


def _is_edit(options: dict[str, Any]) -> bool:
    return bool(options["reference"] or options["reference_asset"] or options["mask"])


def count_references(sources: EditSources | None) -> int:
    return len(sources.asset_ids) + len(sources.uploads) if sources else 0


def _read(path: Path, limit: int, *, too_large: str) -> bytes:
    """No more than `limit` bytes are read, whatever the path names."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as exc:
        raise CommandError(f"{path} cannot be read: {exc.strerror}.", returncode=REFUSED) from exc
    if len(content) > limit:
        raise CommandError(f"{path}: {too_large}", returncode=REFUSED)
    return content


def _person(username: str | None) -> User:
    """The one named, else the only active super admin."""
    if username is not None:
        person = User.objects.filter(username=username).first()
        if person is None:
            raise CommandError(f"There is no person {username}.")
        return person
    super_admins = list(User.objects.filter(is_superuser=True, is_active=True)[:2])
    if len(super_admins) != 1:
        count = "more than one" if super_admins else "no"
        raise CommandError(f"There is {count} active super admin: say whose picture it is with --as USERNAME.")
    return super_admins[0]
