"""An installation of its own: an empty folder, and commands run in it as an operator runs them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

OF_THE_TEST_RUN = (
    "NEGAREH_VAR_DIR",
    "SECRET_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "KEYRING_FILE",
    "MEDIA_DIR",
    "INBOX_DIR",
)


class Installation:
    """`run("migrate")` is `python manage.py migrate`; gives the output, fails the test if the command fails."""

    def __init__(self, folder: Path, **environment: str):
        self.folder = folder
        inherited = {name: value for name, value in os.environ.items() if name not in OF_THE_TEST_RUN}
        self.environment = {**inherited, "NEGAREH_VAR_DIR": str(folder), **environment}

    def run(self, *arguments: str, typed: str = "") -> str:
        done = self.try_to_run(*arguments, typed=typed)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def try_to_run(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def ask(self, expression: str) -> str:
        """What the expression is in the installation's shell; models are imported there by themselves."""
        return self.run("shell", "-v0", "-c", f"print({expression})").strip()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("installation") / "var")
