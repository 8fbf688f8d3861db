"""Hugging Face: one key and one router in front of several inference backends; the hub says which serves a model.

Source: huggingface_hub 2.4.0, inference/_client.py, hf_api.py and utils/_http.py, and hub-docs 242f4a1e
(inference-providers/hub-api.md, hub/rate-limits.md), read 2026-11-24.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Collection
from typing import Any
from urllib.parse import urlencode

from src.ai.providers.answers import read_json
from src.ai.providers.base import Adapter
from src.ai.providers.call_parts import report_handle
from src.ai.providers.contract import (
    CallResult,
    ImageEditRequest,
    ImageLink,
    ImageRequest,
    ImageResult,
    KeyCheck,
    ListedModel,
    OnEvent,
    ProviderConnection,
    ReadAnswer,
    Received,
)
from src.ai.providers.errors import BrokenAnswer, ProviderError, ProviderTimeout, Rejected
from src.ai.providers.huggingface.backends import BACKENDS, HUB, IMAGE_TO_IMAGE, TEXT_TO_IMAGE, Served, untellable
from src.ai.providers.huggingface.errors import class_document, is_told
from src.ai.providers.huggingface.hub_answers import Kept, fingerprint, next_page, path_of, read_mapping, read_whoami
from src.ai.providers.huggingface.jobs import backend_of, handle_in, is_done, is_handle, is_path, new_handle, queue_of
from src.ai.providers.huggingface.pictures_in import read_answer
from src.ai.providers.json_values import dict_of
from src.ai.providers.key_checks import verdict_on
from src.ai.providers.openai_errors import charge_of_error, page_error
from src.core.outbound import Answer, origin_of

MAX_PAGES = 10
MAX_ASKED = 500
ASKED_AT_ONCE = 8
POLL_PAUSE_S = 1.0
FIRST_POLL_PAUSE_S = 0.25
POLL_TRIES = 4
CAPABILITIES = {TEXT_TO_IMAGE: "image", IMAGE_TO_IMAGE: "image_edit"}
SUBMITTED = " submitted"
ORGANIZATION = re.compile(r"[A-Za-z0-9._-]{1,100}")


class HuggingFace(Adapter):
    """Config of a row: `backend` names the only inference backend to use, `bill_to` an organization that pays."""

    slug = "huggingface"
    label = "Hugging Face"
    base_url = "https://router.huggingface.co"
    edits_images = True
    max_references = 1
    # As base64, and four times in the JSON for Replicate.
    reference_bytes = 8 * 1024 * 1024
    resumes_calls = True
    one_picture_per_call = True
    parameters = frozenset({"size", "seed", "negative_prompt"})
    key_check = "GET /api/whoami-v2"
    listed_capabilities = frozenset({"image", "image_edit"})

    def __init__(self) -> None:
        self._mappings = Kept[tuple[Served, ...]](keep_s=600)
        self._key_checks = Kept[KeyCheck](keep_s=60)

    async def generate(self, conn: ProviderConnection, request: ImageRequest, *, on_event: OnEvent) -> ImageResult:
        served = await self.find_backend(conn, request)
        if name := untellable(served, request):
            raise Rejected(reason="unsupported_parameter", field=name)
        backend = BACKENDS[served.backend]
        picture = backend.picture_of(request)

        async def make_call(index: int, part: ImageRequest) -> CallResult:
            payload = backend.to_payload(served, part, picture)
            received = await self._pay(conn, served, payload, call_index=index, on_event=on_event)
            return await self.read_call(conn, part, received)

        return await self.call_in_parts(request, make_call)

    async def edit(self, conn: ProviderConnection, request: ImageEditRequest, *, on_event: OnEvent) -> ImageResult:
        return await self.generate(conn, request, on_event=on_event)

    async def resume(
        self, conn: ProviderConnection, request: ImageRequest, *, handle: str, call_index: int, on_event: OnEvent
    ) -> CallResult:
        if not is_handle(handle):
            raise Rejected(charged="unknown", reason="no_resuming")
        answer = await self._wait_for(conn, handle, ends_at=time.monotonic() + conn.timeout_s)
        received = await self.hand_on(
            conn, answer, on_event=on_event, call_index=call_index, context=backend_of(handle)
        )
        return await self.read_received(conn, request, received=received)

    async def _pay(
        self, conn: ProviderConnection, served: Served, payload: dict[str, Any], *, call_index: int, on_event: OnEvent
    ) -> Received:
        """The answer that holds the pictures, handed on with the backend's name as its context."""
        backend = BACKENDS[served.backend]
        ends_at, context = time.monotonic() + conn.timeout_s, served.backend
        try:
            answer = await self.submit(
                conn,
                f"/{served.backend}{backend.path(served)}",
                payload,
                on_event=on_event,
                call_index=call_index,
                headers={"Accept": "image/png", **extra_headers(conn, served.backend)},
            )
        except Rejected as exc:
            if exc.reason == "model_gone":
                self._mappings.drop((self.hub_of(conn), served.model_id))
            raise
        if served.task in backend.queued_tasks:
            if handle := handle_in(answer, served.backend, conn):
                await report_handle(on_event, handle, call_index)
                answer = await self._wait_for(conn, handle, ends_at=ends_at)
            else:
                context = served.backend + SUBMITTED
        return await self.hand_on(conn, answer, on_event=on_event, call_index=call_index, context=context)

    async def _wait_for(self, conn: ProviderConnection, handle: str, *, ends_at: float) -> Answer:
        """Ask for the job until it is done; the answer that holds its pictures. Quick models are asked sooner."""
        queue, pause_s = queue_of(handle), FIRST_POLL_PAUSE_S
        result_path = f"/{handle}{queue.query}"
        state_path = f"/{handle}/status{queue.query}" if queue.result_is_apart else result_path
        while not is_done(answer := await self._ask(conn, state_path, handle, ends_at=ends_at), queue, conn):
            if time.monotonic() + pause_s >= ends_at:
                raise ProviderTimeout(charged="unknown")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, POLL_PAUSE_S)
        return await self._ask(conn, result_path, handle, ends_at=ends_at) if queue.result_is_apart else answer

    async def _ask(self, conn: ProviderConnection, path: str, handle: str, *, ends_at: float) -> Answer:
        """A free GET about a paid job, tried again after failures that may pass. Whatever it raises, the job was
        taken; one that is not found is no model that is gone."""
        for tries_left in reversed(range(POLL_TRIES)):
            try:
                return await self.call(conn, "GET", path, headers=extra_headers(conn, backend_of(handle)))
            except ProviderError as exc:
                if isinstance(exc, Rejected) and exc.reason == "model_gone":
                    raise BrokenAnswer(charged="unknown", reason="job_gone") from exc
                exc.charged = "unknown"
                pause_s = max(exc.retry_after_s or 0.0, POLL_PAUSE_S)
                if exc.permanent or not tries_left or time.monotonic() + pause_s >= ends_at:
                    raise
            await asyncio.sleep(pause_s)
        raise ProviderTimeout(charged="unknown")

    def read_paid(self, answer: Answer, conn: ProviderConnection, *, part: ImageRequest, context: str) -> ReadAnswer:
        """`context` is the backend's name, with SUBMITTED if the answer is the one to the submit of a job."""
        backend = context.removesuffix(SUBMITTED)
        if backend not in BACKENDS:
            raise BrokenAnswer(charged="unknown", reason="no_backend")
        if context.endswith(SUBMITTED):
            new_handle(answer, backend, conn)
        return read_answer(answer, conn, backend=backend, seed=part.seed)

    def link_headers(self, conn: ProviderConnection, link: ImageLink) -> dict[str, str]:
        """Links lead to the backends' own stores, which know no key of ours."""
        return {}

    async def check_key(self, conn: ProviderConnection) -> KeyCheck:
        """The hub limits this call strictly, so a good key is asked about once a minute at most."""
        asked = (origin_of(self.hub_of(conn)), fingerprint(conn))
        kept = self._key_checks.get(asked)
        if kept is not None:
            return kept
        try:
            answer = await self.call(conn, "GET", "/api/whoami-v2", base_url=self.hub_of(conn))
        except ProviderError as exc:
            return verdict_on(exc)
        check = read_whoami(read_json(answer))
        if check.is_valid:
            self._key_checks.put(asked, check)
        return check

    async def list_models(self, conn: ProviderConnection) -> tuple[ListedModel, ...]:
        """The most used ones: those with a backend that is spoken here, from the first pages of a list of thousands."""
        found: dict[str, set[str]] = {}
        for task in CAPABILITIES:
            async for item in self._listed(conn, task):
                for served in read_mapping(item.get("id"), item.get("inferenceProviderMapping")):
                    found.setdefault(served.model_id, set()).add(CAPABILITIES[served.task])
        return tuple(ListedModel(model_id=name, capabilities=tuple(sorted(can))) for name, can in found.items())

    async def find_vanished(self, conn: ProviderConnection, unlisted: Collection[str]) -> frozenset[str]:
        """The list ends long before the last model, so each of the others is asked about, a few at a time."""
        asked, gone = sorted(unlisted)[:MAX_ASKED], set()
        for first in range(0, len(asked), ASKED_AT_ONCE):
            batch = asked[first : first + ASKED_AT_ONCE]
            found = await asyncio.gather(*(self._is_served(conn, each) for each in batch), return_exceptions=True)
            for model_id, is_served in zip(batch, found, strict=True):
                if isinstance(is_served, BaseException):
                    raise is_served
                if not is_served:
                    gone.add(model_id)
        return frozenset(gone)

    async def _is_served(self, conn: ProviderConnection, model_id: str) -> bool:
        try:
            return bool(await self._mapping_of(conn, model_id))
        except Rejected as exc:
            if exc.reason != "model_gone":
                raise
            return False

    async def _listed(self, conn: ProviderConnection, task: str) -> AsyncIterator[dict[str, Any]]:
        url = f"{self.hub_of(conn)}/api/models?" + urlencode(
            {
                "inference_provider": "all",
                "pipeline_tag": task,
                "expand[]": "inferenceProviderMapping",
                "limit": 100,
            }
        )
        for _page in range(MAX_PAGES):
            answer = await self.call(conn, "GET", path_of(url), base_url=origin_of(url))
            items = read_json(answer)
            if not isinstance(items, list):
                raise BrokenAnswer(reason="not_json")
            for item in items:
                yield dict_of(item)
            url = next_page(answer, url)
            if not url:
                return

    async def find_backend(self, conn: ProviderConnection, request: ImageRequest) -> Served:
        """Raises Rejected(model_gone) for a model that no backend serves now, or not the one of the row's config."""
        task = IMAGE_TO_IMAGE if isinstance(request, ImageEditRequest) else TEXT_TO_IMAGE
        wanted = conn.config.get("backend")
        for served in await self._mapping_of(conn, request.model_id):
            if served.task == task and (not wanted or served.backend == wanted):
                return served
        raise Rejected(reason="model_gone")

    async def _mapping_of(self, conn: ProviderConnection, model_id: str) -> tuple[Served, ...]:
        if not is_path(model_id):
            raise Rejected(reason="model_gone")
        hub = self.hub_of(conn)
        mapping = self._mappings.get((hub, model_id))
        if mapping is None:
            path = f"/api/models/{model_id}?" + urlencode({"expand[]": "inferenceProviderMapping"})
            try:
                document = read_json(await self.call(conn, "GET", path, base_url=hub))
            except ProviderError as exc:
                exc.charged = "no"
                raise
            if not isinstance(document, dict):
                raise BrokenAnswer(charged="no", reason="not_json")
            mapping = read_mapping(model_id, document.get("inferenceProviderMapping"))
            if mapping:
                self._mappings.put((hub, model_id), mapping)
        return mapping

    def hub_of(self, conn: ProviderConnection) -> str:
        """A key goes only to Hugging Face or to the origin that it was entered for."""
        is_own = origin_of(conn.base_url) == origin_of(self.base_url)
        return HUB if is_own else conn.base_url.rstrip("/")

    def class_error(self, answer: Answer, conn: ProviderConnection) -> ProviderError:
        document = read_json(answer)
        if page := page_error(answer, document):
            return page
        charged = charge_of_error(answer, is_told=is_told(document))
        return class_document(document, answer, conn.key, charged=charged)


def extra_headers(conn: ProviderConnection, backend: str) -> dict[str, str]:
    bill_to = conn.config.get("bill_to")
    is_name = isinstance(bill_to, str) and ORGANIZATION.fullmatch(bill_to)
    return {**BACKENDS[backend].headers, **({"X-HF-Bill-To": str(bill_to)} if is_name else {})}
