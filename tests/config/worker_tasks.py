"""The worker's application with tasks of the tests' own, which tell of themselves in a file."""

import asyncio
import json
import os
import threading
import time
from pathlib import Path

from config.celery import app
from config.worker_loop import LOOP
from src.core import background, notices

__all__ = ["app"]


@app.task
def say_where(path: str) -> None:
    async def look() -> dict[str, str]:
        return {"loop_thread": threading.current_thread().name, "loop": type(asyncio.get_running_loop()).__module__}

    found = LOOP.wait_for(look()) or {}
    Path(path).write_text(json.dumps({"task_thread": threading.current_thread().name, "pid": os.getpid(), **found}))


@app.task
def work(path: str, seconds: float) -> None:
    """Writes `begun`, then `ended`."""

    async def work_on() -> None:
        Path(path).write_text("begun")
        await asyncio.sleep(seconds)
        Path(path).write_text("ended")

    async def begin() -> None:
        await background.begin(work_on())

    LOOP.wait_for(begin())


@app.task
def wait_until_draining(path: str) -> None:
    """Writes how long it took to learn of the end from the moment that `path` holds."""

    async def wait() -> float:
        async with notices.watch("nothing") as changes:
            while not background.is_draining():
                await changes.wait(30)
        return time.time()

    Path(path).write_text("begun")
    Path(path).write_text(str(LOOP.wait_for(wait())))
