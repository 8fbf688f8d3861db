import pytest
from django.test import Client

from tests.factories import make_model, make_openai

DUMMY = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


@pytest.fixture
def readyz(db):
    return lambda: Client().get("/readyz")


def failed(answer):
    assert answer.status_code == 503
    assert answer.json()["status"] == "unavailable"
    return {name for name, outcome in answer.json()["checks"].items() if outcome == "failed"}


def test_a_process_that_answers_is_alive():
    answer = Client().get("/livez")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_it_is_ready_when_all_parts_are_there(readyz):
    answer = readyz()

    checks = dict.fromkeys(("database", "cache", "keyring", "storage"), "ok")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": checks})


def test_it_is_not_ready_without_a_keyring(readyz, settings, tmp_path):
    settings.KEYRING_FILE = tmp_path / "none.json"

    assert failed(readyz()) == {"keyring"}


def test_it_is_not_ready_with_a_broken_keyring(readyz, settings, tmp_path):
    settings.KEYRING_FILE = tmp_path / "broken.json"
    settings.KEYRING_FILE.write_text("{}")

    assert failed(readyz()) == {"keyring"}


def test_it_is_not_ready_with_a_cache_that_forgets(readyz, settings):
    settings.CACHES = DUMMY

    assert failed(readyz()) == {"cache"}


@pytest.mark.parametrize("name", ["INBOX_DIR", "MEDIA_ROOT"])
def test_it_is_not_ready_with_a_folder_that_takes_no_file(readyz, settings, tmp_path, name):
    (tmp_path / "file").write_text("in the way")
    setattr(settings, name, tmp_path / "file" / "folder")

    assert failed(readyz()) == {"storage"}


def test_it_leaves_nothing_behind(readyz, settings):
    readyz()

    for folder in (settings.INBOX_DIR, settings.MEDIA_ROOT):
        assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_why_is_in_the_log_and_not_in_the_answer(readyz, settings, tmp_path, log_lines):
    settings.KEYRING_FILE = tmp_path / "none.json"

    answer = readyz()

    assert [(line["check"], line["error"]) for line in log_lines("not_ready")] == [("keyring", "Misconfigured")]
    assert str(tmp_path) not in answer.content.decode()


def test_it_calls_no_provider(readyz, upstream):
    make_model(make_openai(upstream))

    readyz()

    assert upstream.requests == []
