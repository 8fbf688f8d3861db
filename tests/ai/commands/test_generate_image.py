"""`manage.py generate_image`: pictures as the API makes them, files where they were asked, exit codes as documented."""

import base64
import json
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command

from src.accounts.models import User
from src.ai.models import AIModel, AIProvider, ImageGeneration
from src.ai.services.inbox import full_path
from src.media.models import MediaAsset
from tests.factories import GPT_IMAGE_SPEC, make_model, make_openai, make_provider, make_sandbox
from tests.media.assets import make_asset
from tests.upstream.pictures import draw

PNG, WEBP = b"\x89PNG", b"RIFF"
GPT = "openai/gpt-image-2.5-flare"


@pytest.fixture
def canvas(transactional_db, super_admin):
    spec = {"sizes": ["64x64"], "max_n": 4, "output_formats": ["png", "webp", "jpeg"], "seed": True}
    return make_model(make_sandbox(), "canvas", image_spec=spec, pricing=[{"unit": "image", "price": "2500"}])


@pytest.fixture
def generate(capsys):
    """`generate(*arguments)`: exit code, standard output, standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code, said = 0, ""
        try:
            call_command("generate_image", "a cat", *arguments)
        except CommandError as exc:
            code, said = exc.returncode, str(exc)
        found = capsys.readouterr()
        return code, found.out, found.err + said

    return run


def test_the_picture_is_saved_and_written(canvas, generate, tmp_path):
    code, said, _notes = generate("--model", "sandbox/canvas", "--size", "64x64", "--out", f"{tmp_path}/cat.png")

    asset = MediaAsset.objects.get()
    assert code == 0
    assert (tmp_path / "cat.png").read_bytes() == (Path(asset_path(asset))).read_bytes()
    assert said.splitlines()[0].startswith("1 of 1 made by sandbox/canvas with the shared key in ")
    assert said.splitlines()[1] == "cost: 0 US dollars, reported by the service"
    assert f"asset {asset.pk}" in said


def asset_path(asset: MediaAsset) -> str:
    return str(Path(project.MEDIA_ROOT) / asset.file_name)


def test_everything_asked_reaches_the_generation(canvas, generate):
    asked = ("--title", "گربه", "--alt-text", "a cat", "--visibility", "private", "--seed", "7", "--n", "2")
    code, _said, _notes = generate("--model", str(canvas.pk), *asked)

    generation = ImageGeneration.objects.get()
    assert (code, generation.title, generation.alt_text, generation.visibility) == (0, "گربه", "a cat", "private")
    assert (generation.n, generation.params_sent["seed"], MediaAsset.objects.count()) == (2, 7, 2)


@pytest.mark.parametrize(
    ("adapter", "spec", "asked"),
    [
        (
            "gemini",
            {"aspect_ratios": ["16:9"], "resolutions": ["2K"]},
            {"aspect_ratio": "16:9", "resolution": "2K"},
        ),
        ("huggingface", {"negative_prompt": True}, {"negative_prompt": "fog"}),
        (
            "openai",
            {"output_formats": ["webp"], "output_compression": True},
            {"output_format": "webp", "output_compression": 40},
        ),
    ],
)
def test_every_parameter_of_a_model_can_be_asked(super_admin, generate, adapter, spec, asked):
    make_model(make_provider("any", adapter=adapter), "model", image_spec=spec)
    options = [text for name, value in asked.items() for text in (f"--{name.replace('_', '-')}", str(value))]

    _code, said, _notes = generate("--model", "any/model", "--estimate", "--json", *options)

    assert json.loads(said)["params_sent"] == {"n": 1, **asked}


def test_several_pictures_are_numbered(canvas, generate, tmp_path):
    assert generate("--model", "sandbox/canvas", "--n", "2", "--out", f"{tmp_path}/cat.png")[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["cat-1.png", "cat-2.png"]


def test_a_picture_of_another_type_gets_its_real_extension(canvas, generate, tmp_path):
    options = ("--output-format", "webp", "--out", f"{tmp_path}/cat.png")
    code, _said, notes = generate("--model", "sandbox/canvas", *options)

    assert code == 0
    assert (tmp_path / "cat.webp").read_bytes().startswith(WEBP)
    assert not (tmp_path / "cat.png").exists()
    assert "written as cat.webp" in notes


@pytest.mark.parametrize("existing", ["cat.png", "cat.webp"])
def test_nothing_is_overwritten_or_paid_for_unasked(canvas, generate, tmp_path, existing):
    (tmp_path / existing).write_text("mine")

    code, _said, notes = generate("--model", "sandbox/canvas", "--out", f"{tmp_path}/cat.png")

    assert code == 1 and "--force" in notes
    assert (tmp_path / existing).read_text() == "mine"
    assert not ImageGeneration.objects.exists()


def test_force_overwrites(canvas, generate, tmp_path):
    (tmp_path / "cat.png").write_text("mine")

    assert generate("--model", "sandbox/canvas", "--force", "--out", f"{tmp_path}/cat.png")[0] == 0
    assert (tmp_path / "cat.png").read_bytes().startswith(PNG)


def test_a_folder_that_is_not_there_is_found_out_before_paying(canvas, generate, tmp_path):
    assert generate("--model", "sandbox/canvas", "--out", f"{tmp_path}/no/cat.png")[0] == 1
    assert not ImageGeneration.objects.exists()


def test_without_saving_the_picture_is_written_and_kept_in_the_inbox(canvas, generate, tmp_path):
    code, said, _notes = generate("--model", "sandbox/canvas", "--no-save", "--out", f"{tmp_path}/cat.png")

    output = ImageGeneration.objects.get().outputs.get()
    assert (code, MediaAsset.objects.count()) == (0, 0)
    assert (tmp_path / "cat.png").read_bytes() == full_path(output.inbox_path).read_bytes()
    assert "kept for 24 hours" in said


def test_json_is_the_apis_data_and_nothing_else(canvas, generate):
    code, said, _notes = generate("--model", "sandbox/canvas", "--json", "--no-save")

    answer = json.loads(said)
    assert (code, answer["delivered"], answer["cost_micros"]) == (0, 1, 0)
    assert base64.b64decode(answer["images"][0]["image_data_url"].split(",")[1]).startswith(PNG)


@pytest.mark.parametrize(
    ("pricing", "said"),
    [
        ([], "cost: unknown\n"),
        ([{"unit": "image", "price": "40000"}], "cost: 0.04 US dollars, by the price table\n"),
    ],
)
def test_the_cost_is_told_and_an_unknown_one_is_called_unknown(
    transactional_db, super_admin, upstream, generate, pricing, said
):
    make_model(make_openai(upstream), pricing=pricing)

    assert said in generate("--model", GPT)[1]


def test_with_two_super_admins_one_must_be_named(canvas, generate):
    User.objects.create_superuser("second")

    code, _said, notes = generate("--model", "sandbox/canvas")

    assert code == 1 and "--as USERNAME" in notes
    assert generate("--model", "sandbox/canvas", "--as", "second")[0] == 0
    assert ImageGeneration.objects.get().admin.username == "second"


def test_a_person_who_does_not_exist_is_named(canvas, generate):
    assert generate("--model", "sandbox/canvas", "--as", "nobody")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "sandbox/none"), "--model: There is no such model."),
        (("--model", "sandbox/canvas", "--size", "65x65"), "--size: "),
        (("--model", "sandbox/canvas", "--n", "99"), "n: "),
        (("--model", "sandbox/canvas", "--as", "stranger"), "the permission to generate pictures is missing"),
    ],
)
def test_what_is_refused_here_ends_with_2(canvas, stranger, generate, arguments, said):
    code, _said, notes = generate(*arguments)

    assert code == 2 and said in notes
    assert not ImageGeneration.objects.exists()


@pytest.mark.parametrize(
    ("fixture", "code"),
    [("openai/invalid_key", 3), ("openai/overloaded", 3)],
)
def test_a_service_that_refuses_ends_with_3(transactional_db, super_admin, upstream, generate, fixture, code):
    make_model(make_openai(upstream))
    upstream.play(fixture, times=1 if "invalid" in fixture else 3)

    found = generate("--model", GPT)
    upstream.clear_switches()

    assert found[0] == code and "charged: no" in found[2]


@pytest.mark.parametrize(
    ("fixture", "said"),
    [
        ("openai/content_policy_refusal", "categories: violence"),
        ("openai/invalid_size", "the service names --size"),
        ("openai/dalle3_retired_model_error", "replacement: gpt-image-2.6-flare"),
    ],
)
def test_what_the_service_says_of_an_error_is_told(transactional_db, super_admin, upstream, generate, fixture, said):
    make_model(make_openai(upstream), replacement="gpt-image-2.6-flare")
    upstream.play(fixture)

    code, _said, notes = generate("--model", GPT)

    assert code == 3 and said in notes.splitlines()


def test_an_unclear_end_is_4(transactional_db, super_admin, upstream, generate):
    make_model(make_openai(upstream))
    upstream.drop_after_accept()

    code, _said, notes = generate("--model", GPT)

    assert code == 4 and "charged: unknown" in notes


def test_missing_pictures_end_with_5(transactional_db, super_admin, upstream, generate, tmp_path):
    make_model(make_openai(upstream))
    upstream.picture_count_next(1)

    code, said, _notes = generate("--model", GPT, "--n", "2", "--out", f"{tmp_path}/cat.png")

    assert code == 5 and said.startswith("1 of 2 made")
    assert "picture 2 failed: The service answered without a picture. (charged: no)" in said
    assert (tmp_path / "cat-1.png").exists()


def test_a_file_that_cannot_be_written_ends_with_6_and_names_the_asset(canvas, generate, tmp_path):
    (tmp_path / "cat.png").mkdir()
    (tmp_path / "cat.png" / "inside").touch()

    code, _said, notes = generate("--model", "sandbox/canvas", "--force", "--out", f"{tmp_path}/cat.webp")

    assert code == 6 and f"asset {MediaAsset.objects.get().pk}" in notes


def test_a_picture_more_than_was_asked_overwrites_none(transactional_db, super_admin, upstream, generate, tmp_path):
    make_model(make_openai(upstream))
    upstream.picture_count_next(3)
    (tmp_path / "cat-3.png").write_text("mine")

    code, _said, notes = generate("--model", GPT, "--out", f"{tmp_path}/cat.png")

    assert code == 6 and "cat-3.png was not written (there is such a file)" in notes
    assert sorted(path.name for path in tmp_path.glob("cat*")) == ["cat-2.png", "cat-3.png", "cat.png"]
    assert (tmp_path / "cat-3.png").read_text() == "mine"


def test_without_a_keyring_nothing_is_generated(canvas, generate, settings, tmp_path):
    settings.KEYRING_FILE = tmp_path / "lost.json"

    code, _said, notes = generate("--model", "sandbox/canvas")

    assert code == 1 and "set_up" in notes
    assert not ImageGeneration.objects.exists()


@pytest.fixture
def editor(transactional_db, super_admin, upstream):
    spec = {**GPT_IMAGE_SPEC, "mask": True, "max_reference_images": 3}
    return make_model(make_openai(upstream), capabilities={"image": True, "image_edit": True}, image_spec=spec)


@pytest.fixture
def folder(tmp_path):
    """With a picture, a mask for it, and what is none."""
    (tmp_path / "cat.jpg").write_bytes(draw((64, 48), "jpeg"))
    (tmp_path / "dog.png").write_bytes(draw((32, 32), "png"))
    (tmp_path / "mask.png").write_bytes(draw((64, 48), "png", transparent=True))
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def sent_pictures(upstream) -> list[tuple[str, str]]:
    return [(part.name, part.content_type) for part in upstream.paid_requests[0].form if part.filename]


def test_a_picture_is_made_from_files(editor, generate, upstream, folder):
    references = ("--reference", f"{folder}/cat.jpg", "--reference", f"{folder}/dog.png")
    code, said, _notes = generate("--model", GPT, *references, "--out", f"{folder}/night.png")

    assert code == 0 and said.startswith("1 of 1 made by openai/")
    assert sent_pictures(upstream) == [("image[]", "image/jpeg"), ("image[]", "image/png")]
    assert (folder / "night.png").read_bytes().startswith(PNG)


def test_a_mask_says_where_the_picture_may_change(editor, generate, upstream, folder):
    code, *_rest = generate("--model", GPT, "--reference", f"{folder}/cat.jpg", "--mask", f"{folder}/mask.png")

    assert code == 0
    assert sent_pictures(upstream) == [("image", "image/jpeg"), ("mask", "image/png")]


def test_a_picture_is_made_from_one_of_the_library(editor, super_admin, generate, upstream, folder):
    parent = make_asset(super_admin)

    files = ("--reference", f"{folder}/cat.jpg")
    code, *_rest = generate("--model", GPT, *files, "--reference-asset", str(parent.pk))

    assert code == 0
    assert [kind for _name, kind in sent_pictures(upstream)] == ["image/png", "image/jpeg"]
    assert MediaAsset.objects.get(source="edited").made_from.get() == parent


@pytest.mark.parametrize(("said", "kept"), [((), "private"), (("--visibility", "team"), "team")])
def test_what_is_made_of_a_private_picture_is_private_unless_said_otherwise(editor, super_admin, generate, said, kept):
    parent = make_asset(super_admin, visibility="private")

    generate("--model", GPT, "--reference-asset", str(parent.pk), *said)

    assert MediaAsset.objects.get(source="edited").visibility == kept


def test_an_edit_need_not_be_saved(editor, generate, folder):
    code, said, _notes = generate("--model", GPT, "--no-save", "--reference", f"{folder}/cat.jpg")

    assert code == 0 and "kept for 24 hours" in said
    assert not MediaAsset.objects.exists()


NOBODYS = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--reference", "missing.png"), "missing.png cannot be read: No such file or directory."),
        (("--reference", "."), " cannot be read: Is a directory."),
        (("--reference", "notes.txt"), "--reference: "),
        (("--reference-asset", NOBODYS), "--reference-asset: There is no such picture in the library."),
        (("--mask", "mask.png"), "--reference: "),
        (("--reference", "cat.jpg", "--mask", "cat.jpg"), "--mask: A mask is a PNG."),
        (("--reference", "cat.jpg") * 4, "--reference: There can be at most 3 reference pictures."),
    ],
)
def test_pictures_that_cannot_be_sent_end_with_2(editor, generate, upstream, folder, monkeypatch, options, said):
    monkeypatch.chdir(folder)

    code, _said, notes = generate("--model", GPT, *options)

    assert code == 2 and said in notes
    assert upstream.paid_calls == 0 and not ImageGeneration.objects.exists()


def test_no_more_of_a_file_is_read_than_could_be_sent(editor, generate, upstream):
    endless = generate("--model", GPT, "--reference", "/dev/zero")
    mask = generate("--model", GPT, "--reference-asset", NOBODYS, "--mask", "/dev/zero")

    assert (endless[0], mask[0]) == (2, 2)
    assert "/dev/zero: The reference pictures together have more than 52428800 bytes." in endless[2]
    assert "/dev/zero: The mask has more than 4194304 bytes." in mask[2]


def test_an_estimate_is_told_and_nothing_is_spent(transactional_db, super_admin, upstream, generate):
    provider = make_openai(upstream, monthly_budget_micros=1_000_000)
    prices = [("low", "5000"), ("high", "211000")]
    make_model(
        provider,
        pricing=[
            *({"unit": "image", "price": price, "when": {"quality": quality}} for quality, price in prices),
            {"unit": "mtok_in", "price": "5000000"},
        ],
    )

    code, said, _notes = generate("--model", GPT, "--n", "2", "--estimate")

    assert code == 0
    assert said.splitlines() == [
        f"{GPT}: n 2",
        "cost: 0.01 to 0.422 US dollars, by the price table",
        "not in it: The words of the prompt cost extra, by their tokens.",
        "key: the shared key is used.",
        "left this month: 1 US dollars",
    ]
    assert upstream.requests == [] and not ImageGeneration.objects.exists()


def test_an_unknown_price_is_estimated_as_unknown(canvas, generate):
    AIModel.objects.update(pricing=[])

    said = generate("--model", "sandbox/canvas", "--estimate")[1].splitlines()

    assert (said[1], said[-1]) == ("cost: unknown", "left this month: no limit")


def test_an_estimate_of_an_edit_counts_its_pictures(editor, generate, folder):
    options = ("--model", GPT, "--estimate", "--json")
    fits = generate(*options, *("--reference", f"{folder}/cat.jpg") * 3)
    does_not = generate(*options, *("--reference", f"{folder}/cat.jpg") * 4)

    assert (fits[0], json.loads(fits[1])["would_be_accepted"]) == (0, True)
    assert does_not[0] == 2 and "at most 3" in does_not[2]


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ({"is_active": False}, "This model cannot be used now: the provider is switched off."),
        ({"monthly_budget_micros": 1}, "budget"),
    ],
)
def test_an_estimate_of_what_would_be_refused_ends_with_2(canvas, generate, provider, said):
    AIProvider.objects.update(**provider)

    code, told, notes = generate("--model", "sandbox/canvas", "--estimate", "--json")

    assert (code, json.loads(told)["would_be_accepted"]) == (2, False)
    assert said in notes and not ImageGeneration.objects.exists()


def shell(*arguments: str, **kwargs) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "manage.py", "generate_image", *arguments],
        cwd=project.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **kwargs,
    )


def test_wrong_usage_ends_with_1_and_help_lists_the_codes():
    wrong, shown = shell("a cat"), shell("--help")

    assert "--model" in wrong.communicate()[1] and wrong.returncode == 1
    said = shown.communicate()[0]
    assert [int(code) for code in re.findall(r"^  (\d)  ", said, re.MULTILINE)] == list(range(7))


def test_ctrl_c_waits_for_the_picture_that_is_being_paid_for(installation, upstream, tmp_path):
    installation.run("set_up")
    url = upstream.compatible_url
    installation.run(
        "shell",
        "-v0",
        "-c",
        f"AIProvider.objects.filter(slug='sandbox').update(adapter='openai_compatible', api_base_url='{url}', "
        "allow_private_address=True, config={'needs_key': False, 'response_format': 'b64_json'})",
    )
    out = tmp_path / "cat.png"
    with upstream.hold():
        running = shell("a cat", "--model", "sandbox/canvas", "--out", str(out), env=installation.environment)
        upstream.wait_until_in_flight(1)
        running.send_signal(signal.SIGINT)
        threading.Event().wait(0.3)
        assert running.poll() is None
    _said, notes = running.communicate(timeout=30)

    assert running.returncode == 0, notes
    assert "waits for it" in notes and "Traceback" not in notes
    assert out.read_bytes().startswith(PNG)
