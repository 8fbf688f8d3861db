"""Services that answer with links, as DALL-E did and LocalAI does."""

import pytest

from src.ai.models import AIModel
from src.media.models import MediaAsset
from tests.factories import make_model, make_provider
from tests.upstream import pictures


@pytest.fixture
def local_model(transactional_db, upstream) -> AIModel:
    provider = make_provider(
        "local",
        key=None,
        adapter="openai_compatible",
        api_base_url=upstream.compatible_url,
        allow_private_address=True,
        config={"needs_key": False},
    )
    return make_model(provider, "stablediffusion")


def test_a_linked_picture_is_fetched(generate, upstream, local_model):
    answer = generate(model_id=local_model.pk)

    assert answer.status_code == 201
    assert [request.method for request in upstream.requests] == ["POST", "GET"]


def test_the_fetch_is_tried_again_and_the_paid_call_is_not(generate, upstream, local_model):
    upstream.play_response(status=500, path="/generated-images/")

    assert generate(model_id=local_model.pk).status_code == 201
    assert (upstream.paid_calls, len(upstream.requests)) == (1, 3)


def test_a_picture_that_cannot_be_fetched_is_a_broken_answer_and_paid(generate, upstream, local_model, settings):
    upstream.play_response(status=404, path="/generated-images/", times=3)

    answer = generate(model_id=local_model.pk)

    assert (answer.status_code, answer.data["code"]) == (502, "provider_broken_answer")
    assert (answer.data["reason"], answer.data["charged"]) == ("fetch_failed", "yes")
    assert list((settings.INBOX_DIR / "quarantine").rglob("*.body"))


def test_a_link_to_another_host_is_not_followed_where_private(generate, upstream, local_model):
    with upstream.refuse_connections() as url:
        upstream.play_response(status=200, body={"data": [{"url": f"{url}/picture.png"}]})
        answer = generate(model_id=local_model.pk)

    assert (answer.status_code, answer.data["reason"]) == (502, "fetch_failed")
    assert len(upstream.requests) == 1


def test_a_relative_link_is_resolved(generate, upstream, local_model):
    upstream.play_response(status=200, body={"data": [{"url": "/compatible/generated-images/none.png"}]})
    upstream.play_response(status=200, body=pictures.draw((64, 64), "png"), path="/generated-images/none.png")

    assert generate(model_id=local_model.pk).status_code == 201


def test_response_format_is_sent_where_the_row_says_so(generate, upstream, local_model):
    provider = local_model.provider
    provider.config = {"needs_key": False, "response_format": "b64_json"}
    provider.save()

    assert generate(model_id=local_model.pk).status_code == 201
    assert upstream.paid_requests[0].json["response_format"] == "b64_json"
    assert len(upstream.requests) == 1


def test_the_revised_prompt_is_kept(generate, upstream, openai):
    dall_e = make_model(openai, "dall-e-3", image_spec={"sizes": ["1024x1024"]})

    picture = generate(model_id=dall_e.pk, size="1024x1024").data["data"]["images"][0]

    assert picture["revised_prompt"]
    assert MediaAsset.objects.get().prompt == "a red bicycle"
