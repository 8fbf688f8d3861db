"""The played providers with a picture of its own for every paid call, so that each can be told from all others."""

import base64
import hashlib
import io
import re
from collections import Counter
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from PIL import Image, PngImagePlugin

from tests.upstream import Upstream
from tests.upstream.pictures import Sketch
from tests.upstream.recording import RecordedRequest
from tests.upstream.wire import Answer

NUMBER = re.compile(rb"picture number (\d+)")
BASE64 = re.compile(rb'"([A-Za-z0-9+/]{100,}={0,2})"')
URL = re.compile(rb'"(http://127\.0\.0\.1:\d+/[^"]+)"')


def prompt_of(number: int) -> str:
    return f"picture number {number}"


@dataclass(frozen=True)
class PaidCall:
    """A paid POST: the number in its prompt, and the picture that it was, or would have been, answered with."""

    number: int
    sha256: str


class NumberedUpstream(Upstream):
    def reset(self) -> None:
        super().reset()
        self.paid: list[PaidCall] = []
        self._serials: Counter[int] = Counter()

    def _ask_service(self, request: RecordedRequest, sketch: Sketch) -> Answer:
        found = NUMBER.search(request.body)
        if request.is_paid and found:
            number = int(found[1])
            self._serials[number] += 1
            picture = _draw(f"{number}.{self._serials[number]}")
            self.paid.append(PaidCall(number, _sha256(picture)))
            sketch = replace(sketch, picture=picture)
        return super()._ask_service(request, sketch)

    def pictures_in(self, answer: bytes) -> set[str]:
        """The sha256 of the pictures that a paid answer of these services holds, or links to."""
        whole = {_sha256(base64.b64decode(found)) for found in BASE64.findall(answer)}
        paths = [urlsplit(found.decode()).path for found in URL.findall(answer)]
        return whole | {_sha256(self._shelf[path]) for path in paths if path in self._shelf}


def _draw(text: str) -> bytes:
    about = PngImagePlugin.PngInfo()
    about.add_text("Number", text)
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (40, 90, 160)).save(out, "png", pnginfo=about)
    return out.getvalue()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
