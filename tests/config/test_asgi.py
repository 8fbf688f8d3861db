"""Starting and stopping the server."""

import asyncio
import gc
import http.client
import json
import re
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from config.asgi import WAITING_PATHS, CannotStart, Lifespan, take_single_process_lock
from src.accounts.services import create_api_token
from src.ai.models import GenerationStatus, ImageGeneration
from src.core.background import finish_regardless
from src.core.keyring import Keyring, write_keyring
from src.media.models import MediaAsset
from tests.factories import make_model, make_openai
from tests.routes import all_routes
from tests.serving import Server

GENERATE_URL = "/api/ai/admin/images/generate/"


@pytest.fixture(autouse=True)
def one_process_in_a_folder_of_its_own(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.REDIS_URL = ""


@pytest.fixture
def no_keyring(settings, tmp_path):
    settings.KEYRING_FILE = tmp_path / "none.json"


async def speak(*messages: str) -> list[dict]:
    """What the application says to these messages of the lifespan protocol."""
    incoming = [{"type": f"lifespan.{name}"} for name in messages]
    said: list[dict] = []

    async def receive():
        return incoming.pop(0)

    async def send(message):
        said.append(message)

    await Lifespan(None)({"type": "lifespan"}, receive, send)
    return said


async def test_it_starts_and_stops():
    said = await speak("startup", "shutdown")

    assert [message["type"] for message in said] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_it_does_not_start_without_a_keyring_and_says_what_to_do(no_keyring, settings):
    with pytest.raises(CannotStart) as caught:
        Lifespan(None).start()

    assert str(settings.KEYRING_FILE) in str(caught.value)
    assert "python manage.py set_up" in str(caught.value)


def test_it_does_not_start_with_a_broken_keyring(settings, tmp_path):
    settings.KEYRING_FILE = tmp_path / "broken.json"
    settings.KEYRING_FILE.write_text("{}")

    with pytest.raises(CannotStart):
        Lifespan(None).start()


def test_it_does_not_start_without_a_lasting_secret_key_and_says_what_to_do(settings):
    settings.HAS_LASTING_SECRET_KEY = False

    with pytest.raises(CannotStart, match="python manage.py set_up"):
        Lifespan(None).start()


async def test_the_server_that_runs_it_is_told_why_it_does_not_start(no_keyring):
    said: list[dict] = []

    async def receive():
        return {"type": "lifespan.startup"}

    async def send(message):
        said.append(message)

    with pytest.raises(CannotStart):
        await Lifespan(None)({"type": "lifespan"}, receive, send)

    [failed] = said
    assert failed["type"] == "lifespan.startup.failed"
    assert "set_up" in failed["message"]


def run_server(var_dir) -> subprocess.CompletedProcess[str]:
    """A server process on that folder, until it ends of itself."""
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", "0", "--no-access-log"]
    env = {"NEGAREH_VAR_DIR": str(var_dir), "SECRET_KEY": "only for tests"}
    return subprocess.run(
        command, env=env, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=20, check=False
    )


def test_a_server_process_without_a_keyring_ends_and_says_what_to_do(tmp_path):
    ended = run_server(tmp_path)

    assert ended.returncode != 0
    assert "python manage.py set_up" in ended.stdout + ended.stderr


def test_a_second_server_process_on_the_same_folder_ends_and_says_why(tmp_path):
    write_keyring(tmp_path / "keyring.json", Keyring.new())
    with take_single_process_lock(tmp_path / "server.lock"):
        ended = run_server(tmp_path)

    assert ended.returncode != 0
    assert "set REDIS_URL to run more than one" in ended.stdout + ended.stderr


def test_a_second_process_is_refused(tmp_path):
    with take_single_process_lock(tmp_path / "server.lock"), pytest.raises(CannotStart, match="REDIS_URL"):
        take_single_process_lock(tmp_path / "server.lock")

    take_single_process_lock(tmp_path / "server.lock").close()


def test_a_second_server_is_refused_until_the_first_has_stopped():
    with Server(), pytest.raises(CannotStart, match="REDIS_URL"):
        Lifespan(None).start()

    second = Lifespan(None)
    second.start()
    second.stop()


def test_with_redis_there_may_be_many(settings):
    settings.REDIS_URL = "redis://127.0.0.1:6379/0"
    servers = [Lifespan(None), Lifespan(None)]

    for server in servers:
        server.start()
    assert [server._lock for server in servers] == [None, None]
    for server in servers:
        server.stop()


async def test_stopping_waits_for_background_work():
    done = []

    async def work():
        await asyncio.sleep(0.05)
        done.append("work")

    waiting = asyncio.create_task(finish_regardless(work()))
    await asyncio.sleep(0)
    await speak("startup", "shutdown")

    assert done == ["work"]
    await waiting


async def test_stopping_gives_up_in_time_and_says_how_many_are_left(settings, log_lines):
    settings.DRAIN_TIMEOUT_S = 0.05
    waiting = asyncio.create_task(finish_regardless(asyncio.sleep(30)))
    await asyncio.sleep(0)

    await speak("startup", "shutdown")

    assert [line["unfinished"] for line in log_lines("stopped")] == [1]
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


def test_a_stopping_server_finishes_the_picture_of_a_client_that_has_gone(server, upstream, ai_manager):
    model = make_model(make_openai(upstream))
    _token, text = create_api_token(user=ai_manager, name="a", scopes=["images"])
    client = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
    stopping = threading.Thread(target=server.stop)
    with upstream.hold():
        body = json.dumps({"model_id": model.pk, "prompt": "a red bicycle"})
        client.request(
            "POST", GENERATE_URL, body, {"Authorization": f"Bearer {text}", "Content-Type": "application/json"}
        )
        upstream.wait_until_in_flight(1)
        client.close()
        stopping.start()
        stopping.join(0.3)
        assert stopping.is_alive()
        assert ImageGeneration.objects.get().status != GenerationStatus.SUCCEEDED
    stopping.join(10)

    assert not stopping.is_alive()
    assert ImageGeneration.objects.get().status == GenerationStatus.SUCCEEDED
    assert MediaAsset.objects.count() == 1


def test_what_is_loaded_is_left_to_itself_while_the_server_runs(transactional_db):
    with Server():
        assert gc.get_freeze_count() > 10_000

    assert gc.get_freeze_count() == 0


def test_whatever_asks_a_service_itself_leaves_the_ordinary_threads_alone():
    """Every route whose view reaches `ask_about_…` or the mail server waits for somebody."""
    waiting = [
        route.split(" ")[1] for route in all_routes() if re.search("validate-api-key|activate|invitations/$", route)
    ]

    assert len(waiting) >= 5
    assert all(path.startswith(WAITING_PATHS) for path in [*waiting, "/admin/ai/aiprovider/1/change/"])
    assert "/api/ai/admin/settings/1/".startswith(WAITING_PATHS)
