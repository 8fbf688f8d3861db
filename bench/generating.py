"""Generating: what a call costs beside the same call straight to the provider, and 200 that wait at once."""

import asyncio
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench import processes
from bench.load import Outcome, post_many
from bench.stage import Stage, set_stage

PICTURE_BYTES = 1_700_000
ROUNDS, CALLS_PER_ROUND, CONCURRENCY = 5, 40, 4
WAITING = 200
GENERATE = "/api/ai/admin/images/generate/"


@dataclass(frozen=True)
class Cost:
    """Medians over rounds; `cpu_ms` is the server's."""

    p50_ms: float
    cpu_ms: float | None


def measure_calls() -> dict[str, Cost]:
    """Rounds over three targets, interleaved, so that all see the same machine."""
    with set_stage(picture_bytes=PICTURE_BYTES) as stage:
        found: dict[str, list[tuple[float, float]]] = {}
        for _ in range(ROUNDS + 1):
            for name, run in (("straight", _straight), ("not saved", _unsaved), ("saved", _saved)):
                before = processes.read(stage.server_pid).cpu_ms
                outcome = asyncio.run(run(stage))
                cpu_ms = (processes.read(stage.server_pid).cpu_ms - before) / CALLS_PER_ROUND
                _require_success(outcome, CALLS_PER_ROUND)
                found.setdefault(name, []).append((outcome.p50_ms, cpu_ms))
    # The first round warms up.
    return {
        name: Cost(
            median(p50 for p50, _cpu in rounds[1:]),
            None if name == "straight" else median(cpu for _p50, cpu in rounds[1:]),
        )
        for name, rounds in found.items()
    }


async def _straight(stage: Stage) -> Outcome:
    body = {"model": "bench-0", "prompt": "a red fox in the snow", "size": "1024x1024", "n": 1}
    url = f"{stage.provider_url}/v1/images/generations"
    return await post_many(url, body, count=CALLS_PER_ROUND, concurrency=CONCURRENCY)


async def _unsaved(stage: Stage) -> Outcome:
    return await _generate(stage, count=CALLS_PER_ROUND, concurrency=CONCURRENCY, save_to_media=False)


async def _saved(stage: Stage) -> Outcome:
    return await _generate(stage, count=CALLS_PER_ROUND, concurrency=CONCURRENCY, save_to_media=True)


async def _generate(stage: Stage, *, count: int, concurrency: int, delay_ms: int = 0, **fields: Any) -> Outcome:
    body = {"model": f"bench/bench-{delay_ms}", "prompt": "a red fox in the snow", "size": "1024x1024", **fields}
    return await post_many(
        f"{stage.server_url}{GENERATE}", body, count=count, concurrency=concurrency, token=stage.token
    )


@dataclass(frozen=True)
class Waiting:
    succeeded: int
    wall_s: float
    threads_idle: int
    threads_peak: int
    rss_idle_mb: float
    rss_waiting_mb: float
    rss_peak_mb: float

    @property
    def growth_kb_each(self) -> float:
        return (self.rss_waiting_mb - self.rss_idle_mb) * 1000 / WAITING


def measure_waiting(picture_bytes: int) -> Waiting:
    """200 generations at 2 s each, in one process; memory is read while all wait, and at its peak."""
    with set_stage(picture_bytes=picture_bytes) as stage:
        asyncio.run(_generate(stage, count=20, concurrency=10))
        return asyncio.run(_watch(stage))


async def _watch(stage: Stage) -> Waiting:
    idle = processes.read(stage.server_pid)
    started = time.perf_counter()
    calls = asyncio.create_task(_generate(stage, count=WAITING, concurrency=WAITING, delay_ms=2000))
    readings = []
    while not calls.done():
        readings.append((time.perf_counter() - started, processes.read(stage.server_pid)))
        await asyncio.sleep(0.05)
    outcome = await calls
    # Until the first provider answers, 2 s after it was asked, everything on the server is waiting.
    waiting = [reading for moment, reading in readings if moment < 2.0]
    return Waiting(
        succeeded=outcome.statuses.get(201, 0),
        wall_s=outcome.wall_s,
        threads_idle=idle.threads,
        threads_peak=max(reading.threads for _moment, reading in readings),
        rss_idle_mb=idle.rss_mb,
        rss_waiting_mb=max(reading.rss_mb for reading in waiting),
        rss_peak_mb=max(reading.rss_mb for _moment, reading in readings),
    )


def _require_success(outcome: Outcome, count: int) -> None:
    good = sum(number for status, number in outcome.statuses.items() if status in (200, 201))
    if good != count:
        raise RuntimeError(f"not all calls succeeded: {outcome.statuses}")
