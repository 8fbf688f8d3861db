from django.core.files.storage import default_storage

from src.ai.models import GenerationStatus, ImageGeneration, ProviderCall, ProviderCallStatus
from src.media.models import MediaAsset
from src.usage.models import Counter
from tests.upstream import pictures


def test_it_answers_201_with_the_picture_in_the_library(generate, upstream):
    answer = generate(title="دوچرخه")

    assert answer.status_code == 201
    assert answer.data["code"] == "image_generated_and_saved"
    [picture] = answer.data["data"]["images"]
    asset = MediaAsset.objects.get(pk=picture["asset_id"])
    assert picture["url"] == f"/api/media/{asset.pk}/original/"
    assert (asset.title, asset.width, asset.height) == ("دوچرخه", 1024, 1024)


def test_its_title_defaults_to_the_start_of_the_prompt(generate):
    generate(prompt="a red bicycle  leaning\non a wall")

    assert MediaAsset.objects.get().title == "a red bicycle leaning on a wall"


def test_it_keeps_the_bytes_exactly_as_received(generate, upstream):
    received = pictures.draw((640, 480), "jpeg")
    upstream.picture_next(received)

    generate()

    asset = MediaAsset.objects.get()
    with default_storage.open(asset.file_name) as stored:
        assert stored.read() == received
    assert asset.mime_type == "image/jpeg"


def test_it_snapshots_the_generation_on_the_asset(generate, gpt_image):
    answer = generate(prompt="a red bicycle", quality="hd")

    asset = MediaAsset.objects.get()
    assert str(asset.generation_id) == answer.data["data"]["generation_id"]
    assert (asset.provider_slug, asset.model_id) == ("openai", gpt_image.model_id)
    assert asset.params == {"n": 1, "quality": "high"}
    assert asset.provenance["made_by_ai"] is True
    assert asset.alt_text == ""


def test_it_books_the_call_before_and_after(generate, upstream):
    generate()

    call = ProviderCall.objects.get()
    assert call.status == ProviderCallStatus.RECEIVED
    assert call.prepared_at <= call.sent_at <= call.received_at <= call.finished_at
    assert call.upstream_request_id.startswith("req_")
    assert ImageGeneration.objects.get().status == GenerationStatus.SUCCEEDED


def test_it_leaves_nothing_in_the_inbox(generate, settings):
    generate()

    assert [path for path in settings.INBOX_DIR.rglob("*") if path.is_file()] == []


def test_it_counts_on_provider_model_and_settings(generate, openai, gpt_image, ai_manager):
    generate(n=2)

    for row in (openai, gpt_image, ai_manager.provider_settings.get()):
        row.refresh_from_db()
        assert (row.total_requests, row.total_images) == (1, 2)
        assert row.total_cost_micros == ImageGeneration.objects.get().cost_micros > 0
        assert row.last_used_at is not None


def test_it_settles_the_reservation(generate):
    generate()

    for counter in Counter.objects.all():
        assert (counter.reserved_images, counter.reserved_micros) == (0, 0)
        assert counter.spent_images == 1
