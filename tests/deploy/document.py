"""docs/deploy.md as the tests read it: its blocks, commands and variables."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

DOCUMENT = Path(settings.BASE_DIR) / "docs/deploy.md"
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VARIABLE = re.compile(r"^([A-Z][A-Z0-9_]*)=", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """`kind` is the word behind the fence: `bash` ends, each line of `sh` keeps running."""

    kind: str
    text: str


def blocks(kind: str) -> list[Block]:
    return [block for block in all_blocks() if block.kind == kind]


def all_blocks() -> list[Block]:
    return [Block(*found) for found in FENCED.findall(DOCUMENT.read_text())]


def environment_names() -> list[str]:
    """Of the file that all processes read."""
    written = next(block.text for block in blocks("bash") if "negareh.env <<END" in block.text)
    return VARIABLE.findall(written.split("<<END\n")[1])


def documented_value(name: str) -> str:
    """As the file has it, with the document's own variables in it."""
    found = [value for block in blocks("bash") for value in re.findall(rf"^{name}=(.*)$", block.text, re.MULTILINE)]
    return found[0]


def set_first() -> set[str]:
    """The names that the reader sets before the first command."""
    text = DOCUMENT.read_text().split("## Set these first")[1].split("## ")[0]
    return set(re.findall(r"\b([A-Z][A-Z0-9_]*)=", text))


def lasting_commands() -> list[list[str]]:
    """The words of the commands that keep running: the web processes, then the workers."""
    return [shlex.split(line) for block in blocks("sh") for line in block.text.splitlines()]
