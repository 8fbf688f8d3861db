"""The commands of docs/operations.md run as they stand, and its exit codes are the command's."""

import os
import re
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from src.ai.commands.generation_outcome import EXIT_CODES

TEXT = (Path(settings.BASE_DIR) / "docs/operations.md").read_text()
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)


def test_every_command_of_the_document_works(installation, tmp_path):
    commands = "".join(block for block in BLOCK.findall(TEXT) if "manage.py" in block)
    names = f"PICTURES={tmp_path}/pictures BACKUPS={tmp_path}/backups FRESH={tmp_path}/fresh\n"
    start = 'mkdir -p "$PICTURES" "$BACKUPS"\n'
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", names + start + commands],
        cwd=settings.BASE_DIR,
        env={**installation.environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=180,
    )

    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in (tmp_path / "pictures").iterdir()) == ["cat-1.png", "cat-2.png"]
    assert commands.count("manage.py") == 13


def test_the_exit_codes_are_the_commands():
    documented = re.findall(r"^\| (\d) \| (.*?) \|$", TEXT, re.MULTILINE)
    told = re.findall(r"^  (\d)  (.*)$", EXIT_CODES, re.MULTILINE)

    assert len(told) == 7
    assert [(code, text.replace("`", "").split(" (")[0]) for code, text in documented] == told
