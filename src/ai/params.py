"""What a request asks of a model, checked against the model's image spec and put in the service's words."""

from dataclasses import replace

from src.ai.providers.contract import ImageParams
from src.ai.specs import ImageSpec, split_size
from src.core.errors import FieldError, InvalidFields
from src.media.inspection import MAX_EDGE_PX, MAX_PIXELS

OWN_PROMPT_MAX_CHARS = 32_000
# Words of clients written for DALL-E, and what they mean where a model does not have them.
DALLE_QUALITIES = {"standard": "medium", "hd": "high"}


def fit_to_spec(asked: ImageParams, spec: ImageSpec) -> ImageParams:
    """The parameters as they will be sent. Raises InvalidFields naming every field that the spec rules out."""
    quality = asked.quality
    if quality in DALLE_QUALITIES and spec.qualities is not None and quality not in spec.qualities:
        quality = DALLE_QUALITIES[quality]
    fitted = replace(asked, quality=quality)
    problems = {
        name: error
        for name, error in (
            ("prompt", _prompt_problem(fitted.prompt, spec)),
            ("n", _n_problem(fitted.n, spec)),
            ("size", _size_problem(fitted.size, spec)),
            ("quality", _choice_problem(fitted.quality, spec.qualities)),
            ("style", _choice_problem(fitted.style, spec.styles)),
            ("background", _choice_problem(fitted.background, spec.backgrounds)),
            ("output_format", _format_problem(fitted, spec)),
            (
                "seed",
                FieldError("unsupported_parameter") if fitted.seed is not None and not spec.seed else None,
            ),
        )
        if error is not None
    }
    if problems:
        raise InvalidFields({name: [error] for name, error in problems.items()})
    return fitted


def _prompt_problem(prompt: str, spec: ImageSpec) -> FieldError | None:
    limit = min(spec.prompt_max_chars or OWN_PROMPT_MAX_CHARS, OWN_PROMPT_MAX_CHARS)
    return FieldError("too_long", {"limit": limit}) if len(prompt) > limit else None


def _n_problem(n: int, spec: ImageSpec) -> FieldError | None:
    if n < 1:
        return FieldError("too_small", {"limit": 1})
    limit = spec.max_n or 1
    return FieldError("too_large", {"limit": limit}) if n > limit else None


def _choice_problem(value: str | None, choices: tuple[str, ...] | None) -> FieldError | None:
    if value is None:
        return None
    if choices is None:
        return FieldError("unsupported_parameter")
    if value not in choices:
        return FieldError("not_offered", {"choices": ", ".join(choices)})
    return None


def _size_problem(size: str | None, spec: ImageSpec) -> FieldError | None:
    if size is None:
        return None
    if spec.sizes is None and spec.size_rule is None:
        return FieldError("unsupported_parameter")
    pair = split_size(size)
    if pair and (max(pair) > MAX_EDGE_PX or pair[0] * pair[1] > MAX_PIXELS):
        return FieldError("size_not_kept")
    if size in (spec.sizes or ()) or (pair and spec.size_rule and spec.size_rule.allows(*pair)):
        return None
    if spec.size_rule is None:
        return FieldError("not_offered", {"choices": ", ".join(spec.sizes or ())})
    return FieldError("size_not_offered", {"step": spec.size_rule.step, "choices": ", ".join(spec.sizes or ())})


def _format_problem(params: ImageParams, spec: ImageSpec) -> FieldError | None:
    problem = _choice_problem(params.output_format, spec.output_formats)
    if problem is None and params.background == "transparent" and params.output_format == "jpeg":
        return FieldError("transparent_needs_png_or_webp")
    return problem
