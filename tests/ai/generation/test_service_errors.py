"""What a refusal of the service tells beyond its code: field, categories, replacement, and what became of a job."""

import pytest

from src.ai.models import ProviderCall
from tests.factories import make_model, make_provider


def test_a_model_that_is_gone_names_its_replacement(generate, gpt_image, upstream):
    gpt_image.replacement = "gpt-image-2.6-flare"
    gpt_image.save()
    upstream.play("openai/dalle3_retired_model_error")

    answer = generate()

    assert (answer.status_code, answer.data["code"], answer.data["reason"]) == (502, "provider_rejected", "model_gone")
    assert (answer.data["replacement"], answer.data["charged"]) == ("gpt-image-2.6-flare", "no")


def test_a_rejected_parameter_is_named_in_our_words(generate, upstream):
    upstream.play("openai/invalid_size")

    answer = generate()

    assert (answer.data["code"], answer.data["reason"], answer.data["field"]) == (
        "provider_rejected",
        "bad_request",
        "size",
    )


def test_a_refusal_has_the_services_categories_and_words(generate, upstream):
    upstream.play("openai/content_policy_refusal")

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (422, "content_refused")
    assert answer.data["categories"]
    assert answer.data["provider_message"]


@pytest.fixture
def flux(transactional_db, upstream):
    """A model whose backend answers with a job that is asked for until it is done."""
    hub = make_provider(
        "huggingface",
        adapter="huggingface",
        api_base_url=upstream.huggingface_url,
        allow_private_address=True,
        config={"backend": "wavespeed"},
    )
    return make_model(hub, "black-forest-labs/FLUX.1-schnell", image_spec={"max_n": 4}, pricing=[])


def test_the_handle_of_a_job_is_kept_before_it_is_asked_for(generate, flux, upstream):
    answer = generate(model_id=flux.pk)

    assert (answer.status_code, answer.data["data"]["cost_source"]) == (201, "unknown")
    call = ProviderCall.objects.get()
    assert call.resume_handle.startswith("wavespeed/")
    assert (call.status, call.charged) == ("received", "yes")


def test_a_job_that_is_lost_leaves_its_handle(generate, flux, upstream):
    upstream.play_response(status=404, body={}, path="/predictions/")

    answer = generate(model_id=flux.pk)

    assert (answer.status_code, answer.data["charged"]) == (502, "unknown")
    call = ProviderCall.objects.get()
    assert call.resume_handle.startswith("wavespeed/")
    assert call.charged == "unknown"
