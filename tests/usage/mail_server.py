"""A mail server that refuses one address."""

import re
import threading
import time
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, cast

REPLIES = {"EHLO": "250 here", "DATA": "354 go on", "QUIT": "221 bye"}


class MailServer(ThreadingTCPServer):
    """Listens on a free port of loopback while it is entered; `taken` are the addresses of the letters it took."""

    def __init__(self, *, refuses: str):
        super().__init__(("127.0.0.1", 0), Session)
        self.refuses, self.taken = refuses, cast(list[str], [])

    @property
    def address(self) -> tuple[str, int]:
        return cast(tuple[str, int], self.server_address)

    def __enter__(self) -> "MailServer":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(self, *_exc: Any) -> None:
        self.shutdown()
        self.server_close()

    def wait_for(self, count: int) -> list[str]:
        """`taken`, once there are so many."""
        deadline = time.monotonic() + 10
        while len(self.taken) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.taken


class Session(StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 here")
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            verb = line.split(":")[0].split(" ")[0].upper()
            if verb == "RCPT":
                recipient = re.search("<(.*)>", line)[1]
            is_refused = verb == "RCPT" and recipient == self.server.refuses
            self._say("550 unknown" if is_refused else REPLIES.get(verb, "250 fine"))
            if verb == "DATA":
                self._take_letter(recipient)

    def _take_letter(self, recipient: str) -> None:
        while self.rfile.readline() != b".\r\n":
            pass
        self.server.taken.append(recipient)
        self._say("250 taken")

    def _say(self, reply: str) -> None:
        self.wfile.write(f"{reply}\r\n".encode())
