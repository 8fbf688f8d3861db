"""A client of a server that may die at any moment: what it sent, and what it was told."""

import http.client
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.reliability.upstream import prompt_of

GENERATE = "/api/ai/admin/images/generate/"
JOBS = "/api/ai/admin/jobs/"
PATIENCE_S = 60.0
PAUSE_S = 0.05
BROKEN = (OSError, http.client.HTTPException)


@dataclass
class Submission:
    """`key` is its Idempotency-Key; `ids` are the jobs that answers named, `failures` answers that are defects."""

    number: int
    body: Mapping[str, Any]
    key: str = ""
    ids: set[str] = field(default_factory=set)
    statuses: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def job_id(self) -> str:
        """Of a submission that was answered with one job."""
        (found,) = self.ids
        return found


class Client:
    """Speaks as one person; every submission gets a number that its prompt carries."""

    def __init__(self, port: int, token: str, models: Mapping[str, int]):
        self._port, self._token, self._models = port, token, models
        self._number = 0
        self.submissions: list[Submission] = []
        self._threads: list[threading.Thread] = []

    def submit(self, slug: str = "openai", *, is_keyed: bool = False, **body: Any) -> Submission:
        """Sent until the server takes the connection; then once, or with a key, until it is answered."""
        made = self._make(slug, is_keyed, body)
        self.send(made)
        return made

    def begin(self, slug: str = "openai", *, is_keyed: bool = False, **body: Any) -> Submission:
        """`submit`, beside whatever comes next."""
        made = self._make(slug, is_keyed, body)
        thread = threading.Thread(target=self.send, args=(made,), name=f"client-{made.number}")
        self._threads.append(thread)
        thread.start()
        return made

    def _make(self, slug: str, is_keyed: bool, body: Mapping[str, Any]) -> Submission:
        self._number += 1
        sent = {"model_id": self._models[slug], "prompt": prompt_of(self._number), "wait": False, **body}
        made = Submission(self._number, sent, key=f"key-{self._number}" if is_keyed else "")
        self.submissions.append(made)
        return made

    def send(self, submission: Submission) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                self._send_once(submission)
                return
            except ConnectionRefusedError:
                pass
            except BROKEN:
                if not submission.key:
                    return
            time.sleep(PAUSE_S)

    def repeat_keyed(self) -> None:
        """Every submission with a key once more, as a client that never learned how it went."""
        for submission in self.submissions:
            if submission.key:
                self.send(submission)

    def wait_for_answers(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE_S)
        self._threads.clear()

    def _send_once(self, submission: Submission) -> None:
        headers = {"Idempotency-Key": submission.key} if submission.key else {}
        status, body = self.ask("POST", GENERATE, submission.body, headers)
        submission.statuses.append(status)
        told = body.get("data") or body.get("errors") or {}
        job_id = told.get("generation_id") or told.get("id") or body.get("generation_id")
        if job_id:
            submission.ids.add(job_id)
        if status >= 500 and body.get("code") == "internal_error" or status in (400, 401, 403, 422):
            submission.failures.append(f"{submission.number}: {status} {body.get('code')}")

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Raises OSError or HTTPException where the server died."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        sent = {"Authorization": f"Bearer {self._token}", "Accept-Language": "en", "Content-Type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), sent | dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(content)
