"""Each in a process of its own, since the switch is read when the module is."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

REACH = "from src.core.faults import is_armed, reach\n"


def start(code: str, file: Path | None) -> subprocess.Popen[str]:
    env = {"NEGAREH_FAULTS_FILE": str(file)} if file else {}
    command = [sys.executable, "-c", REACH + code]
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=env, stdout=subprocess.PIPE, text=True)


def output_of(code: str, file: Path | None) -> str:
    process = start(code, file)
    written, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    return written.splitlines()[-1]


@pytest.fixture
def arm(tmp_path):
    """`arm(sent={...})` makes the file of faults; returns its path."""

    def write(**faults) -> Path:
        path = tmp_path / "faults.json"
        path.with_suffix(".new").write_text(json.dumps(faults))
        path.with_suffix(".new").rename(path)
        return path

    return write


COUNT_ERRORS = """
numbers = []
for _ in range(5):
    try:
        reach("storing")
        numbers.append(0)
    except OSError as exc:
        numbers.append(exc.errno)
print(numbers)
"""


def test_without_a_file_nothing_is_armed_and_nothing_happens():
    assert output_of("reach('sent'); print(is_armed())", None) == "False"


def test_a_point_that_the_file_does_not_name_is_passed(arm):
    assert output_of("reach('sent'); print(is_armed())", arm(stored={"do": "kill"})) == "True"


def test_a_file_that_is_not_there_yet_names_no_point(tmp_path):
    assert output_of("reach('sent'); print(is_armed())", tmp_path / "later.json") == "True"


def test_it_kills_the_process(arm):
    process = start("reach('sent'); print('alive')", arm(sent={"do": "kill"}))
    written, _ = process.communicate(timeout=20)

    assert process.returncode == -signal.SIGKILL
    assert "alive" not in written


def test_it_stops_the_process_until_somebody_wakes_it(arm):
    process = start("reach('sent'); print('awake')", arm(sent={"do": "stop"}))
    _pid, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)

    process.send_signal(signal.SIGCONT)
    written, _ = process.communicate(timeout=20)

    assert (process.returncode, "awake" in written) == (0, True)


@pytest.mark.parametrize(("deed", "number"), [("enospc", errno.ENOSPC), ("eio", errno.EIO)])
def test_it_raises_the_error_once(arm, deed, number):
    assert output_of(COUNT_ERRORS, arm(storing={"do": deed})) == str([number, 0, 0, 0, 0])


def test_it_lets_the_first_passes_through_and_counts_down(arm):
    file = arm(storing={"do": "eio", "after": 2, "times": 2})

    assert output_of(COUNT_ERRORS, file) == str([0, 0, errno.EIO, errno.EIO, 0])


def test_without_a_number_it_is_done_always(arm):
    assert output_of(COUNT_ERRORS, arm(storing={"do": "eio", "times": None})) == str([errno.EIO] * 5)


def test_it_sleeps_so_long(arm):
    begin = time.monotonic()

    output_of("reach('sent'); print('')", arm(sent={"do": "sleep", "seconds": 1.5}))

    assert time.monotonic() - begin >= 1.5


def test_processes_count_down_together(arm, tmp_path):
    file, go = arm(storing={"do": "eio", "times": 700}), tmp_path / "go"
    code = f"""
from pathlib import Path
failed = 0
while not Path({str(go)!r}).exists():
    pass
for _ in range(400):
    try:
        reach("storing")
    except OSError:
        failed += 1
print(failed)
"""
    processes = [start(code, file) for _ in range(3)]
    time.sleep(2)
    go.touch()

    failed = [int(process.communicate(timeout=30)[0].splitlines()[-1]) for process in processes]

    assert sum(failed) == 700
    assert json.loads(file.read_text())["storing"]["times"] == 0


def test_an_unknown_deed_does_not_pass_for_success(arm):
    process = start("reach('sent')", arm(sent={"do": "explode"}))
    process.communicate(timeout=20)

    assert process.returncode == 1
