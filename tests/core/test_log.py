import logging
import subprocess
import sys

import pytest
import structlog
from django.conf import settings

log = structlog.get_logger("negareh.test")

KEYS = [
    "sk-0123456789abcdef",
    "sk-proj-0123_4567-89abcdef",
    "sk-or-v1-0123456789abcdef",
    "sk-ant-api03-0123456789",
    "AIzaSyA0123456789_abcdefghijklmnopqrs",
    "hf_0123456789abcdef",
    "gsk_0123456789abcdef",
    "ngr_0123456789abcdefghijABCDEFGHIJ012345",
    "whsec_0123456789+/abcdefghijABCDEFGHIJ==",
    "Bearer 0123456789.abcdef",
    "bearer abcdefgh+/=~",
]


class Odd:
    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return f"Odd({self.text})"


def fail_with(key: str) -> None:
    try:
        raise ValueError(f"refused {key}")
    except ValueError:
        log.exception("failed")


@pytest.mark.parametrize("key", KEYS)
def test_whatever_looks_like_a_key_is_struck_out(log_lines, key):
    log.info("event", url=f"https://a.example/?key={key}&x=1")

    [line] = log_lines()
    assert line["url"] == "https://a.example/?key=[key]&x=1"


@pytest.mark.parametrize("key", ["sk-0123456789abcdef", "Bearer 0123456789.abcdef"])
@pytest.mark.parametrize(
    "write",
    [
        lambda key: log.info(f"event {key}"),
        lambda key: log.info("event %s", key),
        lambda key: log.info("event", headers={"Authorization": key}),
        lambda key: log.info("event", tried=[("first", key)]),
        lambda key: log.info("event", error=ValueError(key)),
        lambda key: log.info("event", value=Odd(key)),
        lambda key: log.info("event", body=key.encode()),
        lambda key: logging.getLogger("other").warning("event %s", key),
        fail_with,
    ],
    ids=["event", "args", "mapping", "list", "error", "object", "bytes", "stdlib", "traceback"],
)
def test_a_key_is_struck_out_wherever_it_stands(log_lines, key, write):
    write(key)

    [line] = log_lines()
    assert "[key]" in str(line)
    assert "0123456789" not in str(line)


def test_other_values_are_written_as_they_are(log_lines):
    log.info("گربه", count=3, share=0.5, is_done=True, nothing=None, names=["a"], parts={"b": 1})

    [line] = log_lines()
    assert line["event"] == "گربه"
    found = {name: line[name] for name in ("count", "share", "is_done", "nothing", "names", "parts")}
    assert found == {
        "count": 3,
        "share": 0.5,
        "is_done": True,
        "nothing": None,
        "names": ["a"],
        "parts": {"b": 1},
    }


def test_a_line_tells_its_logger_level_and_moment(log_lines):
    log.warning("event")

    [line] = log_lines()
    assert (line["logger"], line["level"]) == ("negareh.test", "warning")
    assert line["timestamp"].endswith("Z")


def test_a_traceback_is_in_the_line(log_lines):
    fail_with("nothing")

    [line] = log_lines()
    assert line["exception"].startswith("Traceback")
    assert "ValueError: refused nothing" in line["exception"]


def test_the_console_format_writes_tracebacks_without_a_warning():
    script = """
import django, structlog
django.setup()
try:
    raise ValueError("refused sk-0123456789abcdef")
except ValueError:
    structlog.get_logger("a").exception("failed")
"""
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env={
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_FORMAT": "console",
            "NEGAREH_VAR_DIR": str(settings.VAR_DIR),
        },
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.stderr == ""
    assert "ValueError: refused [key]" in found.stdout
