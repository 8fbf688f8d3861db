"""The rows that a proof under load needs, and what must hold at its end."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from src.ai.models import UNFINISHED, AIModel, GenerationOutput, ImageGeneration
from src.usage.models import LedgerEntry, LedgerKind
from src.usage.services.verification import verify_ledger
from tests.factories import make_model, make_provider
from tests.reliability.load_processes import ServerProcess
from tests.upstream import Upstream

T = TypeVar("T")
PRICE = 40_000
"""Micros of one picture of `make_small_model`."""
SMALL_SPEC = {"sizes": ["64x64"], "max_n": 4, "prompt_max_chars": 1000}
STEP_S = 0.1


def make_small_model(upstream: Upstream, slug: str = "local") -> AIModel:
    """A model of a self-hosted server that paints 64x64 pixels."""
    provider = make_provider(
        slug,
        adapter="openai_compatible",
        api_base_url=upstream.compatible_url,
        allow_private_address=True,
        config={"response_format": "b64_json"},
    )
    return make_model(provider, "stablediffusion", image_spec=SMALL_SPEC)


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """What `work(number)` returned in so many threads that start together; raises what the first one raised."""
    gate = threading.Barrier(count)

    def run(number: int) -> T:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def wait_until_all_ended(timeout_s: float) -> None:
    """Raises TimeoutError with what has not."""
    deadline = time.monotonic() + timeout_s
    while ImageGeneration.objects.filter(status__in=UNFINISHED).exists():
        if time.monotonic() > deadline:
            left = ImageGeneration.objects.filter(status__in=UNFINISHED).values_list("status", "pk")
            raise TimeoutError(f"not ended: {list(left)}")
        time.sleep(STEP_S)


def charges() -> int:
    """Generations that the ledger has settled in money."""
    settled = LedgerEntry.objects.filter(kind=LedgerKind.SETTLE, micros__gt=0)
    return settled.values("generation_id").distinct().count()


def pictures_in_library() -> int:
    return GenerationOutput.objects.filter(asset__isnull=False).count()


def assert_books_are_right() -> None:
    assert verify_ledger().differences == ()


def assert_no_server_error(servers: Iterable[ServerProcess]) -> None:
    """No lock that was not waited for, and nothing that we had not thought of."""
    for server in servers:
        wrong = [line for line in server.log.splitlines() if _is_wrong(line)]
        assert wrong == []


def _is_wrong(line: str) -> bool:
    return any(word in line for word in ("database is locked", '"level": "error"', '"level":"error"', "Traceback"))


def counted(answers: Iterable[Any]) -> dict[tuple[int, str], int]:
    """How often each (status, code) was answered."""
    found: dict[tuple[int, str], int] = {}
    for answer in answers:
        kind = answer.status, answer.code
        found[kind] = found.get(kind, 0) + 1
    return found
