"""The real server in a thread, for tests that need sockets: disconnects, caps, files, many at once."""

import threading
import time
from types import TracebackType

import uvicorn

STEP_S = 0.01
PATIENCE_S = 20.0


class Server:
    """Use as a context manager; `url` has no trailing slash. Leaving it is a graceful stop."""

    url: str

    def __enter__(self) -> "Server":
        from config.asgi import application

        config = uvicorn.Config(application, host="127.0.0.1", port=0, lifespan="on", log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="test-server")
        self._thread.start()
        deadline = time.monotonic() + PATIENCE_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the server did not start")
            time.sleep(STEP_S)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE_S)
