"""What is asked of a model fits its spec, or every field that does not is named."""

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.ai.params import DALLE_QUALITIES, fit_to_spec
from src.ai.providers.contract import ImageParams
from src.ai.specs import ImageSpec, SizeRule
from src.core.errors import InvalidFields
from src.core.messages import is_registered, text_for

SPEC = ImageSpec(
    sizes=("auto", "1024x1024"),
    size_rule=SizeRule(step=16, max_edge=2048),
    qualities=("auto", "low", "medium", "high"),
    styles=("vivid",),
    backgrounds=("auto", "transparent"),
    output_formats=("png", "jpeg", "webp"),
    max_n=4,
    prompt_max_chars=100,
    seed=True,
)
BARE = ImageSpec()


def problems(spec: ImageSpec, **asked) -> dict[str, list[str]]:
    with pytest.raises(InvalidFields) as caught:
        fit_to_spec(ImageParams(**{"prompt": "a cat", **asked}), spec)
    return {name: [error.code for error in errors] for name, errors in caught.value.fields.items()}


def fit(spec: ImageSpec, **asked) -> ImageParams:
    return fit_to_spec(ImageParams(**{"prompt": "a cat", **asked}), spec)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("prompt", "a" * 101, "too_long"),
        ("n", 5, "too_large"),
        ("n", 0, "too_small"),
        ("n", -1, "too_small"),
        ("size", "1000x1001", "size_not_offered"),
        ("size", "2064x16", "size_not_offered"),
        ("size", "huge", "size_not_offered"),
        ("size", "۱۰۲۴x۱۰۲۴", "size_not_offered"),
        ("size", "9999999999x9999999999", "size_not_kept"),
        ("quality", "max", "not_offered"),
        ("style", "natural", "not_offered"),
        ("background", "opaque", "not_offered"),
        ("output_format", "svg", "not_offered"),
    ],
)
def test_a_value_outside_the_spec_is_named(field, value, code):
    assert problems(SPEC, **{field: value}) == {field: [code]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("size", "1024x1024"),
        ("size", "auto"),
        ("quality", "auto"),
        ("quality", "hd"),
        ("style", "vivid"),
        ("background", "auto"),
        ("output_format", "png"),
        ("seed", 0),
    ],
)
def test_a_parameter_that_the_model_does_not_have_is_unsupported(field, value):
    assert problems(BARE, **{field: value}) == {field: ["unsupported_parameter"]}


def test_a_model_says_whether_it_takes_a_seed():
    assert problems(ImageSpec(seed=False), seed=7) == {"seed": ["unsupported_parameter"]}
    assert fit(ImageSpec(seed=True), seed=0).seed == 0


def test_a_model_that_says_no_number_makes_one_picture():
    assert problems(BARE, n=2) == {"n": ["too_large"]}
    assert fit(BARE, n=1).n == 1


@pytest.mark.parametrize(("limit", "length"), [(None, 32_001), (100_000, 32_001), (4_000, 4_001)])
def test_a_prompt_is_as_long_as_the_model_and_we_allow(limit, length):
    spec = ImageSpec(prompt_max_chars=limit)

    assert problems(spec, prompt="ک" * length) == {"prompt": ["too_long"]}
    assert fit(spec, prompt="ک" * (length - 1))


def test_a_listed_size_is_offered_outside_the_rule_too():
    assert fit(ImageSpec(sizes=("100x100",), size_rule=SizeRule(step=16)), size="100x100").size == "100x100"


def test_without_a_rule_only_listed_sizes_are_offered():
    assert problems(ImageSpec(sizes=("100x100",)), size="16x16") == {"size": ["not_offered"]}


def test_without_a_list_the_rule_alone_offers_sizes():
    rule_only = ImageSpec(size_rule=SizeRule(step=16))

    assert fit(rule_only, size="32x16").size == "32x16"
    assert problems(rule_only, size="auto") == {"size": ["size_not_offered"]}


def test_every_field_is_named_at_once():
    wrong = {
        "prompt": "a" * 101,
        "n": 5,
        "size": "1x1",
        "quality": "best",
        "style": "flat",
        "background": "pink",
        "output_format": "svg",
    }

    assert problems(SPEC, **wrong, seed=1).keys() == wrong.keys()


def test_every_problem_has_a_message_with_its_values():
    wrong = {"prompt": "a" * 101, "n": 5, "size": "1x1", "quality": "best"}

    with pytest.raises(InvalidFields) as caught:
        fit(SPEC, **wrong)

    errors = [error for errors in caught.value.fields.values() for error in errors]
    assert all(is_registered(error.code) and "%(" not in text_for(error.code, **error.params) for error in errors)


@pytest.mark.parametrize(("word", "meaning"), [("standard", "medium"), ("hd", "high")])
def test_a_dalle_word_means_ours_where_the_model_lacks_it(word, meaning):
    assert fit(SPEC, quality=word).quality == meaning


@pytest.mark.parametrize("word", ["standard", "hd"])
def test_a_dalle_word_stays_where_the_model_has_it(word):
    assert fit(ImageSpec(qualities=("standard", "hd", "medium")), quality=word).quality == word


def test_a_dalle_word_without_a_counterpart_is_not_offered():
    assert problems(ImageSpec(qualities=("low",)), quality="hd") == {"quality": ["not_offered"]}


def test_a_transparent_background_needs_a_format_that_has_it():
    assert problems(SPEC, background="transparent", output_format="jpeg") == {
        "output_format": ["transparent_needs_png_or_webp"]
    }


@pytest.mark.parametrize("output_format", ["png", "webp", None])
def test_a_transparent_background_goes_with_the_others(output_format):
    assert fit(SPEC, background="transparent", output_format=output_format).background == "transparent"


WORDS = st.none() | st.sampled_from(
    ["auto", "low", "medium", "high", "standard", "hd", "vivid", "transparent", "png", "jpeg", "1024x1024", "32x16"]
)
SOME = st.none() | st.lists(WORDS.filter(bool), max_size=4).map(tuple)
SPECS = st.builds(
    ImageSpec,
    sizes=SOME,
    size_rule=st.none() | st.builds(SizeRule, step=st.integers(1, 64), max_edge=st.none() | st.integers(1, 4096)),
    qualities=SOME,
    styles=SOME,
    backgrounds=SOME,
    output_formats=SOME,
    max_n=st.none() | st.integers(0, 10),
    prompt_max_chars=st.none() | st.integers(0, 40),
    seed=st.none() | st.booleans(),
)
ASKED = st.builds(
    ImageParams,
    prompt=st.text(max_size=50),
    n=st.integers(-1, 12),
    size=WORDS,
    quality=WORDS,
    style=WORDS,
    background=WORDS,
    output_format=WORDS,
    seed=st.none() | st.integers(),
)


@given(ASKED, SPECS)
def test_whatever_is_asked_is_refused_or_sent_whole(asked, spec):
    try:
        fitted = fit_to_spec(asked, spec)
    except InvalidFields as exc:
        assert exc.fields.keys() <= asdict(asked).keys()
        return
    changed = {name for name, value in asdict(asked).items() if getattr(fitted, name) != value}
    assert changed <= {"quality"}
    assert not changed or fitted.quality == DALLE_QUALITIES[asked.quality]


def test_what_is_stored_of_a_request_is_only_what_was_asked():
    assert ImageParams(prompt="a cat", quality="low", seed=0).without_prompt() == {"n": 1, "quality": "low", "seed": 0}


WIDE = ImageSpec(
    aspect_ratios=("1:1", "16:9"),
    resolutions=("1K", "2K"),
    qualities=("low",),
    output_formats=("png", "jpeg", "webp"),
    output_compression=True,
    sizes=("1024x1024",),
    negative_prompt=True,
    seed=True,
    max_n=4,
)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"aspect_ratio": "2:3"}, {"aspect_ratio": ["not_offered"]}),
        ({"resolution": "4K"}, {"resolution": ["not_offered"]}),
        ({"resolution": "1k"}, {"resolution": ["not_offered"]}),
        ({"output_compression": 50}, {"output_compression": ["compression_needs_jpeg_or_webp"]}),
        (
            {"output_compression": 50, "output_format": "png"},
            {"output_compression": ["compression_needs_jpeg_or_webp"]},
        ),
        (
            {"size": "1024x1024", "aspect_ratio": "1:1", "resolution": "1K"},
            {"aspect_ratio": ["size_or_ratio"], "resolution": ["size_or_ratio"]},
        ),
    ],
)
def test_what_contradicts_itself_is_named(asked, expected):
    assert problems(WIDE, **asked) == expected


@pytest.mark.parametrize(
    "asked",
    [
        {"aspect_ratio": "16:9", "resolution": "2K"},
        {"output_compression": 0, "output_format": "webp"},
        {"negative_prompt": "rain", "seed": 0},
    ],
)
def test_what_the_spec_offers_is_taken(asked):
    assert fit(WIDE, **asked).without_prompt() == {"n": 1, **asked}


@pytest.mark.parametrize("name", ["aspect_ratio", "resolution", "negative_prompt", "output_compression"])
def test_a_model_without_the_parameter_says_so(name):
    value = 50 if name == "output_compression" else "1K"

    assert problems(BARE, **{name: value})[name] == ["unsupported_parameter"]


def test_what_the_service_cannot_be_told_is_unsupported_though_the_model_has_it():
    with pytest.raises(InvalidFields) as caught:
        fit_to_spec(ImageParams(prompt="a", n=2, quality="low", seed=1), WIDE, speakable=frozenset({"seed"}))

    assert {name: errors[0].code for name, errors in caught.value.fields.items()} == {
        "quality": "unsupported_parameter"
    }


@pytest.mark.parametrize(("seed", "n", "limit"), [(100, 2, 99), (100, 1, None), (101, 1, 100), (97, 4, None)])
def test_the_last_pictures_seed_must_be_one_that_the_service_takes(seed, n, limit):
    asked = ImageParams(prompt="a", n=n, seed=seed)
    if limit is None:
        assert fit_to_spec(asked, WIDE, max_seed=100) == asked
        return
    with pytest.raises(InvalidFields) as caught:
        fit_to_spec(asked, WIDE, max_seed=100)

    assert caught.value.fields["seed"][0].params == {"limit": limit}
