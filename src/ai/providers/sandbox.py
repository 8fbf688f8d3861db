"""The built-in service: pictures drawn on this machine, no key, no cost.

It goes the way of every paid service (announced, answered as JSON, parsed), so that what works with it works.
A row's config can make it slow (`delay_s`), fail (`fail`: a key of FAILURES) or refuse (`refuse`: true, or a
list of words that a prompt must not hold).
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zlib import crc32

import msgspec
import pybase64

from src.ai.providers.base import Adapter
from src.ai.providers.call_parts import announce
from src.ai.providers.contract import (
    CallResult,
    GeneratedImage,
    ImageRequest,
    ImageResult,
    KeyCheck,
    ListedModel,
    OnEvent,
    ProviderConnection,
    ReadAnswer,
)
from src.ai.providers.errors import (
    ContentRefused,
    Overloaded,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    ServiceFailed,
)
from src.ai.providers.pictures import decode_picture
from src.ai.sandbox import draw_picture
from src.ai.specs import split_size
from src.core.outbound import Answer

MAX_DELAY_S = 600.0
DEFAULT_SIZE = (1024, 1024)
FAILURES: dict[str, type[ProviderError]] = {
    "error": ServiceFailed,
    "overloaded": Overloaded,
    "rate_limited": RateLimited,
    "quota": QuotaExhausted,
    "timeout": ProviderTimeout,
}

# One at a time and not on the loop's default threads: drawing is CPU work, file streaming must not wait for it.
_drawing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox")


class Sandbox(Adapter):
    slug = "sandbox"
    label = "Sandbox"
    needs_key = "never"
    is_trained_model = False
    parameters = frozenset({"size", "background", "output_format", "seed"})
    cost_source = "cost"

    async def generate(self, conn: ProviderConnection, request: ImageRequest, *, on_event: OnEvent) -> ImageResult:
        async def make_call(index: int, part: ImageRequest) -> CallResult:
            await announce(on_event, index)
            await asyncio.sleep(read_delay_s(conn))
            self._fail_as_told(conn, part)
            body = await asyncio.get_running_loop().run_in_executor(_drawing, draw_answer, part)
            answer = Answer(200, {"content-type": "application/json"}, body)
            received = await self.hand_on(conn, answer, on_event=on_event, call_index=index)
            return await self.read_call(conn, part, received)

        return await self.call_in_parts(request, make_call)

    def pictures_per_call(self, request: ImageRequest) -> int:
        """All of them: no answer is too large for a service on this machine."""
        return request.n

    def _fail_as_told(self, conn: ProviderConnection, request: ImageRequest) -> None:
        failure = FAILURES.get(str(conn.config.get("fail", "")))
        if failure:
            status = 500 if failure is ServiceFailed else None
            raise failure(charged="unknown" if failure is ProviderTimeout else "no", http_status=status)
        refused = conn.config.get("refuse")
        words = refused if isinstance(refused, list) else []
        if refused is True or any(str(word) in request.prompt for word in words):
            raise ContentRefused(words="The sandbox was told to refuse this.", categories=("sandbox",))

    def read_paid(self, answer: Answer, conn: ProviderConnection, *, part: ImageRequest, context: str) -> ReadAnswer:
        items = msgspec.json.decode(answer.body)["data"]
        return ReadAnswer(
            images=tuple(
                GeneratedImage(content=decode_picture(item["b64_json"]) or b"", seed=item["seed"]) for item in items
            ),
            cost_micros=0,
        )

    async def check_key(self, conn: ProviderConnection) -> KeyCheck:
        return KeyCheck(is_valid=True, reason="ok")

    async def list_models(self, conn: ProviderConnection) -> tuple[ListedModel, ...]:
        return (ListedModel(model_id="canvas", display_name="Sandbox Canvas"),)

    def class_error(self, answer: Answer, conn: ProviderConnection) -> ProviderError:
        return ServiceFailed()


def read_delay_s(conn: ProviderConnection) -> float:
    delay_s = conn.config.get("delay_s", 0)
    is_number = isinstance(delay_s, int | float) and not isinstance(delay_s, bool)
    return min(max(delay_s, 0.0), MAX_DELAY_S) if is_number else 0.0


def draw_answer(request: ImageRequest) -> bytes:
    """The pictures as the JSON that a service would send; each has a seed of its own, counted on from the first."""
    width, height = split_size(request.size) or DEFAULT_SIZE
    first_seed = crc32(request.prompt.encode()) if request.seed is None else request.seed
    items: list[dict[str, Any]] = []
    for index in range(request.n):
        picture = draw_picture(
            prompt=request.prompt,
            seed=first_seed + index,
            width_px=width,
            height_px=height,
            output_format=request.output_format or "png",
            background=request.background or "auto",
        )
        items.append({"b64_json": pybase64.b64encode(picture).decode(), "seed": first_seed + index})
    return msgspec.json.encode({"data": items})
