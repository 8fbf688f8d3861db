"""A zip of 500 MB, streamed to a client that reads as fast as it can: `python -m bench.zipping`."""

import json
import threading
import time
import urllib.request
from dataclasses import dataclass

from bench import processes
from bench.stage import Stage, set_stage

PICTURES, PICTURE_BYTES = 250, 2_000_000
READ_BYTES = 1024 * 1024

FILL = f"""
import json, os
from django.core.files.base import ContentFile
from src.accounts.models import User
from src.media.inspection import PictureFacts
from src.media.services.assets import AssetDetails, create_asset
from src.media.services.originals import store_original
owner = User.objects.get(username="bench")
facts = PictureFacts("image/png", 1024, 1024, {PICTURE_BYTES})
made = [create_asset(original=store_original(content=os.urandom({PICTURE_BYTES}), facts=facts),
                     details=AssetDetails(owner.pk, title=f"picture {{n}}")) for n in range({PICTURES})]
print(json.dumps([str(asset.pk) for asset in made]))
"""


@dataclass(frozen=True)
class Zipped:
    megabytes: float
    wall_s: float
    rss_idle_mb: float
    rss_peak_mb: float


def measure_zip() -> Zipped:
    """RSS of the server before, and at its peak while the zip is on its way."""
    with set_stage(picture_bytes=1_000, script=FILL) as stage:
        ids = json.loads(stage.printed)
        _download(stage, ids[:2])
        idle = processes.read(stage.server_pid)
        peaks, done = [idle.rss_mb], threading.Event()

        def watch() -> None:
            while not done.wait(0.02):
                peaks.append(processes.read(stage.server_pid).rss_mb)

        watcher = threading.Thread(target=watch)
        watcher.start()
        started = time.perf_counter()
        received = _download(stage, ids)
        wall_s = time.perf_counter() - started
        done.set()
        watcher.join()
        return Zipped(received / 1e6, wall_s, idle.rss_mb, max(peaks))


def _download(stage: Stage, ids: list[str]) -> int:
    """Bytes received, all of them thrown away."""
    request = urllib.request.Request(
        f"{stage.server_url}/api/media/zip/",
        json.dumps({"ids": ids}).encode(),
        {"Authorization": f"Bearer {stage.token}", "Content-Type": "application/json"},
    )
    received = 0
    with urllib.request.urlopen(request, timeout=120) as answer:
        while piece := answer.read(READ_BYTES):
            received += len(piece)
        if received != int(answer.headers["Content-Length"]):
            raise RuntimeError(f"only {received} bytes came")
    return received


if __name__ == "__main__":
    print(measure_zip())
