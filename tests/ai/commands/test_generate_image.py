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
from src.ai.models import ImageGeneration
from src.ai.services.inbox import full_path
from src.media.models import MediaAsset
from tests.factories import make_model, make_openai, make_sandbox

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
    ("spec", "asked", "sent"),
    [
        (
            {"aspect_ratios": ["16:9"], "resolutions": ["2K"]},
            ("--aspect-ratio", "16:9", "--resolution", "2K"),
            {"aspect_ratio": "16:9", "resolution": "2K"},
        ),
        ({"negative_prompt": True}, ("--negative-prompt", "fog"), {"negative_prompt": "fog"}),
        (
            {"output_formats": ["webp"], "output_compression": True},
            ("--output-format", "webp", "--output-compression", "40"),
            {"output_format": "webp", "output_compression": 40},
        ),
    ],
)
def test_every_parameter_of_a_model_can_be_asked(canvas, generate, spec, asked, sent):
    AIModel.objects.update(image_spec=spec)

    code, said, notes = generate("--model", "sandbox/canvas", "--estimate", "--json", *asked)

    # The sandbox speaks few of them; each is known, and reaches the judgement of what it speaks.
    unspoken = [name for name in sent if name not in Sandbox.parameters]
    if unspoken:
        assert (code, [f"--{name.replace('_', '-')}: " in notes for name in unspoken]) == (2, [True] * len(unspoken))
    else:
        assert json.loads(said)["params_sent"] == {"n": 1, **sent}


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
    assert (tmp_path / "cat-1.png").exists()


def test_a_file_that_cannot_be_written_ends_with_6_and_names_the_asset(canvas, generate, tmp_path):
    (tmp_path / "cat.png").mkdir()
    (tmp_path / "cat.png" / "inside").touch()

    code, _said, notes = generate("--model", "sandbox/canvas", "--force", "--out", f"{tmp_path}/cat.webp")

    assert code == 6 and f"asset {MediaAsset.objects.get().pk}" in notes


def test_without_a_keyring_nothing_is_generated(canvas, generate, settings, tmp_path):
    settings.KEYRING_FILE = tmp_path / "lost.json"

    code, _said, notes = generate("--model", "sandbox/canvas")

    assert code == 1 and "set_up" in notes
    assert not ImageGeneration.objects.exists()


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
