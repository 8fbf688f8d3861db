"""Named points at which tests make the process fail; without NEGAREH_FAULTS_FILE each costs one `if`.

The file is JSON, read anew at each point: {"point": {"do", "times", "after", "seconds"}}. `do` is `kill` (SIGKILL to
this process), `stop` (SIGSTOP), `enospc` or `eio` (OSError), or `sleep` (`seconds`, blocking). It is done `times`
times (null: always), the first `after` passes let through; both count down in the file, for all processes together.
Replace the file by renaming another over it.
"""

import errno
import fcntl
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

log = structlog.get_logger("negareh.faults")

FAULTS_FILE = os.environ.get("NEGAREH_FAULTS_FILE", "")


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    do: str
    times: int | None = 1
    after: int = 0
    seconds: float = 1.0


def is_armed() -> bool:
    """Whether this process can be made to fail; never so in production."""
    return bool(FAULTS_FILE)


def reach(point: str) -> None:
    """Fail here if the file says so. Raises OSError for `enospc` and `eio`."""
    if FAULTS_FILE:
        fault = _take(Path(FAULTS_FILE), point)
        if fault is not None:
            log.warning("fault", point=point, do=fault.do)
            DEEDS[fault.do](fault)


def _take(path: Path, point: str) -> Fault | None:
    """The fault that is due at `point`, counted down. No file: none is due."""
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        return None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        faults = msgspec.json.decode(file.read(), type=dict[str, Fault])
        fault = faults.get(point)
        if fault is None or fault.times == 0:
            return None
        is_due = fault.after == 0
        if not is_due:
            fault.after -= 1
        elif fault.times is not None:
            fault.times -= 1
        file.seek(0)
        file.write(msgspec.json.encode(faults))
        file.truncate()
    return fault if is_due else None


def _send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def _fail_with(number: int) -> None:
    raise OSError(number, os.strerror(number))


DEEDS: dict[str, Callable[[Fault], None]] = {
    "kill": lambda _fault: _send(signal.SIGKILL),
    "stop": lambda _fault: _send(signal.SIGSTOP),
    "enospc": lambda _fault: _fail_with(errno.ENOSPC),
    "eio": lambda _fault: _fail_with(errno.EIO),
    "sleep": lambda fault: time.sleep(fault.seconds),
}
