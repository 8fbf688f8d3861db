import time

import structlog

from src.core import log_seldom
from src.core.log_seldom import Seldom

log = structlog.get_logger("test")


def test_of_many_one_is_logged_by_its_kind(log_lines):
    seldom = Seldom(log, "not_sent")

    for _ in range(50):
        seldom.warn(OSError("redis://:sesame@host"))

    [line] = log_lines("not_sent")
    assert (line["error"], line["level"]) == ("OSError", "warning")
    assert "sesame" not in str(line)


def test_a_minute_later_the_next_one_is(log_lines, monkeypatch):
    monkeypatch.setattr(log_seldom, "EVERY_S", 0.1)
    seldom = Seldom(log, "not_sent")
    seldom.warn(OSError())
    time.sleep(0.1)

    seldom.warn(ValueError())

    assert [line["error"] for line in log_lines("not_sent")] == ["OSError", "ValueError"]


def test_events_do_not_hide_each_other(log_lines):
    Seldom(log, "not_sent").warn(OSError())
    Seldom(log, "not_heard").warn(OSError())

    assert len(log_lines("not_sent")) == len(log_lines("not_heard")) == 1
