"""What OpenAI accepts for images.

Source: openai-python 3.54.0, types/image_generate_params.py and image_edit_params.py, read 2026-11-24.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from tests.upstream.wire import Answer, Refusal, load_fixture

GPT_IMAGE_SIZES = frozenset({"auto", "1024x1024", "1536x1024", "1024x1536"})
FIRST_QUALITIES = ("auto", "low", "medium", "high")
COMMON = {"model", "prompt", "n", "size", "quality", "user"}
GENERATION_EXTRAS = {
    *("background", "output_format", "output_compression", "moderation"),
    *("stream", "partial_images", "safety_identifier"),
}
EDIT_EXTRAS = {"image", "image[]", "images", "mask", "input_fidelity", "markup"}


@dataclass(frozen=True)
class Family:
    """The rules that a group of models shares; `sizes` None means any that the size rule allows."""

    parameters: Set[str]
    qualities: tuple[str, ...]
    sizes: Set[str] | None
    max_n: int = 10
    max_prompt: int = 32_000
    formats: tuple[str, ...] = ("png", "jpeg", "webp")


GPT_IMAGE_1 = Family(COMMON | GENERATION_EXTRAS, FIRST_QUALITIES, GPT_IMAGE_SIZES)
GPT_IMAGE_2 = Family(COMMON | GENERATION_EXTRAS, FIRST_QUALITIES, None)
GPT_IMAGE_2_5 = Family(COMMON | GENERATION_EXTRAS, (*FIRST_QUALITIES, "xhigh", "max"), None)
GPT_IMAGE_2_6 = Family(GPT_IMAGE_2_5.parameters | {"complexity"}, GPT_IMAGE_2_5.qualities, None)
DALL_E_3 = Family(
    COMMON | {"response_format", "style"},
    ("auto", "standard", "hd"),
    frozenset({"auto", "1024x1024", "1792x1024", "1024x1792"}),
    max_n=1,
    max_prompt=4000,
)
FAMILIES = {
    "gpt-image-2.6-sunburst": GPT_IMAGE_2_6,
    "gpt-image-2.6-flare": GPT_IMAGE_2_6,
    "gpt-image-2.5-sunburst": GPT_IMAGE_2_5,
    "gpt-image-2.5-flare": GPT_IMAGE_2_5,
    "gpt-image-2": GPT_IMAGE_2,
    "gpt-image-2-2026-04-21": GPT_IMAGE_2,
    "gpt-image-1.5": GPT_IMAGE_1,
    "gpt-image-1-mini": GPT_IMAGE_1,
    "chatgpt-image-latest": GPT_IMAGE_1,
    "gpt-image-1": GPT_IMAGE_1,
    "dall-e-3": DALL_E_3,
}


def check_request(asked: Mapping[str, Any], *, is_edit: bool) -> Family:
    """Raise the Refusal that OpenAI would answer; return the model's family."""
    check_basics(asked)
    family = FAMILIES.get(asked["model"])
    if family is None or (is_edit and family is DALL_E_3):
        raise unknown_model(asked["model"])
    _check_parameters(asked, family, is_edit=is_edit)
    if len(asked["prompt"]) > family.max_prompt:
        message = f"Invalid 'prompt': string too long. Expected a string with maximum length {family.max_prompt}."
        raise refused("prompt", "string_above_max_length", message)
    _check_range(asked, "n", 1, family.max_n)
    _check_range(asked, "output_compression", 0, 100)
    _check_range(asked, "partial_images", 0, 3)
    _check_choice(asked, "stream", (True, False))
    _check_choice(asked, "quality", family.qualities)
    _check_choice(asked, "output_format", family.formats)
    _check_choice(asked, "background", ("auto", "opaque", "transparent"))
    _check_choice(asked, "response_format", ("url", "b64_json"))
    _check_size(asked.get("size", "auto"), family)
    _check_format_combinations(asked)
    return family


def check_basics(asked: Any, *, model_required: bool = True) -> None:
    """Raise unless the body is an object with the required texts."""
    if not isinstance(asked, Mapping):
        raise refused(None, None, "We could not parse the JSON body of your request.")
    for name in ("model", "prompt") if model_required else ("prompt",):
        if not isinstance(asked.get(name), str) or not asked[name]:
            raise refused(name, "missing_required_parameter", f"Missing required parameter: '{name}'.")


def refused(param: str | None, code: str | None, message: str) -> Refusal:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return Refusal(Answer.of_json({"error": error}, status=400))


def unknown_model(model: str) -> Refusal:
    """The fixture of a retired model, for this model."""
    fixture = load_fixture("openai/dalle3_retired_model_error")
    message = f"The model `{model}` does not exist or you do not have access to it."
    return Refusal(Answer.of_json({"error": fixture.error | {"message": message}}, status=fixture.status))


def _check_parameters(asked: Mapping[str, Any], family: Family, *, is_edit: bool) -> None:
    allowed = family.parameters | EDIT_EXTRAS if is_edit else family.parameters
    for name in asked:
        if name not in allowed:
            raise refused(name, "unknown_parameter", f"Unknown parameter: '{name}'.")


def _check_range(asked: Mapping[str, Any], name: str, least: int, most: int) -> None:
    number = asked.get(name, least)
    if isinstance(number, bool) or not isinstance(number, int):
        raise refused(name, "invalid_type", f"Invalid type for '{name}': expected an integer.")
    if number > most:
        message = (
            f"Invalid '{name}': integer above maximum value. Expected a value <= {most}, but got {number} instead."
        )
        raise refused(name, "integer_above_max_value", message)
    if number < least:
        message = (
            f"Invalid '{name}': integer below minimum value. Expected a value >= {least}, but got {number} instead."
        )
        raise refused(name, "integer_below_min_value", message)


def _check_choice(asked: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> None:
    if name in asked and asked[name] not in choices:
        listed = ", ".join(f"'{choice}'" for choice in choices)
        raise refused(name, "invalid_value", f"Invalid value: '{asked[name]}'. Supported values are: {listed}.")


def _check_size(size: Any, family: Family) -> None:
    if family.sizes is not None:
        _check_choice({"size": size}, "size", tuple(sorted(family.sizes)))
    elif size not in GPT_IMAGE_SIZES and (problem := _size_problem(parse_size(size))):
        raise refused("size", "invalid_value", f"Invalid value: '{size}'. {problem}")


def parse_size(size: Any) -> tuple[int, int] | None:
    """`"1024x768"` as two numbers, or None."""
    width, _, height = str(size).partition("x")
    return (int(width), int(height)) if width.isdecimal() and height.isdecimal() else None


def _size_problem(size: tuple[int, int] | None) -> str | None:
    if size is None or 0 in size:
        return "Expected WIDTHxHEIGHT or 'auto'."
    if size[0] % 16 or size[1] % 16:
        return "Width and height must be divisible by 16."
    if max(size) > 3 * min(size):
        return "The aspect ratio must be between 1:3 and 3:1."
    if max(size) > 3840 or not 655_360 <= size[0] * size[1] <= 8_294_400:
        return "The picture must have 655360 to 8294400 pixels and no edge above 3840."
    return None


def _check_format_combinations(asked: Mapping[str, Any]) -> None:
    fmt = asked.get("output_format", "png")
    if asked.get("background") == "transparent" and fmt == "jpeg":
        raise refused("background", "invalid_value", "Transparent background is not supported for JPEG output format.")
    if fmt == "png" and asked.get("output_compression", 100) != 100:
        message = "Compression less than 100 is not supported for PNG output format."
        raise refused("output_compression", "invalid_png_output_compression", message)
