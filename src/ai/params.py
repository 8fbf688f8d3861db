"""What a request asks of a model, checked against the model's image spec and what its service can be told, and put
in the service's words."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from src.ai.providers.contract import ImageParams
from src.ai.specs import ImageSpec, split_size
from src.core.errors import FieldError, InvalidFields
from src.media.inspection import MAX_EDGE_PX, MAX_PIXELS

OWN_PROMPT_MAX_CHARS = 32_000
# Words of clients written for DALL-E, and what they mean where a model does not have them.
DALLE_QUALITIES = {"standard": "medium", "hd": "high"}
# Which list of the spec a parameter's value must stand in.
CHOICES = {
    "aspect_ratio": "aspect_ratios",
    "resolution": "resolutions",
    "quality": "qualities",
    "style": "styles",
    "background": "backgrounds",
    "output_format": "output_formats",
}
# Parameters that a model has or has not.
SWITCHES = ("seed", "negative_prompt", "output_compression")
UNSUPPORTED = FieldError("unsupported_parameter")


def fit_to_spec(
    asked: ImageParams, spec: ImageSpec, *, speakable: frozenset[str] | None = None, max_seed: int | None = None
) -> ImageParams:
    """The parameters as they will be sent. Raises InvalidFields naming every field that the spec rules out, or that
    the service cannot be told (`speakable`: what it can; None: anything). `max_seed` holds for the last picture."""
    quality = asked.quality
    if quality in DALLE_QUALITIES and spec.qualities is not None and quality not in spec.qualities:
        quality = DALLE_QUALITIES[quality]
    fitted = replace(asked, quality=quality)
    problems: dict[str, FieldError] = {}
    for name, problem in _problems(fitted, spec):
        problems.setdefault(name, problem)
    for name in fitted.without_prompt():
        if speakable is not None and name != "n" and name not in speakable:
            problems[name] = UNSUPPORTED
    if max_seed is not None and fitted.seed is not None and fitted.seed + fitted.n - 1 > max_seed:
        problems.setdefault("seed", FieldError("too_large", {"limit": max_seed - fitted.n + 1}))
    if problems:
        raise InvalidFields({name: [error] for name, error in problems.items()})
    return fitted


def _problems(params: ImageParams, spec: ImageSpec) -> Iterator[tuple[str, FieldError]]:
    """What is wrong with each field; the first thing found counts."""
    found: dict[str, FieldError | None] = {
        "prompt": _length_problem(params.prompt, spec),
        "n": _n_problem(params.n, spec),
        "size": _size_problem(params.size, spec),
        "partial_images": _preview_problem(params, spec),
    }
    for name, choices in CHOICES.items():
        found[name] = _choice_problem(getattr(params, name), getattr(spec, choices))
    for name in SWITCHES:
        if getattr(params, name) is not None and not getattr(spec, name):
            found[name] = UNSUPPORTED
    yield from ((name, problem) for name, problem in found.items() if problem is not None)
    yield from _conflicts(params)


def _length_problem(prompt: str, spec: ImageSpec) -> FieldError | None:
    limit = min(spec.prompt_max_chars or OWN_PROMPT_MAX_CHARS, OWN_PROMPT_MAX_CHARS)
    return FieldError("too_long", {"limit": limit}) if len(prompt) > limit else None


def _n_problem(n: int, spec: ImageSpec) -> FieldError | None:
    if n < 1:
        return FieldError("too_small", {"limit": 1})
    limit = spec.max_n or 1
    return FieldError("too_large", {"limit": limit}) if n > limit else None


def _choice_problem(value: Any, choices: tuple[str, ...] | None) -> FieldError | None:
    if value is None:
        return None
    if choices is None:
        return UNSUPPORTED
    if value not in choices:
        return FieldError("not_offered", {"choices": ", ".join(choices)})
    return None


def _size_problem(size: str | None, spec: ImageSpec) -> FieldError | None:
    if size is None:
        return None
    if spec.sizes is None and spec.size_rule is None:
        return UNSUPPORTED
    pair = split_size(size)
    if pair and (max(pair) > MAX_EDGE_PX or pair[0] * pair[1] > MAX_PIXELS):
        return FieldError("size_not_kept")
    if size in (spec.sizes or ()) or (pair and spec.size_rule and spec.size_rule.allows(*pair)):
        return None
    if spec.size_rule is None:
        return FieldError("not_offered", {"choices": ", ".join(spec.sizes or ())})
    return FieldError("size_not_offered", {"step": spec.size_rule.step, "choices": ", ".join(spec.sizes or ())})


def _preview_problem(params: ImageParams, spec: ImageSpec) -> FieldError | None:
    if not params.partial_images:
        return None
    if not spec.partial_images:
        return UNSUPPORTED
    if params.partial_images > spec.partial_images:
        return FieldError("too_large", {"limit": spec.partial_images})
    return FieldError("previews_need_one_picture") if params.n > 1 else None


def _conflicts(params: ImageParams) -> Iterator[tuple[str, FieldError]]:
    if params.background == "transparent" and params.output_format == "jpeg":
        yield "output_format", FieldError("transparent_needs_png_or_webp")
    if params.output_compression is not None and params.output_format not in ("jpeg", "webp"):
        yield "output_compression", FieldError("compression_needs_jpeg_or_webp")
    if params.size is not None:
        for name in ("aspect_ratio", "resolution"):
            if getattr(params, name) is not None:
                yield name, FieldError("size_or_ratio")
