"""What the kernel says of a process: CPU time, memory, threads. Linux only."""

import os
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Reading:
    cpu_ms: float
    rss_mb: float
    threads: int


def read(pid: int) -> Reading:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    cpu_ms = (int(fields[11]) + int(fields[12])) * 1000 / TICKS_PER_S
    return Reading(cpu_ms, pages * PAGE_BYTES / 1e6, int(fields[17]))


def pin(pid: int, cpu: int) -> None:
    """Server on one core, upstream and load on another, where there are two."""
    if cpu in os.sched_getaffinity(0):
        os.sched_setaffinity(pid, {cpu})
