"""Jobs at the backends that answer later: where each is asked for, and whether it is done.

Source: huggingface_hub 2.4.0, inference/_providers/fal_ai.py, wavespeed.py and zai_org.py, read 2026-11-24.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from src.ai.providers.answers import read_json
from src.ai.providers.contract import ProviderConnection
from src.ai.providers.errors import BrokenAnswer, ProviderError, ServiceFailed, clean_words
from src.ai.providers.json_values import dict_of
from src.core.outbound import Answer

PATH = re.compile(r"[A-Za-z0-9._:@+/-]{1,300}")
Payload = dict[str, Any]
JobState = Literal["pending", "done", "failed", "broken"]
WAVESPEED_STATES: dict[str, JobState] = {
    "created": "pending",
    "processing": "pending",
    "completed": "done",
    "failed": "failed",
}
ZAI_STATES: dict[str, JobState] = {"SUCCESS": "done", "FAIL": "failed"}


@dataclass(frozen=True, kw_only=True)
class Queue:
    """How a job is asked for. `job_path` reads the submit's answer; where `result_is_apart`, the state is at
    `/status` below the path and the result at the path itself."""

    job_path: Callable[[Payload], str]
    state: Callable[[Payload], JobState]
    query: str = ""
    result_is_apart: bool = False


def fal_job(submitted: Payload) -> str:
    """The path is the service's own: it may name another model than the one that was asked."""
    return _path_of(submitted.get("response_url")) if submitted.get("request_id") else ""


def fal_state(document: Payload) -> JobState:
    if not isinstance(document.get("status"), str):
        return "broken"
    return "done" if document["status"] == "COMPLETED" else "pending"


def wavespeed_job(submitted: Payload) -> str:
    return _path_of(dict_of(dict_of(submitted.get("data")).get("urls")).get("get"))


def wavespeed_state(document: Payload) -> JobState:
    return WAVESPEED_STATES.get(str(dict_of(document.get("data")).get("status")), "broken")


def zai_job(submitted: Payload) -> str:
    task_id = submitted.get("id")
    return f"/api/paas/v4/async-result/{task_id}" if isinstance(task_id, str) and task_id else ""


def zai_state(document: Payload) -> JobState:
    status = document.get("task_status")
    return ZAI_STATES.get(status, "pending") if isinstance(status, str) else "broken"


def _path_of(url: Any) -> str:
    """The path of a URL that names the backend's own host; the router has the same path below the backend's name."""
    try:
        return urlsplit(url).path if isinstance(url, str) else ""
    except ValueError:
        return ""


def is_path(text: Any) -> bool:
    """Whether it can stand in a path and stays below it."""
    if not isinstance(text, str) or not PATH.fullmatch(text):
        return False
    return not any(part in ("", ".", "..") for part in text.split("/"))


QUEUES = {
    "fal-ai": Queue(job_path=fal_job, state=fal_state, query="?_subdomain=queue", result_is_apart=True),
    "wavespeed": Queue(job_path=wavespeed_job, state=wavespeed_state),
    "zai-org": Queue(job_path=zai_job, state=zai_state),
}


def backend_of(handle: str) -> str:
    return handle.partition("/")[0]


def queue_of(handle: str) -> Queue:
    return QUEUES[backend_of(handle)]


def is_handle(handle: str) -> bool:
    """A handle is the job's path below the router: `fal-ai/fal-ai/flux-2/requests/764cabcf`."""
    return is_path(handle) and "/" in handle and backend_of(handle) in QUEUES


def new_handle(submitted: Answer, backend: str, conn: ProviderConnection) -> str:
    """The handle of the job that the answer names; "" if it holds the result already."""
    queue, document = QUEUES[backend], dict_of(read_json(submitted))
    if document.get("images") if queue.result_is_apart else is_done(submitted, queue, conn):
        return ""
    handle = backend + queue.job_path(document)
    if not is_handle(handle):
        raise BrokenAnswer(charged="unknown", reason="no_job")
    return handle


def handle_in(submitted: Answer, backend: str, conn: ProviderConnection) -> str:
    """`new_handle`, or "" for an answer without a job, which is then all that there is to be read."""
    try:
        return new_handle(submitted, backend, conn)
    except ProviderError:
        return ""


def is_done(answer: Answer, queue: Queue, conn: ProviderConnection) -> bool:
    """Raises ServiceFailed for a job that failed, BrokenAnswer for an answer without a state."""
    document = dict_of(read_json(answer))
    state = queue.state(document)
    if state == "failed":
        words = clean_words(dict_of(document.get("data")).get("error"), conn.key)
        raise ServiceFailed(charged="unknown", reason="job_failed", words=words)
    if state == "broken":
        raise BrokenAnswer(charged="unknown", reason="no_job_state")
    return state == "done"
