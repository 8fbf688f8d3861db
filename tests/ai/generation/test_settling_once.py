"""What is booked stays booked, whatever fails afterwards."""

import base64

from src.ai import providers
from src.ai.models import GenerationStatus, ImageGeneration
from src.ai.providers import adapters
from src.usage.models import Counter
from tests.upstream import pictures

PNG = pictures.draw((64, 64), "png")


def test_an_inbox_that_cannot_be_cleared_spoils_no_paid_answer(generate, upstream, settings):
    settings.INBOX_DIR.mkdir()
    (settings.INBOX_DIR / "quarantine").write_text("no folder")
    fine = {"b64_json": base64.b64encode(PNG).decode()}
    upstream.play_response(status=200, body={"data": [fine, {"b64_json": "%%%"}]})

    answer = generate(n=2)

    assert (answer.status_code, answer.data["data"]["delivered"]) == (201, 1)


def test_nor_does_it_hide_what_went_wrong(generate, upstream, settings):
    settings.INBOX_DIR.mkdir()
    (settings.INBOX_DIR / "quarantine").write_text("no folder")
    upstream.play_response(status=200, body=b"<html></html>")

    assert generate().data["code"] == "provider_broken_answer"


def test_a_defect_before_anything_was_sent_costs_nothing(generate, openai, upstream, tmp_path, monkeypatch):
    (tmp_path / "defective.py").write_text(
        "from src.ai.providers.openai_compatible import OpenAICompatible\n"
        "class Defective(OpenAICompatible):\n"
        "    slug, label = 'defective', 'Defective'\n"
        "    def to_payload(self, request, conn):\n"
        "        raise ZeroDivisionError('a secret of ours')\n"
    )
    monkeypatch.setattr(providers, "__path__", [*providers.__path__, str(tmp_path)])
    type(openai).objects.update(adapter="defective")
    adapters.cache_clear()
    try:
        answer = generate()
    finally:
        adapters.cache_clear()

    generation = ImageGeneration.objects.get()
    assert (answer.status_code, answer.data["code"], answer.data["charged"]) == (502, "provider_error", "no")
    assert "secret" not in str(answer.data)
    assert (generation.status, generation.charged) == (GenerationStatus.FAILED, "no")
    assert {counter.reserved_images for counter in Counter.objects.all()} == {0}
