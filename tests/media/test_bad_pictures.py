"""Files made to do harm: each is refused with its reason, or shown so that nothing runs; the server stays as it was."""

import struct
import time
import zlib

import psutil
import pytest

from src.media.models import MediaAsset
from tests.media.conftest import UPLOADS
from tests.media.pictures import (
    PNG_SIGNATURE,
    SCRIPT,
    animation,
    apng_claiming,
    encode,
    flat_png,
    gradient,
    header,
    jpeg_and_html,
    jpeg_and_script,
    jpeg_with_exif,
    noise,
    png,
    png_and_html,
    png_and_zip,
    srgb_profile,
    with_chunk,
    zeros,
)
from tests.media.sockets import fetch, send_form
from tests.upstream.pictures import png_with_header, svg_bytes

MB = 1024 * 1024
PNG = encode(gradient((200, 150)), "PNG")
JPEG = encode(gradient((200, 150)), "JPEG")
WEBP = encode(gradient((200, 150)), "WEBP")
IEND = b"\0\0\0\0IEND\xaeB`\x82"

REFUSED = {
    "empty": (lambda: b"", "not_a_picture"),
    "text": (lambda: b"hello", "not_a_picture"),
    "page": (lambda: SCRIPT, "not_a_picture"),
    "SVG with a script": (svg_bytes, "not_a_picture"),
    "GIF": (lambda: encode(gradient(), "GIF"), "not_a_picture"),
    "GIF of 10,000 frames": (lambda: animation("GIF", 10_000, (2, 2)), "not_a_picture"),
    "BMP": (lambda: encode(gradient(), "BMP"), "not_a_picture"),
    "TIFF": (lambda: encode(gradient(), "TIFF"), "not_a_picture"),
    "AVIF": (lambda: encode(gradient(), "AVIF"), "not_a_picture"),
    "EPS": (lambda: encode(gradient(), "EPS"), "not_a_picture"),
    "PNG's signature alone": (lambda: PNG_SIGNATURE, "not_a_picture"),
    "WebP of 10,000 frames": (lambda: animation("WEBP", 10_000, (2, 2)), "too_many_frames"),
    "APNG of 10,000 frames": (lambda: animation("PNG", 10_000, (2, 2)), "too_many_frames"),
    "APNG that claims 2 billion": (lambda: apng_claiming(2**31 - 1), "too_many_frames"),
    "header of 60,000 x 60,000": (lambda: png_with_header(60_000, 60_000), "too_many_pixels"),
    "header of 2 billion x 2 billion": (lambda: png_with_header(2**31 - 1, 2**31 - 1), "too_many_pixels"),
    "bomb of 10 gigapixels": (lambda: flat_png(32_000, 4_000, colour=0), "too_many_pixels"),
    "PNG cut in its pixels": (lambda: PNG[: len(PNG) // 2], "truncated"),
    "PNG without its end": (lambda: PNG[:-12], "truncated"),
    "PNG cut and ended": (lambda: png(header(64, 64), (b"IDAT", zeros(3000)), (b"IEND", b"")), "truncated"),
    "JPEG cut": (lambda: JPEG[:-100], "truncated"),
    "WebP cut": (lambda: WEBP[:-50], "truncated"),
    "PNG of no zlib": (lambda: png(header(64, 64), (b"IDAT", b"no zlib"), (b"IEND", b"")), "not_decodable"),
    "JPEG of noise": (lambda: JPEG[:200] + b"\0" * 500 + b"\xff\xd9", None),
    "zTXt of 100 MB": (
        lambda: with_chunk(PNG, b"zTXt", b"Comment\0\0" + zlib.compress(bytes(100 * MB), 9)),
        "not_a_picture",
    ),
    "iCCP of 100 MB": (
        lambda: with_chunk(PNG, b"iCCP", b"profile\0\0" + zlib.compress(bytes(100 * MB), 9)),
        "not_a_picture",
    ),
}
KEPT = {
    "PNG that is a zip too": (png_and_zip, "image/png"),
    "JPEG that is a page too": (jpeg_and_html, "image/jpeg"),
    "JPEG that is a script too": (jpeg_and_script, "image/jpeg"),
    "PNG that is a page too": (png_and_html, "image/png"),
    "EXIF with a script": (jpeg_with_exif, "image/jpeg"),
    "CMYK": (lambda: encode(gradient(mode="CMYK"), "JPEG"), "image/jpeg"),
    "CMYK with a profile": (lambda: encode(gradient(mode="CMYK"), "JPEG", icc_profile=srgb_profile()), "image/jpeg"),
    "16-bit grey": (lambda: flat_png(500, 400, depth=16, colour=0), "image/png"),
    "16-bit RGB": (lambda: flat_png(500, 400, depth=16), "image/png"),
    "animated WebP": (lambda: animation("WEBP", 200), "image/webp"),
    "APNG": (lambda: animation("PNG", 200), "image/png"),
    "100 million pixels of black": (lambda: flat_png(10_000, 10_000), "image/png"),
    "text of 900 kB": (lambda: with_chunk(PNG, b"tEXt", b"Comment\0" + b"a" * 900_000), "image/png"),
    "a chunk of its own": (lambda: with_chunk(PNG, b"ruSt", SCRIPT), "image/png"),
    "a lying EXIF block": (
        lambda: JPEG[:2] + b"\xff\xe1" + struct.pack(">H", 500) + b"Exif\0\0MM" + bytes(490) + JPEG[2:],
        "image/jpeg",
    ),
    "much behind the end": (lambda: PNG + bytes(5 * MB), "image/png"),
}


@pytest.fixture
def token(transactional_db, ai_manager, token_of):
    return token_of(ai_manager)


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_its_reason(upload, transactional_db, ai_manager, name):
    make, code = REFUSED[name]

    answer = upload(ai_manager, make(), name="cat.png")

    assert (answer.status_code, answer.data["code"]) == (400, "validation_error")
    [error] = answer.data["errors"]["file"]
    assert code in (error["code"], None)
    assert MediaAsset.objects.count() == 0


def test_the_refusal_lists_what_is_kept(upload, transactional_db, ai_manager):
    [error] = upload(ai_manager, encode(gradient(), "GIF")).data["errors"]["file"]

    assert all(word in error["message"] for word in ("PNG", "JPEG", "WebP"))


@pytest.mark.parametrize("name", KEPT)
def test_it_is_kept_and_served_so_that_nothing_runs(server, token, name):
    make, mime = KEPT[name]
    content = make()

    sent = send_form(f"{server.url}{UPLOADS}", token, content)

    assert sent.status == 201, sent.body
    asset = MediaAsset.objects.get()
    base = f"{server.url}/api/media/{asset.pk}/"
    original, small = fetch(f"{base}original/", token=token), fetch(f"{base}renditions/320.webp", token=token)
    assert original.body == content
    assert (original.headers["Content-Type"], small.headers["Content-Type"]) == (mime, "image/webp")
    assert small.status == 200
    assert SCRIPT not in small.body
    for answer in (original, small):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def rss_mb(process: psutil.Process) -> float:
    return process.memory_info().rss / MB


def total_mb() -> tuple[float, float]:
    """Of this process, in whose thread the server runs, and of its children."""
    own = psutil.Process()
    return rss_mb(own), sum(rss_mb(child) for child in own.children(recursive=True))


def test_memory_goes_back_to_where_it_was(server, token):
    """One picture of 100 million pixels takes 400 MB while it is decoded."""
    url = f"{server.url}{UPLOADS}"
    harmless = encode(noise((600, 600)), "PNG")
    for index in range(4):
        assert send_form(url, token, harmless + bytes(index)).status == 201
    before_server, before_children = total_mb()
    bombs = [flat_png(10_000, 10_000, colour=6), flat_png(10_000, 10_000, depth=16, colour=0), flat_png(10_000, 9_999)]

    for bomb in bombs:
        assert send_form(url, token, bomb).status == 201
        assert send_form(url, token, bomb[:-12]).status == 400
    deadline = time.monotonic() + 30
    while total_mb()[1] > before_children + 60 and time.monotonic() < deadline:
        time.sleep(0.2)

    after_server, after_children = total_mb()
    assert after_server < before_server + 80
    assert after_children < before_children + 60
    assert fetch(f"{server.url}/livez").status == 200
