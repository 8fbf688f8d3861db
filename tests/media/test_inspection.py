import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from src.media.inspection import MAX_PICTURE_BYTES, UnacceptablePicture, inspect_picture
from tests.upstream.pictures import draw, large_png, png_with_header, svg_bytes

PNG, JPEG, WEBP = (draw((64, 48), fmt) for fmt in ("png", "jpeg", "webp"))


def saved(picture: Image.Image, fmt: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, fmt, **options)
    return out.getvalue()


def reason_of(content: bytes) -> str:
    with pytest.raises(UnacceptablePicture) as caught:
        inspect_picture(content)
    return caught.value.reason


@pytest.mark.parametrize(
    ("content", "mime_type", "extension"),
    [(PNG, "image/png", "png"), (JPEG, "image/jpeg", "jpg"), (WEBP, "image/webp", "webp")],
)
def test_it_tells_type_and_size_from_the_bytes(content, mime_type, extension):
    facts = inspect_picture(content)

    assert (facts.mime_type, facts.extension) == (mime_type, extension)
    assert (facts.width, facts.height, facts.size_bytes) == (64, 48, len(content))


@pytest.mark.parametrize(
    ("fmt", "options"),
    [
        ("png", {"interlace": 1}),
        ("jpeg", {"progressive": True}),
        ("webp", {"lossless": True}),
        ("webp", {"save_all": True, "append_images": [Image.new("RGB", (64, 48), "red")]}),
        ("png", {"save_all": True, "append_images": [Image.new("RGB", (64, 48), "red")]}),
    ],
)
def test_every_kind_of_the_three_types_is_kept(fmt, options):
    content = saved(Image.new("RGB", (64, 48), "blue"), fmt, **options)

    assert inspect_picture(content).width == 64
    assert reason_of(content[: len(content) // 2]) in ("truncated", "not_a_picture")


def test_a_jpeg_with_a_second_picture_inside_is_a_jpeg():
    """As phones write them: a gain map or a preview behind the picture (MPF)."""
    second = Image.new("RGB", (16, 12), "red")
    content = saved(Image.new("RGB", (64, 48), "blue"), "MPO", save_all=True, append_images=[second])

    facts = inspect_picture(content)

    assert (facts.mime_type, facts.width, facts.height) == ("image/jpeg", 64, 48)


@pytest.mark.parametrize("content", [PNG, JPEG, WEBP])
def test_bytes_behind_the_picture_do_no_harm(content):
    assert inspect_picture(content + b"<script>alert(1)</script>").width == 64


@pytest.mark.parametrize("lost", [1, 8, 20, 100])
@pytest.mark.parametrize("content", [PNG, JPEG, WEBP])
def test_a_picture_cut_short_is_refused(content, lost):
    assert reason_of(content[:-lost]) in ("truncated", "not_a_picture")


@pytest.mark.parametrize("content", [PNG, JPEG, draw((640, 480), "webp")])
def test_a_picture_cut_in_its_pixels_is_truncated(content):
    assert reason_of(content[:-20]) == "truncated"


def test_the_end_of_a_preview_is_not_taken_for_the_end_of_a_jpeg():
    preview = saved(Image.new("RGB", (32, 24), "red"), "jpeg")
    noise = Image.effect_noise((200, 150), 90).convert("RGB")
    whole = saved(noise, "jpeg", exif=b"Exif\x00\x00" + preview)
    assert inspect_picture(whole).width == 200

    assert reason_of(whole[: len(whole) // 2]) == "truncated"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"RIFF\x00\x00\x00\x00WEBP",
        b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
        b'{"error": "no picture"}',
        svg_bytes(),
        saved(Image.new("P", (64, 48)), "gif"),
        saved(Image.new("RGB", (64, 48)), "bmp"),
        saved(Image.new("RGB", (64, 48)), "tiff"),
        saved(Image.new("RGB", (64, 48)), "ico"),
        png_with_header(0, 10),
        bytes(1000),
    ],
    ids=[
        "empty",
        "png start",
        "jpeg start",
        "webp start",
        "html",
        "json",
        "svg",
        "gif",
        "bmp",
        "tiff",
        "ico",
        "0",
        "nul",
    ],
)
def test_anything_else_is_no_picture(content):
    assert reason_of(content) == "not_a_picture"


@pytest.mark.parametrize("size", [(60_000, 60_000), (32_769, 1), (1, 32_769), (10_001, 10_000), (2**31 - 1, 1)])
def test_a_header_that_declares_too_many_pixels_is_refused(size):
    assert reason_of(png_with_header(*size)) == "too_many_pixels"


@pytest.mark.parametrize("size", [(32_768, 1), (10_000, 10_000)])
def test_the_limits_themselves_are_kept(size):
    facts = inspect_picture(png_with_header(*size))

    assert (facts.width, facts.height) == size


def test_more_than_50_mib_are_refused_before_they_are_read():
    assert reason_of(PNG + bytes(MAX_PICTURE_BYTES - len(PNG) + 1)) == "too_many_bytes"
    assert inspect_picture(PNG + bytes(MAX_PICTURE_BYTES - len(PNG))).size_bytes == MAX_PICTURE_BYTES


def test_a_large_picture_is_kept():
    content = large_png(8)

    assert inspect_picture(content).size_bytes == len(content)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([PNG, JPEG, WEBP]),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_broken_bytes_are_refused_or_kept_and_never_crash(content, changes):
    broken = bytearray(content)
    for position, value in changes:
        broken[position % len(broken)] = value
    try:
        facts = inspect_picture(bytes(broken))
    except UnacceptablePicture as exc:
        assert exc.reason in ("not_a_picture", "truncated", "too_many_pixels")
    else:
        assert facts.width > 0 < facts.height


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x40\x00\x00\x00WEBPVP8 "]),
    st.binary(max_size=200),
)
def test_a_right_start_with_anything_behind_never_crashes(start, rest):
    assert reason_of(start + rest) in ("not_a_picture", "truncated", "too_many_pixels")


def test_a_png_with_a_chunk_longer_than_the_file_is_refused():
    position = PNG.index(b"IDAT") - 4
    content = PNG[:position] + struct.pack(">I", 2**31 - 1) + PNG[position + 4 :]

    assert reason_of(content) in ("truncated", "not_a_picture")
