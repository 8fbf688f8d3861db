"""A provider that costs next to nothing per request: `python -m bench.upstream PORT PICTURE_BYTES`.

Answers every POST like OpenAI's images API with one picture, after the delay that the model's name ends in:
`bench-2000` is two seconds.
"""

import asyncio
import base64
import json
import re
import struct
import sys
import zlib
from random import Random

MODEL_DELAY = re.compile(rb'"model"\s*:\s*"bench-(\d+)"')
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)


def noise_png(target_bytes: int) -> bytes:
    """A valid PNG of about `target_bytes`: random pixels, stored nearly as they are."""
    edge = max(8, int((target_bytes / 3) ** 0.5))
    random = Random(1)  # noqa: S311 (the same picture each time)
    rows = b"".join(b"\0" + random.randbytes(edge * 3) for _ in range(edge))

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", edge, edge, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")


def whole_answer(picture: bytes) -> bytes:
    usage = {"input_tokens": 50, "output_tokens": 1056, "total_tokens": 1106}
    document = {"created": 1, "data": [{"b64_json": base64.b64encode(picture).decode()}], "usage": usage}
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Provider(asyncio.Protocol):
    def __init__(self, answer: bytes):
        self._answer, self._buffer = answer, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        length = CONTENT_LENGTH.search(head)
        if not separator or len(rest) < int(length.group(1) if length else 0):
            return
        self._buffer = b""
        delay = MODEL_DELAY.search(rest)
        asyncio.get_running_loop().call_later(int(delay.group(1)) / 1000 if delay else 0, self._send)

    def _send(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(self._answer)  # type: ignore[attr-defined]


async def main(port: int, picture_bytes: int) -> None:
    answer = whole_answer(noise_png(picture_bytes))
    server = await asyncio.get_running_loop().create_server(lambda: Provider(answer), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
