"""Secrets and signatures are the specification's."""

import base64

import pytest

from src.core.secret import Secret
from src.webhooks.signing import is_standard_secret, new_secret, signature_of


def secret_of(length: int) -> str:
    return "whsec_" + base64.b64encode(b"k" * length).decode()


def test_a_signature_is_that_of_the_reference_library():
    """Source: github.com/standard-webhooks/standard-webhooks, libraries/javascript/src/webhook.test.ts."""
    signature = signature_of(
        secret=Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp_s=1614265330,
        body=b'{"test": 2432232314}',
    )

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_new_secret_is_a_standard_one_and_never_the_same():
    first, second = new_secret(), new_secret()

    assert first != second
    assert is_standard_secret(first.reveal())
    assert len(base64.b64decode(first.reveal()[6:])) == 32


@pytest.mark.parametrize("length", [24, 32, 64])
def test_a_secret_of_24_to_64_bytes_is_taken(length):
    assert is_standard_secret(secret_of(length))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        secret_of(23),
        secret_of(65),
        secret_of(32).removeprefix("whsec_"),
        secret_of(32).replace("whsec_", "whsk_"),
        secret_of(32).rstrip("="),
        secret_of(32) + "\n",
        "whsec_" + "é" * 40,
        "whsec_" + "-_" * 20,
        # The last letter has bits that no byte holds.
        secret_of(32)[:-2] + "t=",
    ],
)
def test_anything_else_is_no_secret(text):
    assert not is_standard_secret(text)
