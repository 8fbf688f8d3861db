"""A real worker process on a real Redis (REDIS_URL switches those on), and how hints are sent."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest
import redis
from asgiref.sync import async_to_sync
from django.conf import settings as project
from django.db import connection

from src.ai import tasks
from src.ai.models import GenerationStatus, ImageGeneration
from src.ai.providers.contract import ImageParams
from src.ai.services.image_generation_service import submit
from src.ai.services.image_order import ImageOrder
from src.media.models import MediaAsset
from tests.config import worker_tasks
from tests.factories import make_model, make_sandbox

REDIS_URL = os.environ.get("REDIS_URL", "")
PATIENCE_S = 20.0
needs_redis = pytest.mark.skipif(not REDIS_URL, reason="REDIS_URL switches it on")


def database_url() -> str:
    """That of the tests' own database."""
    of = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{of['NAME']}"
    return f"postgres://{quote(of['USER'])}:{quote(of['PASSWORD'])}@{of['HOST']}:{of['PORT']}/{quote(of['NAME'])}"


def until(holds: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


class Worker:
    """A worker process; `lines(event)` is what it has logged."""

    def __init__(self, log_file: Path, *options: str, **environ: str):
        self._log_file = log_file
        command = [sys.executable, "-m", "celery", "-A", "tests.config.worker_tasks", "--quiet", "worker"]
        options = ("--without-gossip", "--without-mingle", "--without-heartbeat", *options)
        with log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *options], cwd=project.BASE_DIR, env=os.environ | environ, stdout=log, stderr=log
            )

    @property
    def output(self) -> str:
        return self._log_file.read_text()

    def lines(self, event: str) -> list[dict]:
        found = [json.loads(line) for line in self.output.splitlines() if line.startswith("{")]
        return [line for line in found if event in line["event"]]

    def wait_until_ready(self) -> "Worker":
        until(lambda: self.lines(" ready.") or self.process.poll() is not None)
        assert self.process.poll() is None, self.output
        return self

    def ends_within(self, seconds: float) -> int:
        return self.process.wait(seconds)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def start(tmp_path, settings, transactional_db) -> Iterator[Callable[..., Worker]]:
    """`start(*options, **environment)` starts a worker on the tests' database and folders; killed at the end."""
    workers: list[Worker] = []

    def make(*options: str, **environ: str) -> Worker:
        folders = {"MEDIA_DIR": str(settings.MEDIA_ROOT), "INBOX_DIR": str(settings.INBOX_DIR)}
        own = {"DATABASE_URL": database_url(), "JOB_RUNNER": "celery", **folders, **environ}
        workers.append(Worker(tmp_path / f"worker{len(workers)}.log", *options, **own))
        return workers[-1]

    yield make
    for worker in workers:
        worker.kill()


def left_in_redis() -> list[str]:
    """What of the queue still lies there: messages, and messages that were handed out."""
    with redis.Redis.from_url(REDIS_URL, decode_responses=True) as client:
        return [key for key in client.scan_iter("*") if key in ("negareh:jobs", "negareh:unacked")]


@needs_redis
@pytest.mark.parametrize("pool", ["threads", "solo"])
def test_a_task_runs_in_the_one_event_loop_of_the_process(start, tmp_path, pool):
    worker = start("--pool", pool).wait_until_ready()
    paths = [tmp_path / "first", tmp_path / "second"]
    for path in paths:
        worker_tasks.say_where.delay(str(path))
    until(lambda: all(path.exists() and path.read_text() for path in paths))

    found = [json.loads(path.read_text()) for path in paths]
    for each in found:
        assert (each["loop_thread"], each["loop"], each["pid"]) == ("worker-loop", "uvloop", worker.process.pid)
        assert each["task_thread"] != "worker-loop"
    until(lambda: not left_in_redis())

    worker.process.send_signal(signal.SIGTERM)
    assert worker.ends_within(8) == 0
    assert [line["unfinished"] for line in worker.lines("worker_stopped")] == [0]


@needs_redis
def test_it_is_told_that_it_drains_at_once_and_ends_when_the_work_does(start, tmp_path):
    worker = start().wait_until_ready()
    work, told = tmp_path / "work", tmp_path / "told"
    worker_tasks.work.delay(str(work), 2.5)
    worker_tasks.wait_until_draining.delay(str(told))
    until(lambda: work.exists() and told.exists())

    began = time.time()
    worker.process.send_signal(signal.SIGTERM)

    assert worker.ends_within(8) == 0
    assert float(told.read_text()) - began < 1
    assert work.read_text() == "ended"


@needs_redis
def test_work_that_does_not_end_is_given_up_in_time(start, tmp_path):
    worker = start(DRAIN_TIMEOUT_S="1").wait_until_ready()
    work = tmp_path / "work"
    worker_tasks.work.delay(str(work), 60)
    until(work.exists)

    worker.process.send_signal(signal.SIGTERM)

    assert worker.ends_within(6) == 0
    assert work.read_text() == "begun"
    assert [line["unfinished"] for line in worker.lines("worker_stopped")] == [1]


@needs_redis
def test_a_generation_that_is_not_there_is_passed_over_quietly(start, tmp_path):
    worker = start().wait_until_ready()
    tasks.send_hint(uuid4())
    until(lambda: worker.lines("succeeded"))

    until(lambda: not left_in_redis())
    assert [line for line in worker.lines("") if line["level"] != "info"] == []


@needs_redis
def test_a_queued_generation_is_brought_to_its_end(start, super_admin, settings):
    settings.JOB_RUNNER = "celery"
    model = make_model(make_sandbox(), "sandbox", image_spec={"max_n": 4}, pricing=[])
    worker = start(JOB_POLL_S="60").wait_until_ready()
    order = ImageOrder(admin=super_admin, model_id=model.pk, params=ImageParams(prompt="a red bicycle"))

    job = async_to_sync(submit)(order=order)

    until(lambda: ImageGeneration.objects.get(pk=job.generation_id).is_finished)
    assert ImageGeneration.objects.get().status == GenerationStatus.SUCCEEDED
    assert MediaAsset.objects.count() == 1
    worker.process.send_signal(signal.SIGTERM)
    assert worker.ends_within(8) == 0


@pytest.mark.parametrize(
    ("options", "environ", "words"),
    [
        ([], {"REDIS_URL": ""}, "No REDIS_URL"),
        ([], {"KEYRING_FILE": "/nowhere/keyring.json"}, "No keyring at /nowhere/keyring.json"),
        ([], {"SECRET_KEY": ""}, "No SECRET_KEY"),
        ([], {"JOB_RUNNER": "cellery"}, "JOB_RUNNER is 'cellery'"),
        (["--pool", "processes"], {}, "use --pool threads or solo"),
    ],
    ids=["redis", "keyring", "secret_key", "runner", "pool"],
)
def test_it_does_not_start_and_says_what_to_do(start, options, environ, words):
    worker = start(*options, **{"REDIS_URL": "redis://127.0.0.1:1/0"} | environ)

    assert worker.ends_within(PATIENCE_S) == 1
    assert words in worker.output
    assert "Traceback" not in worker.output


@needs_redis
def test_it_says_that_faults_are_armed(start, tmp_path):
    worker = start(NEGAREH_FAULTS_FILE=str(tmp_path / "faults.json")).wait_until_ready()

    assert [line["level"] for line in worker.lines("faults_armed")] == ["warning"]


def test_a_process_that_is_no_worker_runs_no_jobs():
    with pytest.raises(RuntimeError, match="runs no jobs"):
        tasks.look_at(str(uuid4()))


SEND = """
import django, time
django.setup(set_prefix=False)
from uuid import uuid4
from src.ai.tasks import send_hint
began = time.monotonic()
for _ in range(100):
    send_hint(uuid4())
print(time.monotonic() - began)
"""


@pytest.mark.parametrize("is_silent", [False, True], ids=["gone", "silent"])
def test_a_queue_that_is_out_keeps_nobody_for_long(is_silent):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if is_silent:
            server.listen()
        url = f"redis://:sesame@127.0.0.1:{server.getsockname()[1]}/0"
        env = os.environ | {"REDIS_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        command = [sys.executable, "-c", SEND]
        sent = subprocess.run(command, env=env, cwd=project.BASE_DIR, capture_output=True, text=True, check=True)

    *logged, seconds = sent.stdout.splitlines()
    assert float(seconds) < 3
    assert [json.loads(line)["event"] for line in logged] == ["hints_not_sent"]
    assert "sesame" not in sent.stdout + sent.stderr
