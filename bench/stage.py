"""A server and a provider for one measurement, in a temporary folder."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.processes import pin

SERVER_CPU, LOAD_CPU = 0, 1
SET_UP = """
from django.contrib.auth.models import Group
from src.accounts.models import User
from src.accounts.services import create_api_token
from src.core.groups import AI_MANAGERS
from tests.factories import make_model, make_provider
provider = make_provider("bench", api_base_url="{provider_url}/v1", allow_private_address=True)
for delay in (0, 2000):
    make_model(provider, f"bench-{{delay}}")
user = User.objects.create_user("bench")
user.groups.add(Group.objects.get(name=AI_MANAGERS))
print("TOKEN", create_api_token(user=user, name="bench", scopes=["images", "media:read"])[1])
"""


@dataclass(frozen=True)
class Stage:
    server_url: str
    provider_url: str
    server_pid: int
    token: str
    printed: str


@contextmanager
def provider_running(picture_bytes: int) -> Iterator[str]:
    """The base URL of a provider in a process of its own."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.upstream", str(port), str(picture_bytes)])
    try:
        wait_until_open(port)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(30)


def wait_until_open(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nobody listens on port {port}")


@contextmanager
def set_stage(*, picture_bytes: int, script: str = "pass") -> Iterator[Stage]:
    """Server on SQLite with stock settings; provider answering with a picture of this size. `script` is run in
    Django's shell before the server starts; what it prints is `printed`."""
    with tempfile.TemporaryDirectory(prefix="negareh-bench-") as folder:
        env = {**os.environ, "NEGAREH_VAR_DIR": folder, "LOG_LEVEL": "WARNING"}
        for name in ("DATABASE_URL", "REDIS_URL"):
            env.pop(name, None)
        server_port, provider_port = free_port(), free_port()
        server_url, provider_url = f"http://127.0.0.1:{server_port}", f"http://127.0.0.1:{provider_port}"
        _run(env, "manage.py", "set_up")
        printed = _run(env, "manage.py", "shell", "-v0", "-c", SET_UP.format(provider_url=provider_url))
        token = printed.split("TOKEN ")[1].split()[0]
        printed = _run(env, "manage.py", "shell", "-v0", "-c", script)
        provider = subprocess.Popen([sys.executable, "-m", "bench.upstream", str(provider_port), str(picture_bytes)])
        server = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(server_port)]
            + ["--no-access-log", "--log-level", "warning"],
            env=env,
        )
        try:
            pin(server.pid, SERVER_CPU)
            pin(provider.pid, LOAD_CPU)
            pin(os.getpid(), LOAD_CPU)
            _wait_until_up(f"{server_url}/livez")
            yield Stage(server_url, provider_url, server.pid, token, printed)
        finally:
            for process in (server, provider):
                process.terminate()
                process.wait(30)


def _run(env: dict[str, str], *words: str) -> str:
    done = subprocess.run([sys.executable, *words], env=env, check=True, capture_output=True, text=True)
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_up(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(url)
