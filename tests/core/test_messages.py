"""Every code is used, every used code exists, every text is Persian too."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.validators import ProhibitNullCharactersValidator
from django.utils import translation
from rest_framework import serializers

from src.core.messages import all_messages, is_registered, register, text_for

CODES = sorted(all_messages())
PARAM = re.compile(r"%\((\w+)\)s")
PERSIAN_LETTER = re.compile("[\u0621-\u063a\u0641-\u064a\u067e\u0686\u0698\u06a9\u06af\u06cc]")
RAISED_BY_DRF = {
    *serializers.Field.default_error_messages,
    *serializers.CharField.default_error_messages,
    *serializers.ChoiceField.default_error_messages,
    ProhibitNullCharactersValidator.code,
}
IN_TEMPLATES = re.compile(r'{% message "(\w+)"')
TAKES_A_CODE_FIRST = {
    "AppError",
    "BadGateway",
    "BadRequest",
    "Conflict",
    "FieldError",
    "Forbidden",
    "GatewayTimeout",
    "Misconfigured",
    "NotFound",
    "PaymentRequired",
    "TooManyRequests",
    "Unavailable",
    "Unprocessable",
    "failure_body",
    "success",
    "text_for",
}


def modules() -> Iterator[ast.Module]:
    for path in sorted((settings.BASE_DIR / "src").rglob("*.py")):
        if path.name != "messages.py" and "migrations" not in path.parts:
            yield ast.parse(path.read_text(), filename=str(path))


def codes_in_templates() -> set[str]:
    templates = (settings.BASE_DIR / "src").rglob("templates/**/*.html")
    return {code for path in templates for code in IN_TEMPLATES.findall(path.read_text())}


def strings() -> set[str]:
    """Every string constant of the source."""
    nodes = (node for module in modules() for node in ast.walk(module))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def codes_used_literally() -> set[str]:
    """First arguments of calls that take a code, the second of `InvalidFields.one`, and `error_code = "…"`."""
    found: list[ast.expr] = []
    for module in modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                found += node.args[:1] if name in TAKES_A_CODE_FIRST else node.args[1:2] if name == "one" else []
            if isinstance(node, ast.keyword) and node.arg in ("error_code", "code", "reason_code"):
                found.append(node.value)
    return {node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def in_language(language: str, code: str) -> str:
    with translation.override(language):
        return text_for(code)


@pytest.mark.parametrize("code", CODES)
def test_each_text_is_persian_too(code):
    persian = in_language("fa", code)

    assert PERSIAN_LETTER.search(persian)
    assert persian != in_language("en", code)


@pytest.mark.parametrize("code", CODES)
def test_each_translation_has_the_same_params(code):
    english, persian = in_language("en", code), in_language("fa", code)
    params = dict.fromkeys(PARAM.findall(english), "x")

    assert sorted(PARAM.findall(persian)) == sorted(PARAM.findall(english))
    for text in (english, persian):
        assert "%" not in (text % params if params else text)


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_snake_case(code):
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", code)


def test_each_code_is_used():
    assert set(CODES) - strings() - codes_in_templates() - RAISED_BY_DRF == set()


def test_each_code_that_is_used_exists():
    used = codes_used_literally() | codes_in_templates()

    assert len(used) > 30
    assert {code for code in used if not is_registered(code)} == set()


def test_a_code_registered_twice_is_refused():
    with pytest.raises(ImproperlyConfigured, match="not_found"):
        register({"not_found": "another text"})

    assert in_language("en", "not_found") == "Not found."


def test_registering_the_same_text_again_changes_nothing():
    before = all_messages()

    register({"not_found": before["not_found"]})

    assert all_messages() == before


def test_an_unknown_code_has_no_text():
    with pytest.raises(KeyError):
        text_for("no_such_code")


def test_a_missing_param_is_an_error():
    with pytest.raises(KeyError):
        text_for("too_large", other=5)


def test_no_catalogue_entry_is_left_over():
    """A text that was changed in the source and not in the catalogue would be English for everyone."""
    catalogue = (Path(settings.LOCALE_PATHS[0]) / "fa/LC_MESSAGES/django.po").read_text()

    assert "#, fuzzy" not in catalogue
    assert "#~ msgid" not in catalogue
