"""Pictures made from others: uploads and pictures of the library, with lineage, limits and books as for generating."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from src.ai.models import ImageGeneration
from src.media.models import MediaAsset
from src.usage.models import Counter
from tests.ai.generation.test_generate_refuses_requests import nothing_was_done
from tests.factories import GPT_IMAGE_SPEC, make_model, make_provider, make_sandbox
from tests.media.assets import make_asset
from tests.upstream.pictures import draw, large_png, png_with_header

URL = "/api/ai/admin/images/edit/"
EDITABLE = {"image": True, "image_edit": True}
SPEC = {**GPT_IMAGE_SPEC, "edit": True, "mask": True, "max_reference_images": 3}
PNG = draw((64, 48), "png")
MASK = draw((64, 48), "png", transparent=True)


def file(content: bytes = PNG, name: str = "a.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/png")


@pytest.fixture
def editor(openai):
    return make_model(openai, "gpt-image-2", capabilities=EDITABLE, image_spec=SPEC)


@pytest.fixture
def edit(editor, ai_manager, client_of):
    """`edit(references=[…])` posts a form as the AI manager; `as_json` posts JSON, `scopes` a token's."""

    def call(*, as_json: bool = False, as_user: Any = None, scopes: Any = ("images", "media:read"), **fields: Any):
        client = client_of(as_user or ai_manager, scopes=list(scopes), language="en")
        sent = {"model_id": editor.pk, "prompt": "make it night", **fields}
        return client.post(URL, sent, format="json" if as_json else "multipart")

    return call


def codes(answer) -> dict[str, list[str]]:
    assert answer.status_code == 400, answer.data
    return {name: [error["code"] for error in errors] for name, errors in answer.data["errors"].items()}


def test_an_upload_becomes_a_picture_of_the_library(edit, upstream):
    answer = edit(references=[file()], quality="low")

    data = answer.data["data"]
    assert (answer.status_code, data["delivered"], data["saved"]) == (201, 1, True)
    assert data["inputs"]["references"][0]["asset_id"] is None
    assert (data["inputs"]["references"][0]["width"], data["inputs"]["mask"]) == (64, None)
    assert MediaAsset.objects.get().source == "edited"
    [part] = [part for part in upstream.paid_requests[0].form if part.filename]
    assert (part.content_type, part.body) == ("image/png", PNG)


def test_the_picture_knows_its_parents(edit, ai_manager, other_manager, upstream):
    parents = [make_asset(ai_manager), make_asset(other_manager, draw((64, 48), "jpeg"))]

    answer = edit(as_json=True, reference_assets=[str(parent.pk) for parent in parents])

    child = MediaAsset.objects.get(pk=answer.data["data"]["images"][0]["asset_id"])
    assert set(child.made_from.all()) == set(parents)
    sent = [part.content_type for part in upstream.paid_requests[0].form if part.filename]
    assert sent == ["image/png", "image/jpeg"]


def test_pictures_of_the_library_come_before_uploads(edit, ai_manager, upstream):
    parent = make_asset(ai_manager)

    edit(reference_assets=[str(parent.pk)], references=[file(draw((32, 32), "jpeg")), file(draw((16, 16), "png"))])

    sent = [part.content_type for part in upstream.paid_requests[0].form if part.filename]
    assert sent == ["image/png", "image/jpeg", "image/png"]


def test_an_upload_that_the_library_has_is_a_parent_too(edit, ai_manager):
    known = make_asset(ai_manager, PNG)

    answer = edit(references=[file(PNG)])

    assert answer.data["data"]["inputs"]["references"][0]["asset_id"] == str(known.pk)
    assert MediaAsset.objects.get(source="edited").made_from.get() == known


def test_somebody_elses_private_picture_stays_unknown(edit, other_manager):
    private = make_asset(other_manager, PNG, visibility="private")

    by_id = edit(as_json=True, reference_assets=[str(private.pk)])
    by_bytes = edit(references=[file(PNG)])

    assert codes(by_id) == {"reference_assets": ["unknown_asset"]}
    assert by_bytes.data["data"]["inputs"]["references"][0]["asset_id"] is None


@pytest.mark.parametrize("way", ["by id", "by its bytes"])
def test_what_is_made_of_a_private_picture_is_private_unless_said_otherwise(edit, ai_manager, way):
    private = make_asset(ai_manager, PNG, visibility="private")
    sent = {"reference_assets": [str(private.pk)]} if way == "by id" else {"references": [file(PNG)]}

    edit(**sent)

    assert MediaAsset.objects.get(source="edited").visibility == "private"
    assert ImageGeneration.objects.get().visibility == "private"


def test_what_is_made_of_a_team_picture_is_the_teams(edit, ai_manager):
    edit(reference_assets=[str(make_asset(ai_manager).pk)])

    assert MediaAsset.objects.get(source="edited").visibility == "team"


@pytest.mark.parametrize(("language", "word"), [("en", "characters"), ("fa", "طول")])
def test_it_answers_in_the_language_asked_for(editor, ai_manager, client_of, language, word):
    client = client_of(ai_manager, scopes=["images"], language=language)

    answer = client.post(URL, {"model_id": editor.pk, "prompt": "a", "title": "t" * 301}, format="multipart")

    assert word in answer.data["errors"]["title"][0]["message"]


@pytest.mark.parametrize("name", ["references", "mask"])
def test_json_holds_no_files(edit, name):
    assert codes(edit(as_json=True, **{name: "a.png"})) == {name: ["unknown_field"]}


def test_what_only_the_backend_cannot_be_told_is_the_requests_fault_and_costs_nothing(edit, upstream):
    hub = make_provider(
        "huggingface", adapter="huggingface", api_base_url=upstream.huggingface_url, allow_private_address=True
    )
    spec = {"edit": True, "size_rule": {"step": 1}}
    flux = make_model(hub, "black-forest-labs/FLUX.2-dev", capabilities=EDITABLE, image_spec=spec)

    answer = edit(model_id=flux.pk, references=[file()], size="512x512")

    assert codes(answer) == {"size": ["unsupported_parameter"]}
    assert {(counter.reserved_images, counter.spent_images) for counter in Counter.objects.all()} == {(0, 0)}
    assert upstream.paid_calls == 0


def test_a_json_body_beyond_what_is_read_is_too_large(editor, ai_manager, client_of):
    client = client_of(ai_manager, scopes=["images"], language="en")

    answer = client.post(URL, {"model_id": editor.pk, "prompt": "a", "title": "t" * 2_000_000}, format="json")

    assert (answer.status_code, answer.data["code"]) == (413, "body_too_large")


def test_those_who_may_not_see_the_parent_learn_nothing_of_it(edit, ai_manager, other_manager, client_of):
    private = make_asset(ai_manager, PNG, visibility="private")
    answer = edit(reference_assets=[str(private.pk)], mask=file(MASK), visibility="team")
    child = answer.data["data"]["images"][0]["asset_id"]

    seen = client_of(other_manager, scopes=["media:read"]).get(f"/api/media/{child}/")

    assert seen.status_code == 200
    assert seen.data["data"]["lineage"]["made_from"] == []
    assert (seen.data["data"]["snapshot"]["reference_images"], seen.data["data"]["snapshot"]["has_mask"]) == (1, True)
    assert str(private.pk) not in str(seen.json()) and private.sha256 not in str(seen.json())


def test_a_mask_goes_along(edit, upstream):
    answer = edit(references=[file()], mask=file(MASK))

    assert answer.status_code == 201, answer.data
    names = [part.name for part in upstream.paid_requests[0].form if part.filename]
    assert names == ["image", "mask"]
    assert answer.data["data"]["inputs"]["mask"]["width"] == 64


def test_an_edit_that_is_not_saved_can_be_saved_later_with_its_parents(edit, ai_manager, client_of):
    parent = make_asset(ai_manager)
    answer = edit(reference_assets=[str(parent.pk)], save_to_media="false")
    assert answer.status_code == 200

    generation_id = answer.data["data"]["generation_id"]
    client_of(ai_manager, scopes=["images"]).post(f"/api/ai/admin/images/generations/{generation_id}/save/")

    assert MediaAsset.objects.get(source="edited").made_from.get() == parent


def test_the_books_are_those_of_generating(edit):
    edit(references=[file()], n="2", quality="low")

    generation = ImageGeneration.objects.get()
    assert (generation.status, generation.charged, generation.n) == ("succeeded", "yes", 2)
    assert {(counter.reserved_images, counter.spent_images) for counter in Counter.objects.all()} == {(0, 2)}
    assert generation.cost_micros == sum(asset.cost_micros for asset in MediaAsset.objects.all()) > 0


def test_a_failing_service_gives_the_reservation_back(edit, upstream):
    upstream.play("openai/content_policy_refusal")

    answer = edit(references=[file()])

    assert (answer.status_code, answer.data["code"], answer.data["charged"]) == (422, "content_refused", "no")
    assert {(counter.reserved_images, counter.spent_images) for counter in Counter.objects.all()} == {(0, 0)}


def large_mask() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((1400, 1100), 90).convert("RGBA").save(out, "png", compress_level=0)
    return out.getvalue()


BAD_PICTURES = [
    ({"references": []}, {"references": ["required"]}),
    ({"references": [file(b"GIF89a" + b"\0" * 40)]}, {"references": ["not_a_picture"]}),
    ({"references": [file(b"<svg xmlns='http://www.w3.org/2000/svg'/>")]}, {"references": ["not_a_picture"]}),
    ({"references": [file(b"")]}, {"references": ["not_a_picture"]}),
    ({"references": [file(PNG[:-20])]}, {"references": ["truncated"]}),
    ({"references": [file(png_with_header(60_000, 60_000))]}, {"references": ["too_many_pixels"]}),
    ({"references": [file() for _ in range(4)]}, {"references": ["too_many_references"]}),
    ({"references": [file() for _ in range(17)]}, {"references": ["too_long"]}),
    ({"references": ["text"]}, {"references.0": ["invalid"]}),
    ({"reference_assets": ["00000000-0000-0000-0000-000000000000"]}, {"reference_assets": ["unknown_asset"]}),
    ({"reference_assets": ["no-uuid"]}, {"reference_assets.0": ["invalid"]}),
    ({"references": [file()], "mask": file(PNG)}, {"mask": ["mask_not_transparent"]}),
    ({"references": [file()], "mask": file(draw((64, 48), "jpeg"))}, {"mask": ["mask_not_png"]}),
    ({"references": [file()], "mask": file(draw((32, 48), "png", transparent=True))}, {"mask": ["mask_size_differs"]}),
    ({"references": [file()], "mask": file(large_mask())}, {"mask": ["mask_too_large"]}),
    (
        {"references": [file()], "mask_asset": "00000000-0000-0000-0000-000000000000"},
        {"mask_asset": ["unknown_asset"]},
    ),
    (
        {"references": [file()], "mask": file(MASK), "mask_asset": "00000000-0000-0000-0000-000000000000"},
        {"mask": ["one_mask"]},
    ),
    ({"references": [file()], "n": "two"}, {"n": ["not_integer"]}),
    ({"references": [file()], "n": ["1", "2"]}, {"n": ["sent_more_than_once"]}),
    ({"references": [file()], "save_to_media": "yes"}, {"save_to_media": ["not_boolean"]}),
    ({"references": [file()], "colour": "red"}, {"colour": ["unknown_field"]}),
]


@pytest.mark.parametrize(("fields", "expected"), BAD_PICTURES)
def test_it_names_the_field_that_is_wrong(edit, upstream, fields, expected):
    for each in [*fields.get("references", ()), fields.get("mask")]:
        if hasattr(each, "seek"):
            each.seek(0)

    assert codes(edit(**fields)) == expected
    assert nothing_was_done(upstream)


def test_a_model_without_masks_says_so(edit, editor):
    editor.image_spec = {**SPEC, "mask": False}
    editor.save()

    assert codes(edit(references=[file()], mask=file(MASK))) == {"mask": ["unsupported_parameter"]}


def test_a_model_that_edits_nothing_says_so(edit, gpt_image):
    answer = edit(model_id=gpt_image.pk, references=[file()])

    assert (answer.status_code, answer.data["code"]) == (400, "model_no_edit_capability")


def test_an_adapter_that_edits_nothing_says_so(edit):
    model = make_model(make_sandbox(), "canvas", capabilities=EDITABLE)

    answer = edit(model_id=model.pk, references=[file()])

    assert (answer.status_code, answer.data["code"]) == (400, "model_no_edit_capability")


def test_a_token_that_may_not_read_the_library_takes_no_picture_from_it(edit, ai_manager):
    asset = make_asset(ai_manager)

    by_id = edit(reference_assets=[str(asset.pk)], scopes=["images"])
    by_upload = edit(references=[file()], scopes=["images"])

    assert (by_id.status_code, by_upload.status_code) == (403, 201)


def test_the_stranger_is_refused(edit, stranger):
    assert edit(as_user=stranger, references=[file()]).status_code == 403


def test_what_all_references_weigh_together_has_a_limit(edit, ai_manager, upstream):
    heavy = [large_png(17.5), large_png(17.5), large_png(17.5)]

    by_upload = edit(references=[file(content) for content in heavy])
    by_id = edit(as_json=True, reference_assets=[str(make_asset(ai_manager, content).pk) for content in heavy])

    assert codes(by_upload) == {"references": ["references_too_large"]}
    assert codes(by_id) == {"reference_assets": ["references_too_large"]}
    assert upstream.requests == []


def test_a_service_may_take_less(edit, upstream):
    gemini = make_provider("gemini", adapter="gemini", api_base_url=upstream.gemini_url, allow_private_address=True)
    banana = make_model(gemini, "gemini-nano-banana-2.1", capabilities=EDITABLE, image_spec={"edit": True})

    answer = edit(model_id=banana.pk, references=[file(large_png(15))])

    assert codes(answer) == {"references": ["references_too_large"]}
    assert answer.data["errors"]["references"][0]["message"].count("14680064") == 1
