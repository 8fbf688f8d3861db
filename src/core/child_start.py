"""What a child process does to itself before its first task. Runs in the child, so it imports no Django."""

import os
import resource
import signal

NICENESS = 10


def limit_this_process(memory_bytes: int) -> None:
    """Less memory and priority than the server, no core dumps, and no environment: it may hold secrets."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)
    os.environ.clear()
    # A decoder deep in C never gets to run a Python handler, and would outlive its time limit by seconds.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
