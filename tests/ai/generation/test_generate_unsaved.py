import base64
import time
from datetime import timedelta

from django.utils import timezone

from src.ai.models import GenerationOutput
from src.ai.services.inbox import sweep_inbox
from src.media.models import MediaAsset
from tests.serving import Server
from tests.upstream import pictures

RECORD = "/api/ai/admin/images/generations/"


def generate_unsaved(generate, **body):
    return generate(save_to_media=False, **body).data["data"]


def test_it_answers_200_with_a_data_url_of_the_real_type(generate, upstream):
    received = pictures.draw((640, 480), "webp")
    upstream.picture_next(received)

    answer = generate(save_to_media=False)

    assert (answer.status_code, answer.data["code"]) == (200, "image_generated")
    [picture] = answer.data["data"]["images"]
    head, text = picture["image_data_url"].split(",")
    assert head == "data:image/webp;base64"
    assert base64.b64decode(text) == received
    assert not MediaAsset.objects.exists()


def test_its_picture_can_be_fetched_by_its_owner_for_a_day(generate, ai_manager, client_of, server, upstream):
    data = generate_unsaved(generate)

    answer = client_of(ai_manager).get(f"{RECORD}{data['generation_id']}/")

    assert answer.data["data"]["images"][0]["url"] == f"{RECORD}{data['generation_id']}/results/0/"


def test_its_picture_does_not_exist_for_anybody_else(generate, other_manager, client_of):
    data = generate_unsaved(generate)
    client = client_of(other_manager)

    assert client.get(f"{RECORD}{data['generation_id']}/").status_code == 404
    assert client.get(f"{RECORD}{data['generation_id']}/results/0/").status_code == 404
    assert client.post(f"{RECORD}{data['generation_id']}/save/").status_code == 404


async def test_its_bytes_are_served_as_received(generate_async, upstream, async_client, ai_manager):
    received = pictures.draw((640, 480), "png")
    upstream.picture_next(received)
    data = await generate_async(save_to_media=False)
    await async_client.aforce_login(ai_manager)

    answer = await async_client.get(
        f"{RECORD}{data['generation_id']}/results/0/", headers={"accept": "image/avif,image/*"}
    )

    assert b"".join([chunk async for chunk in answer.streaming_content]) == received
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_it_can_be_saved_after_all(generate, ai_manager, client_of, settings):
    data = generate_unsaved(generate, n=2)

    answer = client_of(ai_manager).post(f"{RECORD}{data['generation_id']}/save/", {"title": "later"})

    assert (answer.status_code, answer.data["code"]) == (201, "image_saved")
    assert answer.data["data"]["saved"] is True
    assert [asset.title for asset in MediaAsset.objects.all()] == ["later", "later"]
    assert sum(asset.cost_micros for asset in MediaAsset.objects.all()) == data["cost_micros"]
    assert [path for path in settings.INBOX_DIR.rglob("*") if path.is_file()] == []


def test_one_of_its_pictures_can_be_saved_alone(generate, ai_manager, client_of):
    data = generate_unsaved(generate, n=2)

    client_of(ai_manager).post(f"{RECORD}{data['generation_id']}/save/", {"index": 1})

    assert GenerationOutput.objects.get(asset__isnull=False).index == 1


def test_saving_twice_is_a_conflict(generate, ai_manager, client_of):
    data = generate_unsaved(generate)
    client = client_of(ai_manager)
    client.post(f"{RECORD}{data['generation_id']}/save/")

    answer = client.post(f"{RECORD}{data['generation_id']}/save/")

    assert (answer.status_code, answer.data["code"]) == (409, "nothing_to_save")
    assert MediaAsset.objects.count() == 1


def test_it_is_gone_after_the_sweep(generate, ai_manager, client_of):
    data = generate_unsaved(generate)
    GenerationOutput.objects.update(created_at=timezone.now() - timedelta(hours=25))

    assert sweep_inbox()["results"] == 1

    answer = client_of(ai_manager).get(f"{RECORD}{data['generation_id']}/results/0/")
    assert (answer.status_code, answer.data["code"]) == (404, "result_gone")


def test_it_is_not_swept_within_the_day(generate):
    generate_unsaved(generate)

    assert sweep_inbox()["results"] == 0


def test_the_server_sweeps_when_it_starts(generate):
    generate_unsaved(generate)
    GenerationOutput.objects.update(created_at=timezone.now() - timedelta(hours=25))

    with Server():
        deadline = time.monotonic() + 5
        while GenerationOutput.objects.exclude(inbox_path="").exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    assert GenerationOutput.objects.get().inbox_path == ""


def test_what_is_said_for_one_picture_holds_for_it_alone(generate, ai_manager, client_of):
    data = generate_unsaved(generate, n=2, visibility="private")
    client = client_of(ai_manager)

    client.post(f"{RECORD}{data['generation_id']}/save/", {"index": 0, "visibility": "team", "title": "shown"})
    client.post(f"{RECORD}{data['generation_id']}/save/", {"index": 1})

    saved = MediaAsset.objects.order_by("generation_output__index")
    assert [(asset.visibility, asset.title) for asset in saved] == [("team", "shown"), ("private", "a red bicycle")]
