"""The API of a server process, asked by clients that wait longer than a busy machine takes."""

import http.client
from typing import Any

from src.ai.models import AIModel
from tests.ai.jobs.conftest import Api
from tests.reliability.load_processes import ServerProcess

TIMEOUT_S = 180.0


class PatientApi(Api):
    def __init__(self, server: ServerProcess, token: str, model: AIModel):
        super().__init__(server, token, model.pk)  # type: ignore[arg-type]  (it needs no more of it than `url`)

    def begin(
        self, method: str, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPConnection:
        connection = super().begin(method, path, body, headers)
        connection.sock.settimeout(TIMEOUT_S)
        return connection
