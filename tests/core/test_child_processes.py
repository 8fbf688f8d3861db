"""Whatever a task does to its process, its caller gets an ordinary error and the next task a process."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator

import psutil
import pytest

from src.core.child_processes import ChildProcesses, Crashed, OutOfMemory, TookTooLong, Unfinished
from tests.core import child_tasks

MB = 1024 * 1024


@pytest.fixture(scope="module")
def shared() -> Iterator[ChildProcesses]:
    processes = ChildProcesses(processes=2, timeout_s=1.0, memory_bytes=1024 * MB)
    yield processes
    processes.stop()


@pytest.fixture
async def children(shared) -> ChildProcesses:
    await shared.run(child_tasks.pid)
    return shared


async def test_a_task_runs_in_a_process_of_its_own_without_django_and_environment(children):
    modules = await children.run(child_tasks.modules)

    assert await children.run(child_tasks.pid) != os.getpid()
    assert "django" not in modules
    assert {name for name in modules if name.startswith("src")} == {"src", "src.core", "src.core.child_start"}
    assert await children.run(child_tasks.environment) == {}
    assert await children.run(child_tasks.niceness) > os.nice(0)


def test_code_without_an_event_loop_may_use_it_too(shared):
    assert shared.run_and_wait(child_tasks.pid) != os.getpid()


async def test_an_error_of_the_task_itself_reaches_the_caller(children):
    with pytest.raises(LookupError, match="of the task itself"):
        await children.run(child_tasks.fail)


@pytest.mark.parametrize(
    ("task", "args", "failure"),
    [
        (child_tasks.sleep, (60,), TookTooLong),
        (child_tasks.spin_deaf, (), TookTooLong),
        (child_tasks.allocate, (4096 * MB,), OutOfMemory),
        (child_tasks.end_by, (signal.SIGSEGV,), Crashed),
        (child_tasks.end_by, (signal.SIGABRT,), Crashed),
        (child_tasks.end_by, (signal.SIGKILL,), Unfinished),
    ],
)
async def test_a_task_that_ends_badly_is_an_ordinary_error_and_the_next_one_runs(children, task, args, failure):
    started = time.monotonic()
    with pytest.raises(failure):
        await children.run(task, *args)

    assert time.monotonic() - started < 4
    assert await children.run(child_tasks.pid)


async def test_an_idle_process_that_is_killed_harms_no_task(children):
    for _ in range(3):
        psutil.Process(await children.run(child_tasks.pid)).kill()
        assert await children.run(child_tasks.allocate, 10) == 10
        await asyncio.sleep(0.15)
        assert await children.run(child_tasks.allocate, 10) == 10


async def test_waiting_for_a_free_process_does_not_count_as_time_taken(children):
    waiting = [children.run(child_tasks.sleep, 0.6) for _ in range(6)]

    assert await asyncio.gather(*waiting) == [None] * 6


async def test_a_caller_that_goes_away_ends_the_task(children):
    running = asyncio.create_task(children.run(child_tasks.sleep, 0.9))
    await asyncio.sleep(0.2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert await children.run(child_tasks.pid)


async def test_stopping_ends_the_processes_and_tells_who_waits():
    children = ChildProcesses(processes=1, timeout_s=30, memory_bytes=1024 * MB)
    process = psutil.Process(await children.run(child_tasks.pid))
    waiting = [asyncio.create_task(children.run(child_tasks.sleep, 20)) for _ in range(2)]
    await asyncio.sleep(0.2)

    await asyncio.to_thread(children.stop)

    assert [type(found) for found in await asyncio.gather(*waiting, return_exceptions=True)] == [Unfinished] * 2
    assert not process.is_running()
    assert await children.run(child_tasks.pid) != process.pid
    children.stop()
