"""Smaller copies: what they look like, that each is made once, and who may have them."""

import asyncio
import io
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache
from PIL import Image

from src.core.errors import NotFound, Unavailable, Unprocessable
from src.media.inspection import inspect_picture
from src.media.models import MediaAsset, Rendition
from src.media.provenance import ALGORITHM, TRAINED_MODEL
from src.media.services.originals import open_stored, store_original
from src.media.services.picture_processes import PROCESSES
from src.media.services.renditions import QUEUE, ensure_rendition, schedule_renditions
from tests.factories import make_model, make_sandbox
from tests.media.assets import make_asset
from tests.media.pictures import encode, gradient, header, jpeg_with_exif, noise, png, srgb_profile
from tests.media.sockets import fetch, send_form

PATIENCE_S = 10
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"


@pytest.fixture(autouse=True)
def real_transactions(transactional_db):
    """The database steps run on threads of their own."""


@pytest.fixture
def rendered(ai_manager):
    """`rendered(content)` gives the picture of its rendition."""

    def render(content: bytes, size: int = 320, format: str = "webp", **details) -> Image.Image:
        row = async_to_sync(ensure_rendition)(make_asset(ai_manager, content, **details), size, format)
        with open_stored(row.file_name) as file:
            stored = file.read()
        picture = Image.open(io.BytesIO(stored))
        assert (row.width, row.height, row.size_bytes) == (*picture.size, len(stored))
        assert picture.format == format.upper()
        return picture

    return render


def is_close(found, expected, tolerance: int = 12) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("format", ["webp", "avif"])
@pytest.mark.parametrize(
    ("size", "of", "expected"),
    [
        (320, (1600, 800), (320, 160)),
        (1024, (1600, 800), (1024, 512)),
        (320, (100, 60), (100, 60)),
        (320, (9000, 3), (320, 1)),
    ],
)
def test_the_longest_edge_is_as_asked_and_nothing_grows(rendered, format, size, of, expected):
    assert rendered(encode(gradient(of), "PNG"), size, format).size == expected


COLOUR = (200, 40, 90)
MODES = {
    "RGB": (Image.new("RGB", (400, 300), COLOUR), "PNG", {}, COLOUR),
    "RGB jpeg": (Image.new("RGB", (400, 300), COLOUR), "JPEG", {"quality": 95}, COLOUR),
    "grey": (Image.new("L", (400, 300), 77), "PNG", {}, (77, 77, 77)),
    "grey jpeg": (Image.new("L", (400, 300), 77), "JPEG", {}, (77, 77, 77)),
    "16-bit grey": (Image.new("I;16", (400, 300), 40_000), "PNG", {}, (156, 156, 156)),
    "16-bit white": (Image.new("I;16", (400, 300), 65_535), "PNG", {}, (255, 255, 255)),
    "one bit": (Image.new("1", (400, 300), 1), "PNG", {}, (255, 255, 255)),
    "palette": (Image.new("RGB", (400, 300), COLOUR).quantize(8), "PNG", {}, COLOUR),
    "CMYK without a profile": (Image.new("RGB", (400, 300), COLOUR).convert("CMYK"), "JPEG", {"quality": 95}, COLOUR),
    "CMYK with a profile that is none": (
        Image.new("RGB", (400, 300), COLOUR).convert("CMYK"),
        "JPEG",
        {"quality": 95, "icc_profile": b"x" * 200},
        COLOUR,
    ),
    "CMYK with the profile of another space": (
        Image.new("RGB", (400, 300), COLOUR).convert("CMYK"),
        "JPEG",
        {"quality": 95, "icc_profile": srgb_profile()},
        COLOUR,
    ),
    "sRGB with its profile": (Image.new("RGB", (400, 300), COLOUR), "PNG", {"icc_profile": srgb_profile()}, COLOUR),
}


@pytest.mark.parametrize("name", MODES)
def test_colours_stay_what_they_are_in_every_mode(rendered, name):
    picture, format, options, expected = MODES[name]

    found = rendered(encode(picture, format, **options))

    assert found.mode == "RGB"
    assert is_close(found.getpixel((100, 80)), expected)
    assert "icc_profile" not in found.info


def test_a_profile_is_turned_into_srgb(rendered):
    """In this profile red and green have changed places."""
    swapped = srgb_profile().replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    assert swapped != srgb_profile()

    for mode in ("RGB", "RGBA"):
        marked = encode(Image.new(mode, (400, 300), COLOUR), "PNG", icc_profile=swapped)
        assert is_close(rendered(marked).getpixel((10, 10))[:3], (40, 200, 90))


@pytest.mark.parametrize("name", ["RGBA", "LA", "palette", "colour key"])
def test_what_is_transparent_stays_so_and_its_hidden_colour_does_not_bleed(rendered, name):
    picture = Image.new("RGBA", (800, 600), (255, 0, 0, 0))
    picture.paste((255, 255, 255, 255), (0, 0, 401, 600))
    options = {}
    if name == "LA":
        picture = picture.convert("LA")
    if name == "palette":
        picture = picture.quantize(4)
    if name == "colour key":
        picture, options = picture.convert("RGB"), {"transparency": (255, 0, 0)}

    found = rendered(encode(picture, "PNG", **options)).convert("RGBA")

    assert found.getpixel((10, 10)) == (255, 255, 255, 255)
    assert found.getpixel((310, 10))[3] == 0
    if name in ("RGBA", "LA"):
        assert all(found.getpixel((x, 100))[1] > 200 for x in range(320) if found.getpixel((x, 100))[3] > 60)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(rendered, orientation):
    """Seen upright, red grows to the right and green downwards."""
    upright = gradient((640, 480))
    back = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = upright
    for turn in back.get(orientation, []):
        stored = stored.transpose(turn)

    found = rendered(jpeg_with_exif(picture=stored, orientation=orientation))

    assert found.size == (320, 240)
    for place in ((20, 20), (300, 20), (20, 220), (300, 220)):
        assert is_close(found.getpixel(place), upright.resize((320, 240)).getpixel(place))


@pytest.mark.parametrize("format", ["webp", "avif"])
def test_no_metadata_of_the_original_goes_in(rendered, format):
    found = rendered(jpeg_with_exif(), format=format)

    assert dict(found.getexif()) == {}
    assert set(found.info) <= {"loop", "background"}


@pytest.mark.parametrize("format", ["webp", "avif"])
@pytest.mark.parametrize("term", [TRAINED_MODEL, ALGORITHM])
def test_a_picture_made_by_ai_says_so_in_its_copies(rendered, format, term):
    found = rendered(jpeg_with_exif(), format=format, provenance={"made_by_ai": True, "digital_source_type": term})

    assert f">{term}<".encode() in found.info["xmp"]
    [statement] = ElementTree.fromstring(found.info["xmp"]).iter(f"{{{IPTC}}}DigitalSourceType")
    assert statement.text == term
    assert dict(found.getexif()) == {}


def test_of_an_animation_the_first_frame_is_shown(rendered):
    frames = [Image.new("RGB", (400, 300), colour) for colour in ("white", "black", "red")]
    for format in ("WEBP", "PNG"):
        found = rendered(encode(frames[0], format, save_all=True, append_images=frames[1:]))
        assert getattr(found, "n_frames", 1) == 1
        assert is_close(found.getpixel((10, 10)), (255, 255, 255))


def test_who_asks_at_once_gets_one_row_and_leaves_one_file(ai_manager, stored_names):
    asset = make_asset(ai_manager, encode(noise((900, 900)), "PNG"))

    async def ask_often():
        return await asyncio.gather(*[ensure_rendition(asset, 320, "webp") for _ in range(8)])

    with ThreadPoolExecutor(4) as threads:
        loops = [threads.submit(async_to_sync(ask_often)) for _ in range(4)]
        rows = {row.pk for loop in loops for row in loop.result()}

    assert rows == {Rendition.objects.get().pk}
    assert len([name for name in stored_names() if name.startswith("renditions/")]) == 1


def test_whoever_hangs_up_does_not_end_the_work(ai_manager):
    asset = make_asset(ai_manager, encode(noise((900, 900)), "PNG"))

    async def ask_twice() -> Rendition:
        impatient, patient = (asyncio.create_task(ensure_rendition(asset, 320, "webp")) for _ in range(2))
        await asyncio.sleep(0.05)
        impatient.cancel()
        return await patient

    assert async_to_sync(ask_twice)().size == 320


def broken_asset(owner) -> MediaAsset:
    """A PNG that looks whole and cannot be decoded, as a provider may send one."""
    return make_asset(owner, png(header(64, 64), (b"IDAT", b"no zlib"), (b"IEND", b"")))


def test_a_picture_that_cannot_be_rendered_is_remembered_and_answers_422(ai_manager, client_of):
    asset = broken_asset(ai_manager)
    url = f"/api/media/{asset.pk}/renditions/320.webp"

    first, again = client_of(ai_manager).get(url), client_of(ai_manager).get(url)

    asset.refresh_from_db()
    assert [(answer.status_code, answer.data["code"]) for answer in (first, again)] == [(422, "rendition_failed")] * 2
    assert asset.rendition_problem == "not_decodable"
    with pytest.raises(Unprocessable):
        async_to_sync(ensure_rendition)(asset, 1024, "webp")


def test_a_missing_original_is_not_the_pictures_fault(ai_manager, settings):
    asset = make_asset(ai_manager)
    (settings.MEDIA_ROOT / asset.file_name).unlink()

    with pytest.raises(NotFound) as caught:
        async_to_sync(ensure_rendition)(asset, 320, "webp")

    asset.refresh_from_db()
    assert (caught.value.code, asset.rendition_problem) == ("original_missing", "")


def test_a_copy_that_takes_too_long_is_tried_again_later_and_others_at_once(ai_manager, monkeypatch):
    asset = make_asset(ai_manager, encode(noise((800, 800)).resize((4000, 4000)), "PNG", compress_level=1))

    with monkeypatch.context() as hurried:
        hurried.setattr(PROCESSES, "_timeout_s", 0.05)
        with pytest.raises(Unprocessable):
            async_to_sync(ensure_rendition)(asset, 1024, "avif")

    asset.refresh_from_db()
    assert asset.rendition_problem == ""
    assert async_to_sync(ensure_rendition)(asset, 320, "webp").size == 320
    with pytest.raises(Unprocessable):
        async_to_sync(ensure_rendition)(asset, 1024, "avif")
    cache.clear()
    assert async_to_sync(ensure_rendition)(asset, 1024, "avif").size == 1024


def test_processes_that_are_stopped_are_not_the_pictures_fault(ai_manager):
    asset = make_asset(ai_manager, encode(noise((800, 800)).resize((4000, 4000)), "PNG", compress_level=1))

    async def ask_and_stop():
        asked = asyncio.create_task(ensure_rendition(asset, 1024, "avif"))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(PROCESSES.stop)
        return await asked

    with pytest.raises(Unavailable):
        async_to_sync(ask_and_stop)()

    asset.refresh_from_db()
    assert asset.rendition_problem == ""
    assert async_to_sync(ensure_rendition)(asset, 320, "webp").size == 320


@pytest.mark.parametrize("name", ["320.png", "321.webp", "1024.gif", "0.webp"])
def test_other_sizes_and_formats_are_not_found(client_of, ai_manager, name):
    assert client_of(ai_manager).get(f"/api/media/{make_asset(ai_manager).pk}/renditions/{name}").status_code == 404


@pytest.mark.parametrize("format", ["webp", "avif"])
def test_the_real_server_makes_and_sends_it_with_safe_headers(server, ai_manager, token_of, stored_names, format):
    asset, token = make_asset(ai_manager, encode(gradient((2000, 1000)), "JPEG")), token_of(ai_manager)
    url = f"{server.url}/api/media/{asset.pk}/renditions/320.{format}"

    answer = fetch(url, token=token)

    assert (answer.status, answer.headers["Content-Type"]) == (200, f"image/{format}")
    assert Image.open(io.BytesIO(answer.body)).size == (320, 160)
    assert answer.headers["Cache-Control"] == "private, max-age=3600"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert fetch(url, token=token, If_None_Match=answer.headers["ETag"]).status == 304
    assert fetch(url, token=token, Range="bytes=0-9").body == answer.body[:10]


def test_private_copies_are_for_those_who_see_the_picture(client_of, ai_manager, other_manager, media_manager):
    url = f"/api/media/{make_asset(ai_manager, visibility='private').pk}/renditions/320.webp"

    assert client_of(other_manager).get(url).status_code == 404
    shown = client_of(media_manager).get(url)
    shown.close()
    assert shown.status_code == 200
    assert client_of().get(url).status_code == 401


def wait_for(condition) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(condition())


def test_after_an_upload_the_usual_copies_are_made_unasked(server, ai_manager, token_of):
    sent = send_form(f"{server.url}/api/media/uploads/", token_of(ai_manager), encode(noise((1200, 900)), "PNG"))
    assert sent.status == 201, sent.body

    assert wait_for(lambda: Rendition.objects.count() == 2)
    assert {(row.size, row.format) for row in Rendition.objects.all()} == {(320, "webp"), (1024, "webp")}


def test_after_a_generation_the_usual_copies_are_made_and_its_answer_names_them(server, ai_manager, token_of):
    model = make_model(make_sandbox(), "canvas", image_spec={"sizes": ["64x64"], "max_n": 4}, pricing=[])
    order = {"model_id": model.pk, "prompt": "a", "size": "64x64", "n": 2}
    token = token_of(ai_manager)

    answer = fetch(f"{server.url}/api/ai/admin/images/generate/", "POST", token=token, body=order).json()["data"]

    for image in answer["images"]:
        assert set(image["thumbnails"]) == {"320", "1024"}
        for address in image["thumbnails"].values():
            assert fetch(server.url + address, token=token).status == 200
    assert wait_for(lambda: Rendition.objects.count() == 4)


def test_a_stopping_server_drops_what_nobody_waits_for(server, ai_manager):
    content = encode(noise((1500, 1500)), "PNG", compress_level=1)
    QUEUE.add([make_asset(ai_manager, content).pk for _ in range(20)])
    time.sleep(0.3)
    started = time.monotonic()

    server.stop()

    assert time.monotonic() - started < 5
    assert Rendition.objects.count() < 40
    assert {row.asset.rendition_problem for row in Rendition.objects.select_related("asset")} <= {""}


def test_outside_the_server_nothing_is_made_ahead(ai_manager):
    async_to_sync(async_schedule)(schedule_renditions, make_asset(ai_manager))

    assert Rendition.objects.count() == 0


async def async_schedule(schedule, asset) -> None:
    schedule([asset.pk])
    await asyncio.sleep(0.2)


def test_a_picture_removed_meanwhile_leaves_no_file(ai_manager, stored_names):
    content = encode(noise((1500, 1500)), "PNG", compress_level=1)
    original = store_original(content=content, facts=inspect_picture(content))
    gone = MediaAsset(id=original.asset_id, owner=ai_manager, file_name=original.file_name)

    with pytest.raises(NotFound):
        async_to_sync(ensure_rendition)(gone, 320, "webp")

    assert stored_names() == [original.file_name]
