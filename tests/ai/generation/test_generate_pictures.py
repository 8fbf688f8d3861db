"""Pictures as they may arrive: wrapped, truncated, of a wrong kind, too large."""

import base64
import textwrap

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from src.ai.models import GenerationStatus, ImageGeneration
from src.ai.services.job_runner import run_job
from src.media.models import MediaAsset
from src.usage.models import Counter
from tests.upstream import pictures

PNG = pictures.draw((64, 64), "png")
B64 = base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(textwrap.wrap(B64, 76)),
        "\r\n".join(textwrap.wrap(B64, 64)),
        B64.rstrip("="),
        f"data:image/png;base64,{B64}",
        f"  {B64} ",
        base64.urlsafe_b64encode(PNG).decode(),
    ],
)
def test_base64_in_any_usual_dress_is_read(generate, upstream, text):
    upstream.b64_next(text)

    answer = generate()

    assert answer.status_code == 201
    assert answer.data["data"]["images"][0]["bytes"] == len(PNG)


@pytest.mark.parametrize("text", [B64[: len(B64) // 2], B64[: len(B64) // 2 + 1], B64[:-8]])
def test_truncated_base64_is_a_broken_answer(generate, upstream, text):
    upstream.b64_next(text)

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (502, "provider_broken_answer")
    assert answer.data["charged"] == "yes"


def test_text_that_is_no_base64_is_a_broken_answer(generate, upstream):
    upstream.b64_next("this is *not* base64 ###")

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (502, "provider_broken_answer")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pictures.svg_bytes(), "not_a_picture"),
        (b"<html><script>alert(1)</script></html>", "not_a_picture"),
        (b"GIF89a" + bytes(64), "not_a_picture"),
        (b"hello", "not_a_picture"),
        (pictures.png_with_header(60_000, 60_000), "too_many_pixels"),
    ],
)
def test_what_is_no_picture_of_a_kept_type_is_quarantined(generate, upstream, settings, content, reason):
    upstream.picture_next(content)

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (502, "unsupported_image_type")
    assert answer.data["reason"] == reason
    assert answer.data["charged"] == "yes"
    quarantined = list((settings.INBOX_DIR / "quarantine").rglob("*.bin"))
    assert [path.read_bytes() for path in quarantined] == [content]
    assert not MediaAsset.objects.exists()


def test_a_picture_of_60_mb_is_refused_and_kept_in_quarantine(generate, upstream, settings):
    upstream.picture_next(pictures.large_png(60))

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (502, "unsupported_image_type")
    assert answer.data["reason"] == "too_many_bytes"
    assert sum(path.stat().st_size for path in settings.INBOX_DIR.rglob("*.body")) > 60_000_000


def test_a_refused_picture_is_settled_as_it_was_charged(generate, upstream):
    upstream.picture_next(pictures.svg_bytes())

    generate(size="1024x1024")

    generation = ImageGeneration.objects.get()
    assert (generation.status, generation.charged) == (GenerationStatus.FAILED, "yes")
    assert generation.cost_micros == 40_000


def test_one_broken_picture_costs_only_itself(generate, upstream):
    fine = {"b64_json": B64}
    upstream.play_response(status=200, body={"data": [fine, {"b64_json": "%%%"}, fine]})

    answer = generate(n=3)

    assert (answer.status_code, answer.data["code"]) == (201, "image_partly_generated")
    data = answer.data["data"]
    assert [picture["index"] for picture in data["images"]] == [0, 2]
    assert [(failure["index"], failure["code"]) for failure in data["failures"]] == [(1, "provider_broken_answer")]
    assert (data["requested"], data["delivered"]) == (3, 2)


def test_only_pictures_that_were_kept_are_counted(generate, upstream, openai):
    upstream.play_response(status=200, body={"data": [{"b64_json": B64}, {"b64_json": "%%%"}]})

    generate(n=2)

    openai.refresh_from_db()
    assert openai.total_images == 1
    assert {counter.spent_images for counter in Counter.objects.all()} == {2}


def test_fewer_pictures_than_asked_are_told_apart_from_paid_ones(generate, upstream):
    upstream.picture_count_next(1)

    data = generate(n=3).data["data"]

    assert (data["delivered"], [failure["charged"] for failure in data["failures"]]) == (1, ["no", "no"])


def test_more_pictures_than_asked_are_all_kept(generate, upstream):
    upstream.picture_count_next(2)

    assert generate(n=1).data["data"]["delivered"] == 2


def test_every_picture_asked_for_arrives(generate, upstream):
    data = generate(n=3).data["data"]

    assert len({picture["sha256"] for picture in data["images"]}) == 3
    assert upstream.paid_calls == 1


def test_a_failure_later_shows_in_the_record(generate, upstream, ai_manager, client_of):
    upstream.picture_next(pictures.svg_bytes())
    generation_id = generate().data["generation_id"]

    answer = client_of(ai_manager).get(f"/api/ai/admin/images/generations/{generation_id}/")

    assert answer.data["data"]["status"] == "failed"
    assert answer.data["data"]["failures"][0]["code"] == "unsupported_image_type"


@pytest.mark.parametrize("second", [{"url": "http://[::1"}, {"url": "ftp://x"}, {"b64_json": 5}, {}])
def test_nothing_beside_a_good_picture_spoils_it(generate, upstream, second):
    upstream.play_response(status=200, body={"data": [{"b64_json": B64}, second]})

    answer = generate(n=2)

    assert (answer.status_code, answer.data["data"]["delivered"]) == (201, 1)


def test_a_data_url_where_a_link_is_expected_is_a_picture(generate, upstream):
    upstream.play_response(status=200, body={"data": [{"url": f"data:image/png;base64,{B64}"}]})

    assert generate().status_code == 201


@pytest.mark.parametrize("extra", [{"revised_prompt": "a\x00b"}, {"revised_prompt": "a" * 100_000}])
def test_an_odd_revised_prompt_costs_no_picture(generate, upstream, extra):
    upstream.play_response(status=200, body={"data": [{"b64_json": B64, **extra}]})

    assert generate().status_code == 201


def test_an_absurd_number_of_tokens_costs_no_picture(generate, upstream, gpt_image):
    type(gpt_image).objects.update(pricing=[{"unit": "mtok_image_out", "price": "30000000"}])
    upstream.play_response(status=200, body={"data": [{"b64_json": B64}], "usage": {"output_tokens": 10**18}})

    answer = generate()

    assert (answer.status_code, answer.data["data"]["cost_micros"]) == (201, None)


def test_a_disk_that_fails_loses_nothing_and_the_job_ends_later(generate, upstream, settings):
    settings.MEDIA_ROOT.write_text("no folder")

    answer = generate()

    generation = ImageGeneration.objects.get()
    assert (answer.status_code, answer.data["data"]["id"]) == (202, str(generation.pk))
    assert (answer.data["data"]["status"], answer.data["data"]["charged"]) == ("queued", "unknown")
    assert (generation.calls.get().status, generation.setbacks) == ("received", 1)
    assert generation.not_before > timezone.now()
    assert [path.name for path in settings.INBOX_DIR.rglob("*.body")] == ["call-0.body"]

    settings.MEDIA_ROOT.unlink()
    ImageGeneration.objects.update(not_before=None)
    assert async_to_sync(run_job)(generation.pk)

    generation.refresh_from_db()
    assert (generation.status, generation.charged, upstream.paid_calls) == (GenerationStatus.SUCCEEDED, "yes", 1)
    assert {(counter.reserved_images, counter.spent_images) for counter in Counter.objects.all()} == {(0, 1)}
