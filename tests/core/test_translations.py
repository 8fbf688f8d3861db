import gettext
import os

import pytest

from src.core.translations import compile_messages

CATALOGUE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Done."
msgstr "{done}"

#, fuzzy
msgid "Not found."
msgstr "a guess"
"""


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "fa" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(CATALOGUE.format(done="انجام شد."))
    return path


def read(path):
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)


def test_a_catalogue_is_compiled_without_system_gettext(tmp_path, source, monkeypatch):
    monkeypatch.setenv("PATH", "")

    assert compile_messages(tmp_path) == [source.with_suffix(".mo")]
    assert read(source.with_suffix(".mo")).gettext("Done.") == "انجام شد."


def test_a_guessed_translation_is_left_out(tmp_path, source):
    compile_messages(tmp_path)

    assert read(source.with_suffix(".mo")).gettext("Not found.") == "Not found."


def test_an_up_to_date_catalogue_is_left_alone(tmp_path, source):
    compile_messages(tmp_path)

    assert compile_messages(tmp_path) == []


def test_a_changed_catalogue_is_compiled_again(tmp_path, source):
    compile_messages(tmp_path)
    source.write_text(CATALOGUE.format(done="تمام."))
    later = source.stat().st_mtime + 5
    os.utime(source, (later, later))

    assert len(compile_messages(tmp_path)) == 1
    assert read(source.with_suffix(".mo")).gettext("Done.") == "تمام."
