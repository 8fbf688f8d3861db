import copy
import json
import pickle
from dataclasses import asdict, dataclass

import pytest

from src.ai.providers.contract import ProviderConnection
from src.core.secret import Secret

TEXT = "sk-test-0123456789"


@dataclass(frozen=True)
class Holder:
    name: str
    key: Secret


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        lambda secret: f"{secret}",
        lambda secret: f"{secret!r}",
        lambda secret: f"{secret!s}",
        lambda secret: "%s" % secret,  # noqa: UP031 (as old code prints)
        lambda secret: "%r" % secret,  # noqa: UP031
        lambda secret: str([secret]),
        lambda secret: str({"key": secret}),
        lambda secret: repr(Holder("a", secret)),
        lambda secret: repr(ProviderConnection(base_url="https://a.example", key=secret)),
        lambda secret: str(ValueError(secret)),
    ],
)
def test_it_is_masked_wherever_python_prints_it(show):
    assert "Secret(***)" in show(Secret(TEXT))
    assert "sk-test" not in show(Secret(TEXT))


@pytest.mark.parametrize(
    "carry_off",
    [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, lambda secret: asdict(Holder("a", secret)), vars],
)
def test_it_cannot_be_stored_copied_or_looked_into(carry_off):
    with pytest.raises(TypeError) as caught:
        carry_off(Secret(TEXT))

    assert "sk-test" not in str(caught.value)


def test_only_reveal_gives_it_out():
    assert Secret(TEXT).reveal() == TEXT


def test_equal_texts_are_equal_secrets():
    assert Secret(TEXT) == Secret(TEXT) != Secret(TEXT + "0")
    assert Secret(TEXT) != TEXT
    assert len({Secret(TEXT), Secret(TEXT)}) == 1


@pytest.mark.parametrize(("text", "shown"), [(TEXT, "6789"), ("123456789012", "9012"), ("12345678901", ""), ("", "")])
def test_the_end_is_shown_of_long_keys_only(text, shown):
    assert Secret(text).last4 == shown
