from io import BytesIO
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from src.ai.sandbox import draw_picture
from src.ai.sandbox.labels import add_labels

ALGORITHMIC = b"http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
PERSIAN = "گربه‌ای در برف، آبرنگ"


def draw(prompt="A cat in snow", seed=1, size=(128, 128), output_format="png", **options) -> bytes:
    width_px, height_px = size
    return draw_picture(
        prompt=prompt,
        seed=seed,
        width_px=width_px,
        height_px=height_px,
        output_format=output_format,
        **options,
    )


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def difference(first: bytes, second: bytes) -> float:
    """The mean difference of two pictures' thumbnails, 0 to 255 per channel."""
    small = [opened(content).convert("RGB").resize((24, 24), Image.Resampling.BOX) for content in (first, second)]
    return sum(ImageStat.Stat(ImageChops.difference(*small)).mean) / 3


def changed_box(prompt: str, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Where a grey picture labelled with `prompt` differs from one labelled with no prompt."""
    with_prompt = add_labels(Image.new("RGB", size, "grey"), prompt).image
    without = add_labels(Image.new("RGB", size, "grey"), "").image
    return ImageChops.difference(with_prompt, without).getbbox()


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
def test_the_same_prompt_and_seed_draw_the_same_bytes(output_format):
    assert draw(PERSIAN, output_format=output_format) == draw(PERSIAN, output_format=output_format)


@pytest.mark.parametrize("prompt", ["A cat in snow", "neon koi", "tea house", PERSIAN])
def test_seven_seeds_in_a_row_draw_pictures_that_look_different(prompt):
    pictures = [draw(prompt, seed) for seed in range(7)]
    assert min(difference(*pair) for pair in combinations(pictures, 2)) > 20


def test_different_prompts_draw_pictures_that_look_different():
    assert difference(draw("A cat in snow"), draw("A dog in rain")) > 20


@pytest.mark.parametrize("size", [(64, 64), (300, 200), (200, 700), (3840, 2160)])
def test_a_picture_has_the_size_that_was_asked_for(size):
    assert opened(draw(PERSIAN, size=size, output_format="jpeg")).size == size


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
def test_a_picture_is_encoded_in_the_format_that_was_asked_for(output_format):
    image = opened(draw(output_format=output_format))
    assert (image.format, image.mode) == (output_format.upper(), "RGB")


@pytest.mark.parametrize("output_format", ["gif", "PNG", "jpg", ""])
def test_another_format_is_refused(output_format):
    with pytest.raises(ValueError, match="output format"):
        draw(output_format=output_format)


@pytest.mark.parametrize("output_format", ["png", "webp"])
@pytest.mark.parametrize("size", [(64, 64), (256, 256), (384, 256)])
def test_a_transparent_background_is_clear_around_the_drawing(output_format, size):
    image = opened(draw(size=size, output_format=output_format, background="transparent"))
    width, height = size
    assert image.mode == "RGBA"
    assert image.getpixel((0, 0))[3] == image.getpixel((width - 1, height - 1))[3] == 0
    assert image.getpixel((width // 2, height // 2))[3] == 255


def test_a_transparent_picture_stores_no_colour_where_nothing_is_seen():
    image = opened(draw(background="transparent"))
    assert image.getpixel((0, 0)) == (0, 0, 0, 0)


def test_a_jpeg_is_opaque_whatever_background_was_asked_for():
    assert opened(draw(output_format="jpeg", background="transparent")).mode == "RGB"


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
def test_a_picture_says_that_an_algorithm_drew_it(output_format):
    image = opened(draw(output_format=output_format))
    assert b"<Iptc4xmpExt:DigitalSourceType>" + ALGORITHMIC + b"<" in image.info["xmp"]


def test_a_png_names_the_software():
    assert opened(draw()).text["Software"] == "Negareh sandbox"


@pytest.mark.parametrize("output_format", ["jpeg", "webp"])
def test_a_lower_quality_makes_a_smaller_file(output_format):
    sizes = [len(draw(output_format=output_format, quality=quality)) for quality in (20, 95)]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize("seed", range(7))
def test_a_png_of_a_thousand_pixels_stays_below_its_size_limit(seed):
    assert len(draw(seed=seed, size=(1024, 1024))) < 2_500_000


@pytest.mark.parametrize("size", [(64, 64), (256, 256), (1024, 512)])
def test_the_tag_is_light_on_dark_within_the_picture(size):
    labelled = add_labels(Image.new("RGB", size, "white"), "")
    left, top, right, bottom = labelled.labelled.getbbox()
    assert 0 < left < right < size[0]
    assert 0 < top < bottom < size[1] / 3
    middle = (top + bottom) // 2
    row = labelled.image.convert("L").crop((left + 2, middle - 1, right - 2, middle + 1))
    darkest, lightest = row.getextrema()
    assert darkest < 110
    assert lightest > 190


def test_an_english_prompt_is_printed_at_the_bottom_left():
    left, top, right, bottom = changed_box("A cat", (600, 400))
    assert left < 30 and right < 300
    assert 200 < top < bottom < 400


def test_a_persian_prompt_is_printed_at_the_bottom_right():
    left, top, right, bottom = changed_box("گربه", (600, 400))
    assert left > 300 and 570 < right < 600
    assert 200 < top < bottom < 400


@pytest.mark.parametrize("prompt", ["word " * 6400, "و" * 32_000, "line\n" * 6400])
def test_a_long_prompt_stays_within_the_picture(prompt):
    left, top, right, bottom = changed_box(prompt, (600, 400))
    assert 0 < left < right < 600
    assert 200 < top < bottom < 400


def test_a_small_picture_carries_no_prompt():
    assert changed_box("A cat", (199, 400)) is None


@pytest.mark.parametrize("prompt", ["", " \n\t ", "🐈", "猫", "\u202e", "\ud800"])
def test_a_prompt_with_nothing_to_print_leaves_no_empty_card(prompt):
    assert changed_box(prompt, (400, 400)) is None


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=())), st.integers(-(2**70), 2**70))
def test_any_prompt_and_seed_draw_a_picture(prompt, seed):
    assert opened(draw(prompt, seed, size=(200, 200))).size == (200, 200)
