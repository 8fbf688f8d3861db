"""Generates pictures from the command line, by the same service, limits and books as the API."""

import asyncio
import base64
import json
import logging
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.utils import translation

from src.ai.commands.generation_outcome import (
    EXIT_CODES,
    NOT_WRITTEN,
    REFUSED,
    SOME_MISSING,
    UNEXPECTED,
    describe_answer,
    describe_error,
    describe_estimate,
    exit_code_of,
)
from src.ai.commands.generation_request import add_request_options, count_references, read_order, read_sources
from src.ai.commands.picture_files import NoPlace, PictureFiles
from src.ai.commands.waiting import wait_for
from src.ai.services.edit_inputs import EditSources
from src.ai.services.estimate import estimate_generation
from src.ai.services.image_generation_service import edit_image, generate_and_save_to_media, generate_image_only
from src.ai.services.image_order import ImageOrder
from src.core import vault
from src.core.channel import through_command
from src.core.errors import AppError, Misconfigured
from src.media.models import MediaAsset
from src.media.services.originals import open_original


class HelpFormatter(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Leaves the list of exit codes in lines."""


class Command(BaseCommand):
    help = "Generate pictures with the limits, budgets and books of the API."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs = {"formatter_class": HelpFormatter, "epilog": EXIT_CODES, **kwargs}
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        if parser.called_from_command_line:
            # argparse's own exit code for wrong usage is 2, which here means a refusal.
            parser.error = partial(_refuse_usage, parser)  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        add_request_options(parser)
        parser.add_argument(
            "--out",
            type=Path,
            help="A file for the picture; several become NAME-1, NAME-2 and so on. Where the "
            "extension does not fit the picture's real type, the real one is used.",
        )
        parser.add_argument("--force", action="store_true", help="Overwrite what --out names.")
        parser.add_argument("--json", action="store_true", help="Print what the API would answer.")
        parser.add_argument("--estimate", action="store_true", help="Only say what it would cost.")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"), logs_on_stderr(), through_command():
            _require_keyring()
            order, sources = read_order(options), read_sources(options)
            if options["estimate"]:
                return self._estimate(order, sources, as_json=options["json"])
            files = PictureFiles(options["out"], order.params.n, options["force"]) if options["out"] else None
            if files:
                _require_place(files)
            answer = self._generate(order, sources)
            if options["json"]:
                self.stdout.write(json.dumps(answer, ensure_ascii=False))
            else:
                self.stdout.write("\n".join(describe_answer(answer)))
            unwritten = self._write(files, answer, is_quiet=options["json"])
            if unwritten:
                raise CommandError(unwritten, returncode=NOT_WRITTEN)
            if answer["delivered"] < answer["requested"]:
                raise CommandError("Some pictures are missing.", returncode=SOME_MISSING)

    def _estimate(self, order: ImageOrder, sources: EditSources | None, *, as_json: bool) -> None:
        try:
            estimate = estimate_generation(order=order, reference_images=count_references(sources))
        except AppError as exc:
            raise CommandError(describe_error(exc), returncode=exit_code_of(exc)) from exc
        told = json.dumps(estimate, ensure_ascii=False) if as_json else "\n".join(describe_estimate(estimate))
        self.stdout.write(told)
        if not estimate["would_be_accepted"]:
            raise CommandError(estimate["refusal_message"], returncode=REFUSED)

    def _generate(self, order: ImageOrder, sources: EditSources | None) -> dict[str, Any]:
        notes: TextIO = self.stderr._out  # type: ignore[assignment]  # the stream itself, for lines that are rewritten
        notes.write(f"asking {order.model or order.model_id} as {order.admin.get_username()}\n")
        try:
            return asyncio.run(wait_for(_work(order, sources), notes=notes))
        except AppError as exc:
            raise CommandError(describe_error(exc), returncode=exit_code_of(exc)) from exc

    def _write(self, files: PictureFiles | None, answer: dict[str, Any], *, is_quiet: bool) -> str:
        """Each picture to its file; what could not be written, in words."""
        problems = []
        for picture in answer["images"]:
            place = where_it_is(picture, answer)
            path: Path | None = None
            if files:
                try:
                    path = files.write(picture["index"], picture["mime_type"], bytes_of(picture))
                except (OSError, AppError) as exc:
                    asked = files.path_for(picture["index"], picture["mime_type"])
                    problems.append(f"{asked} was not written ({_cause(exc)}). The picture is kept: {place}.")
                    continue
                if path.suffix != files.asked.suffix:
                    self.stderr.write(f"It is {picture['mime_type']}, so it was written as {path.name}.")
            if not is_quiet:
                size = f"{picture['width']}x{picture['height']} {picture['mime_type']}"
                self.stdout.write(f"{path or 'picture'}  {size}  {place}")
        return "\n".join(problems)


def _work(order: ImageOrder, sources: EditSources | None) -> Coroutine[Any, Any, dict[str, Any]]:
    if sources is not None:
        return edit_image(order=order, sources=sources)
    return generate_and_save_to_media(order=order) if order.save_to_media else generate_image_only(order=order)


def bytes_of(picture: dict[str, Any]) -> bytes:
    """The picture as it was received. Raises as `open_original`."""
    if "image_data_url" in picture:
        return base64.b64decode(picture["image_data_url"].partition(",")[2])
    with open_original(MediaAsset.objects.get(pk=picture["asset_id"])) as file:
        return file.read()


def where_it_is(picture: dict[str, Any], answer: dict[str, Any]) -> str:
    if "asset_id" in picture:
        return f"asset {picture['asset_id']}"
    return f"not saved; picture {picture['index']} of generation {answer['generation_id']}, kept for 24 hours"


def _cause(exc: Exception) -> str:
    return exc.strerror or "unreadable" if isinstance(exc, OSError) else "its original cannot be read"


def _refuse_usage(parser: CommandParser, message: str) -> NoReturn:
    parser.print_usage(sys.stderr)
    parser.exit(UNEXPECTED, f"{parser.prog}: error: {message}\n")
    raise AssertionError("exit returns to nobody")


def _require_keyring() -> None:
    try:
        vault.current_keyring()
    except Misconfigured as exc:
        raise CommandError("No keyring: run `python manage.py set_up`, or put the file back.") from exc


def _require_place(files: PictureFiles) -> None:
    try:
        files.require_place()
    except NoPlace as exc:
        raise CommandError(str(exc)) from exc


@contextmanager
def logs_on_stderr() -> Iterator[None]:
    """Standard output is for the answer alone; of the logs only warnings are of use here."""
    root = logging.getLogger()
    streams = [handler for handler in root.handlers if type(handler) is logging.StreamHandler]
    before = [(handler, handler.setStream(sys.stderr)) for handler in streams]
    level = root.level
    root.setLevel(max(level, logging.WARNING))
    try:
        yield
    finally:
        root.setLevel(level)
        for handler, stream in before:
            if stream is not None:
                handler.setStream(stream)
