import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from src.ai.sandbox.lettering import (
    ELLIPSIS,
    Line,
    clean_text,
    has_glyph,
    is_rtl,
    load_font,
    measure,
    shape_line,
    wrap_text,
)

FONT = load_font(20)
ZWNJ = "\u200c"


def test_persian_letters_are_joined_and_stand_from_right_to_left():
    final_heh, medial_beh, final_reh, initial_gaf = "\ufeea", "\ufe91", "\ufeae", "\ufb94"
    assert shape_line(Line("گربه", True)) == final_heh + medial_beh + final_reh + initial_gaf


def test_a_zero_width_non_joiner_parts_letters_and_is_not_drawn():
    shaped = shape_line(Line(f"می{ZWNJ}رود", True))
    assert ZWNJ not in shaped
    assert "\ufbfd" in shaped  # the final form of yeh: nothing joins it to reh


def test_latin_words_keep_their_order_to_the_left_of_persian_ones_before_them():
    assert shape_line(Line("پوستر for Nowruz", True)).startswith("for Nowruz ")


def test_persian_words_stand_to_the_right_of_latin_ones_before_them():
    assert shape_line(Line("Logo for چای", False)).startswith("Logo for ")


def test_parentheses_are_mirrored_in_lines_that_run_from_right_to_left():
    assert shape_line(Line("(نو)", True))[0] == "("


def test_a_heh_with_a_small_yeh_keeps_it():
    assert clean_text("نسخه\u0654") == ["نسخ\u06c0"]
    assert has_glyph(shape_line(Line("نسخ\u06c0", True))[0])


def test_every_joined_form_of_the_persian_alphabet_is_in_the_font():
    letters = "ءآابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیئؤأةيك"
    forms = "".join(shape_line(Line(f"{c} {c}{c}{c} ب{c}", True)) for c in letters)
    assert [form for form in forms if form != " " and not has_glyph(form)] == []


def test_the_layout_is_basic_even_where_raqm_is_present():
    assert load_font(17, bold=True).layout_engine == ImageFont.Layout.BASIC


@pytest.mark.parametrize(
    ("text", "expected"), [("سلام world", True), ("hello جهان", False), ("۱۲ - سلام", True), ("...", False)]
)
def test_the_first_letter_decides_the_direction(text, expected):
    assert is_rtl(text) is expected


def test_each_paragraph_has_its_own_direction():
    lines = wrap_text("first line\nخط دوم", FONT, 400, 3)
    assert lines == [Line("first line", False), Line("خط دوم", True)]


def test_a_wrapped_paragraph_keeps_its_direction_on_a_line_that_starts_in_latin():
    lines = wrap_text("پوستر Nowruz", FONT, measure("Nowruz", FONT, rtl=True) + 1, 3)
    assert lines == [Line("پوستر", True), Line("Nowruz", True)]


def test_text_that_fits_has_no_ellipsis():
    assert wrap_text("a short line", FONT, 400, 1) == [Line("a short line", False)]


def test_text_that_does_not_fit_ends_in_an_ellipsis_after_a_whole_word():
    (line,) = wrap_text("lamplight lamplight lamplight", FONT, 220, 1)
    assert line.text == "lamplight lamplight" + ELLIPSIS


def test_a_word_wider_than_a_line_is_broken_and_nothing_of_it_is_lost():
    lines = wrap_text("m" * 30, FONT, 200, 9)
    assert len(lines) > 1
    assert "".join(line.text for line in lines) == "m" * 30


def test_emoji_are_left_out():
    assert clean_text("a cat 🐈 in snow") == ["a cat in snow"]


def test_letters_that_the_font_lacks_become_one_ellipsis():
    assert clean_text("a 猫猫 in snow") == ["a … in snow"]


def test_direction_overrides_go_and_control_characters_become_spaces():
    assert clean_text("a\u202eb\x07c\u2066d") == ["ab cd"]


@pytest.mark.parametrize("text", ["", " \t\n ", "🐈", "猫", "\u200c\u200d", "\ud800", "\u202e\u202c", "\u200f"])
def test_a_text_with_nothing_to_draw_gives_no_lines(text):
    assert wrap_text(text, FONT, 200, 3) == []


@settings(max_examples=80, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=120), st.integers(60, 400), st.integers(1, 3))
def test_any_text_is_wrapped_within_its_width_and_number_of_lines(text, width_px, max_lines):
    lines = wrap_text(text, FONT, width_px, max_lines)
    assert len(lines) <= max_lines
    assert all(measure(line.text, FONT, rtl=line.is_rtl) <= width_px for line in lines)
