"""Adapters: what one picture costs to read and check, and what 32 at once hold.

`python -m bench.adapters URL` is the process whose memory is measured.
"""

import asyncio
import base64
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench import processes
from bench.stage import provider_running
from bench.upstream import noise_png

PICTURE_BYTES = 1_700_000
REPEATS = 40
AT_ONCE = 32


@dataclass(frozen=True)
class Held:
    idle_mb: float
    peak_mb: float


def measure_reading() -> dict[str, float]:
    """CPU milliseconds per picture, median: the answer parsed, the picture decoded and checked."""
    from src.media.inspection import inspect_picture

    found = {}
    for name, read in _readers(noise_png(PICTURE_BYTES)).items():
        times = []
        for _ in range(REPEATS):
            begun = time.process_time()
            facts = inspect_picture(read())
            times.append((time.process_time() - begun) * 1000)
            assert facts.size_bytes > PICTURE_BYTES * 0.9
        found[name] = median(times)
    return found


def _readers(picture: bytes) -> dict[str, Callable[[], bytes]]:
    from src.ai.providers import get_adapter
    from src.ai.providers.contract import ProviderConnection
    from src.ai.providers.gemini import read_answer as read_gemini
    from src.ai.providers.huggingface.pictures_in import read_answer as read_huggingface
    from src.core.outbound import Answer
    from src.core.secret import Secret

    conn = ProviderConnection(base_url="https://service.example/v1", key=Secret("sk-bench-0123456789"))
    text = base64.b64encode(picture).decode()
    data = {"created": 1, "data": [{"b64_json": text}], "usage": {"input_tokens": 50, "output_tokens": 1056}}
    parts = [{"text": "Here it is."}, {"inlineData": {"mimeType": "image/png", "data": text}}]
    candidates = {"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]}

    def answer(document: Any) -> Answer:
        return Answer(200, {"content-type": "application/json"}, json.dumps(document).encode())

    plain, gemini_answer = answer(data), answer(candidates)
    raw = Answer(200, {"content-type": "image/png"}, picture)
    openai, openrouter, gemini = (get_adapter(slug) for slug in ("openai", "openrouter", "gemini"))
    return {
        "OpenAI, JSON": lambda: openai.read_answer(plain, conn).images[0].content,
        "OpenRouter, JSON": lambda: openrouter.read_answer(plain, conn).images[0].content,
        "Gemini, JSON": lambda: read_gemini(gemini.read_document(gemini_answer, conn), conn).images[0].content,
        "Hugging Face together, JSON": lambda: (
            read_huggingface(plain, conn, backend="together", seed=None).images[0].content
        ),
        "Hugging Face hf-inference, raw bytes": lambda: (
            read_huggingface(raw, conn, backend="hf-inference", seed=None).images[0].content
        ),
    }


def measure_holding() -> Held:
    """The resident memory of a process before and at the peak of 32 calls at once, all their pictures kept."""
    with provider_running(PICTURE_BYTES) as url:
        command = [sys.executable, "-m", "bench.adapters", url]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    idle_mb, peak_mb = map(float, done.stdout.split())
    return Held(idle_mb, peak_mb)


async def hold(url: str) -> Held:
    from src.ai.providers import get_adapter
    from src.ai.providers.contract import Event, ImageRequest, ImageResult, ProviderConnection
    from src.core.secret import Secret
    from src.media.inspection import inspect_picture

    conn = ProviderConnection(base_url=url, key=Secret("sk-bench-0123456789"), allow_private=True)
    adapter = get_adapter("openai")

    async def ignore(event: Event) -> None:
        pass

    async def draw(model_id: str) -> ImageResult:
        result = await adapter.generate(conn, ImageRequest(model_id=model_id, prompt="a red fox"), on_event=ignore)
        inspect_picture(result.images[0].content)
        return result

    await draw("bench-0")
    idle_mb = processes.read(os.getpid()).rss_mb
    results = await asyncio.gather(*(draw("bench-500") for _ in range(AT_ONCE)))
    assert len({id(result) for result in results}) == AT_ONCE
    return Held(idle_mb, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup(set_prefix=False)
    held = asyncio.run(hold(sys.argv[1]))
    sys.stdout.write(f"{held.idle_mb} {held.peak_mb}\n")
