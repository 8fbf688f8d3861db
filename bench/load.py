"""Requests in a closed loop: `concurrency` at once, each answer read whole."""

import asyncio
import time
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import aiohttp


@dataclass
class Outcome:
    statuses: dict[int, int] = field(default_factory=dict)
    latencies_ms: list[float] = field(default_factory=list)
    wall_s: float = 0.0

    @property
    def p50_ms(self) -> float:
        return median(self.latencies_ms)


async def post_many(url: str, body: dict[str, Any], *, count: int, concurrency: int, token: str = "") -> Outcome:
    outcome, left = Outcome(), iter(range(count))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    started = time.perf_counter()
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:

        async def worker() -> None:
            for _ in left:
                begun = time.perf_counter()
                async with session.post(url, json=body) as answer:
                    await answer.read()
                    outcome.statuses[answer.status] = outcome.statuses.get(answer.status, 0) + 1
                outcome.latencies_ms.append((time.perf_counter() - begun) * 1000)

        await asyncio.gather(*(worker() for _ in range(concurrency)))
    outcome.wall_s = time.perf_counter() - started
    return outcome
