"""The official openai SDK judges the played OpenAI service."""

import base64
import io
from collections.abc import Iterator

import openai
import pytest
from openai import DefaultHttpxClient, OpenAI
from PIL import Image

from tests.upstream import Upstream, load_fixture
from tests.upstream.pictures import draw
from tests.upstream.wire import fixture_names

MODEL = "gpt-image-2.6-flare"
ERRORS_OF_STATUS = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    503: openai.InternalServerError,
}
ERROR_FIXTURES = [name for name in fixture_names("openai") if load_fixture(name).status >= 400]


def client_of(upstream: Upstream, *, key: str = "sk-test-good", timeout: float = 10) -> OpenAI:
    return OpenAI(
        base_url=upstream.openai_url,
        api_key=key,
        max_retries=0,
        timeout=timeout,
        http_client=DefaultHttpxClient(trust_env=False),
    )


@pytest.fixture
def client(upstream: Upstream) -> Iterator[OpenAI]:
    with client_of(upstream) as client:
        yield client


def opened(b64: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(b64, validate=True)))


def test_the_sdk_reads_one_real_picture_of_the_asked_size(client):
    answer = client.images.generate(model=MODEL, prompt="A red bicycle", size="1536x1024", quality="high")
    assert opened(answer.data[0].b64_json).size == (1536, 1024)
    assert (answer.size, answer.quality, answer.output_format) == ("1536x1024", "high", "png")
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert answer.data[0].url is None


def test_an_unstated_size_is_square(client):
    answer = client.images.generate(model=MODEL, prompt="A red bicycle")
    assert opened(answer.data[0].b64_json).size == (1024, 1024)


def test_the_sdk_reads_two_different_webp_pictures(client):
    answer = client.images.generate(model=MODEL, prompt="A logo", n=2, output_format="webp")
    assert [opened(picture.b64_json).format for picture in answer.data] == ["WEBP", "WEBP"]
    assert answer.data[0].b64_json != answer.data[1].b64_json


def test_a_transparent_background_is_transparent(client):
    answer = client.images.generate(model=MODEL, prompt="A logo", background="transparent")
    assert opened(answer.data[0].b64_json).mode == "RGBA"


def test_each_answer_has_a_request_id_of_its_own(client):
    answers = [client.images.generate(model=MODEL, prompt="A logo") for _ in range(2)]
    assert answers[0]._request_id.startswith("req_")
    assert answers[0]._request_id != answers[1]._request_id


def test_dall_e_3_answers_with_a_url_that_serves_the_picture(client):
    picture = client.images.generate(model="dall-e-3", prompt="A bicycle", style="vivid").data[0]
    with DefaultHttpxClient(trust_env=False) as http:
        served = http.get(picture.url)
    assert picture.b64_json is None
    assert picture.revised_prompt
    assert Image.open(io.BytesIO(served.content)).size == (1024, 1024)


def test_dall_e_3_answers_with_base64_when_asked(client):
    picture = client.images.generate(model="dall-e-3", prompt="A bicycle", response_format="b64_json").data[0]
    assert picture.url is None
    assert opened(picture.b64_json).format == "PNG"


def test_the_sdk_reads_the_models_list(client):
    assert [model.id for model in client.models.list()] == [
        row["id"] for row in load_fixture("openai/models_list").json["data"]
    ]


def test_the_sdk_edits_with_two_files_and_a_mask(client, upstream):
    files = [("a.png", draw((64, 64), "png"), "image/png"), ("b.webp", draw((64, 64), "webp"), "image/webp")]
    mask = ("mask.png", draw((64, 64), "png", transparent=True), "image/png")
    answer = client.images.edit(model=MODEL, prompt="Red sky", image=files, mask=mask, n=2, size="1024x1536")
    assert [opened(picture.b64_json).size for picture in answer.data] == [(1024, 1536)] * 2
    assert answer.usage.input_tokens_details.image_tokens == 648
    sent = [(part.name, part.filename) for part in upstream.requests[0].form if part.filename]
    assert sent == [("image[]", "a.png"), ("image[]", "b.webp"), ("mask", "mask.png")]


def test_an_edit_without_a_media_type_is_refused(client):
    file = ("picture", draw((64, 64), "png"), "application/octet-stream")
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.edit(model=MODEL, prompt="Red sky", image=file)
    assert caught.value.code == "unsupported_file_mimetype"


def test_the_sdk_reads_a_stream_with_its_partial_pictures(client):
    with client.images.generate(model=MODEL, prompt="A bicycle", stream=True, partial_images=2) as stream:
        events = list(stream)
    assert [event.type.rpartition(".")[2] for event in events] == [
        "partial_image",
        "partial_image",
        "completed",
    ]
    assert opened(events[-1].b64_json).size == (1024, 1024)
    assert len({event.b64_json for event in events}) == 3
    assert events[-1].usage.output_tokens > 0


def test_the_sdk_reads_the_stream_of_an_edit(client):
    file = ("a.png", draw((64, 64), "png"), "image/png")
    events = list(client.images.edit(model=MODEL, prompt="Red sky", image=file, stream=True, partial_images=1))
    assert [event.type for event in events] == ["image_edit.partial_image", "image_edit.completed"]
    assert events[-1].usage.input_tokens_details.image_tokens == 324


@pytest.mark.parametrize(
    "mask",
    [
        ("mask.png", draw((64, 32), "png"), "image/png"),
        ("mask.webp", draw((64, 64), "webp"), "image/webp"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(client, mask):
    file = ("a.png", draw((64, 64), "png"), "image/png")
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.edit(model=MODEL, prompt="Red sky", image=file, mask=mask)
    assert caught.value.param == "mask"


def test_seventeen_pictures_are_too_many(client):
    file = ("a.png", draw((8, 8), "png"), "image/png")
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.edit(model=MODEL, prompt="Red sky", image=[file] * 17)
    assert caught.value.param == "image"


@pytest.mark.parametrize("name", ["openai/images_generate_stream_success", "openai/images_edit_stream_success"])
def test_the_sdk_reads_the_recorded_streams(client, upstream, name):
    upstream.play(name)
    with client.images.generate(model=MODEL, prompt="A bicycle", stream=True) as stream:
        assert [event.type.rpartition(".")[2] for event in stream][-1] == "completed"


def test_the_sdk_raises_on_an_error_in_the_middle_of_a_stream(client, upstream):
    upstream.play("openai/images_generate_stream_error_midway")
    with (
        client.images.generate(model=MODEL, prompt="A bicycle", stream=True) as stream,
        pytest.raises(openai.APIError, match="safety_violations"),
    ):
        list(stream)


@pytest.mark.parametrize("name", ERROR_FIXTURES)
def test_the_sdk_raises_the_matching_error(client, upstream, name):
    fixture = load_fixture(name)
    upstream.play(name)
    with pytest.raises(openai.APIStatusError) as caught:
        client.images.generate(model=MODEL, prompt="A red bicycle")
    assert type(caught.value) is ERRORS_OF_STATUS[fixture.status]
    assert caught.value.code == fixture.error["code"]
    assert caught.value.response.headers.get("retry-after") == fixture.headers.get("retry-after")


@pytest.mark.parametrize("name", [name for name in fixture_names("openai") if name not in ERROR_FIXTURES])
def test_every_other_fixture_is_a_success(name):
    assert load_fixture(name).status == 200


@pytest.mark.parametrize(
    ("asked", "param", "code"),
    [
        ({"response_format": "b64_json"}, "response_format", "unknown_parameter"),
        ({"style": "vivid"}, "style", "unknown_parameter"),
        ({"quality": "hd"}, "quality", "invalid_value"),
        ({"quality": "xhigh", "model": "gpt-image-2"}, "quality", "invalid_value"),
        ({"size": "1000x1000"}, "size", "invalid_value"),
        ({"size": "1536x1040", "model": "gpt-image-1.5"}, "size", "invalid_value"),
        ({"size": "16x16"}, "size", "invalid_value"),
        ({"size": "3072x1008"}, "size", "invalid_value"),
        ({"n": 0}, "n", "integer_below_min_value"),
        ({"n": 11}, "n", "integer_above_max_value"),
        ({"n": 2, "model": "dall-e-3"}, "n", "integer_above_max_value"),
        ({"stream": True, "partial_images": 4}, "partial_images", "integer_above_max_value"),
        ({"output_compression": 101}, "output_compression", "integer_above_max_value"),
        ({"output_format": "gif"}, "output_format", "invalid_value"),
        ({"output_compression": 50}, "output_compression", "invalid_png_output_compression"),
        ({"background": "transparent", "output_format": "jpeg"}, "background", "invalid_value"),
        ({"prompt": ""}, "prompt", "missing_required_parameter"),
        ({"prompt": "x" * 32_001}, "prompt", "string_above_max_length"),
        ({"extra_body": {"model": None}}, "model", "missing_required_parameter"),
    ],
)
def test_what_openai_refuses_is_refused(client, asked, param, code):
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(**{"model": MODEL, "prompt": "A red bicycle"} | asked)
    assert (caught.value.param, caught.value.code) == (param, code)


@pytest.mark.parametrize("quality", ["auto", "low", "medium", "high", "xhigh", "max"])
def test_every_quality_of_the_newest_family_is_accepted(client, quality):
    assert client.images.generate(model=MODEL, prompt="A bicycle", quality=quality).data


@pytest.mark.parametrize("model", ["gpt-image-9", "dall-e-9", "stablediffusion"])
def test_an_unknown_model_is_not_found(client, model):
    with pytest.raises(openai.NotFoundError) as caught:
        client.images.generate(model=model, prompt="A red bicycle")
    assert caught.value.code == "model_not_found"
    assert model in caught.value.message


def test_a_wrong_key_is_refused_everywhere(upstream):
    with client_of(upstream, key="sk-wrong") as client:
        for call in (client.models.list, lambda: client.images.generate(model=MODEL, prompt="A bicycle")):
            with pytest.raises(openai.AuthenticationError) as caught:
                call()
            assert caught.value.code == "invalid_api_key"


def test_a_key_that_the_test_adds_is_accepted(upstream):
    upstream.good_keys.add("sk-second")
    with client_of(upstream, key="sk-second") as client:
        assert client.models.list().data


def test_latency_makes_the_sdk_time_out(upstream):
    upstream.latency_s = 60
    with client_of(upstream, timeout=0.2) as client, pytest.raises(openai.APITimeoutError):
        client.images.generate(model=MODEL, prompt="A red bicycle")
    upstream.wait_until_in_flight(0)
    assert upstream.paid_calls == 1


def test_a_dropped_connection_is_a_connection_error(client, upstream):
    upstream.drop_after_accept()
    with pytest.raises(openai.APIConnectionError) as caught:
        client.images.generate(model=MODEL, prompt="A red bicycle")
    assert not isinstance(caught.value, openai.APITimeoutError)
    assert upstream.requests[0].json["prompt"] == "A red bicycle"


def test_the_sdk_reads_a_look_alike_that_answers_with_urls(upstream):
    with client_of(upstream, key="anything").with_options(base_url=upstream.compatible_url) as client:
        by_url = client.images.generate(model="stablediffusion", prompt="Otter", size="256x256", n=2)
        by_value = client.images.generate(model="stablediffusion", prompt="Otter", response_format="b64_json")
        listed = [model.id for model in client.models.list()]
    assert all(picture.url.startswith(f"{upstream.url}/compatible/generated-images/") for picture in by_url.data)
    assert opened(by_value.data[0].b64_json).size == (512, 512)
    assert "stablediffusion" in listed
