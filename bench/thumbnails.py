"""1,000 thumbnails (320 px, WebP) on two processes: `python -m bench.thumbnails` prints one JSON line."""

import asyncio
import io
import json
import math
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter

from src.core.child_processes import ChildProcesses
from src.media.decoding import render

COUNT, DIFFERENT, SIDE, SIZE, PROCESSES = 1_000, 20, 1024, 320, 2
OPTIONS = {"png": {}, "jpeg": {"quality": 90}}


@dataclass(frozen=True)
class Speed:
    per_second: float
    picture_kb: float


def measure_thumbnails() -> dict[str, Speed]:
    """Pictures per second by format of the original, from file to file."""
    return {format: _measure(format) for format in OPTIONS}


def _measure(format: str) -> Speed:
    with tempfile.TemporaryDirectory(prefix="negareh-bench-") as folder:
        sources = list(_write_pictures(Path(folder), format))
        children = ChildProcesses(processes=PROCESSES, timeout_s=30, memory_bytes=2**31)
        try:
            elapsed_s = asyncio.run(_make_all(children, sources, Path(folder)))
        finally:
            children.stop()
        return Speed(COUNT / elapsed_s, sum(path.stat().st_size for path in sources) / len(sources) / 1000)


async def _make_all(children: ChildProcesses, sources: list[Path], folder: Path) -> float:
    await asyncio.gather(
        *[_make(children, sources[0], folder / f"warm-{index}.webp") for index in range(PROCESSES * 2)]
    )
    started = time.perf_counter()
    targets = [folder / f"{index}.webp" for index in range(COUNT)]
    await asyncio.gather(
        *[_make(children, sources[index % len(sources)], target) for index, target in enumerate(targets)]
    )
    return time.perf_counter() - started


async def _make(children: ChildProcesses, source: Path, target: Path) -> None:
    await children.run(render, str(source), str(target), SIZE, "webp", "")


def _write_pictures(folder: Path, format: str) -> Iterator[Path]:
    for index in range(DIFFERENT):
        path, out = folder / f"{index}.{format}", io.BytesIO()
        _photo(index).save(out, format, **OPTIONS[format])
        path.write_bytes(out.getvalue())
        yield path


def _photo(index: int) -> Image.Image:
    """As a photo is to an encoder: soft shapes, edges, and grain."""
    bands = []
    for band in range(3):
        shapes = Image.effect_noise((9 + index % 5, 9 + band), 120).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        edges = (
            Image.effect_noise((SIDE // 16, SIDE // 16), 90).resize((SIDE, SIDE)).filter(ImageFilter.GaussianBlur(2))
        )
        grain = Image.effect_noise((SIDE, SIDE), 6 + math.floor(index / 4))
        bands.append(ImageChops.add(ImageChops.blend(shapes, edges, 0.3), grain, 1, -128))
    return Image.merge("RGB", bands)


if __name__ == "__main__":
    print(json.dumps({name: asdict(speed) for name, speed in measure_thumbnails().items()}))
