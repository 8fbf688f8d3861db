"""What passes between the services and an adapter; frozen, so that adapters know no rows and no settings."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from src.ai.providers.errors import ProviderError
from src.ai.specs import ImageSpec, Price, TokenUsage
from src.core.secret import Secret

MAX_CONTEXT_CHARS = 64


@dataclass(frozen=True, kw_only=True)
class ProviderConnection:
    """Where and as whom to call. `allow_private` holds for exactly the base URL's host and port."""

    base_url: str
    key: Secret | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    allow_private: bool = False
    timeout_s: float = 300.0


@dataclass(frozen=True, kw_only=True)
class ImageParams:
    """What is asked of a model; None is "not asked".

    `size` is `auto` or `WIDTHxHEIGHT` in pixels; a model without pixels takes `aspect_ratio` ("16:9") and
    `resolution` ("2K"). `output_compression` is 0 to 100. `partial_images` is how many previews to stream.
    """

    prompt: str
    n: int = 1
    size: str | None = None
    aspect_ratio: str | None = None
    resolution: str | None = None
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    seed: int | None = None
    negative_prompt: str | None = None
    partial_images: int | None = None

    def without_prompt(self) -> dict[str, Any]:
        """For storing and showing: only what was asked."""
        return {name: value for name, value in asdict(self).items() if name != "prompt" and value is not None}


@dataclass(frozen=True, kw_only=True)
class ImageRequest(ImageParams):
    """One request, already fitted to the model's image spec."""

    model_id: str


@dataclass(frozen=True, kw_only=True)
class ReferenceImage:
    """A picture that goes in; `mime_type` is what its bytes say: image/png, image/jpeg or image/webp."""

    content: bytes = field(repr=False)
    mime_type: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class ImageEditRequest(ImageRequest):
    """A request with 1..16 pictures to start from, in an order that the prompt may refer to. `mask` is a PNG of the
    first one's size, transparent where the picture may change."""

    references: tuple[ReferenceImage, ...]
    mask: ReferenceImage | None = None


@dataclass(frozen=True, kw_only=True)
class GeneratedImage:
    """A picture as received. `problem` names why `content` is empty: it could not be decoded or fetched."""

    content: bytes = field(default=b"", repr=False)
    revised_prompt: str = ""
    seed: int | None = None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class CallResult:
    """What became of one paid call for `asked` pictures: `images` in the order received, or `error`. No images and no
    error only where the answer still names a cost; `cost_micros` only where the service names a price."""

    call_index: int = 0
    asked: int = 1
    images: tuple[GeneratedImage, ...] = ()
    usage: TokenUsage | None = None
    cost_micros: int | None = None
    upstream_request_id: str = ""
    error: ProviderError | None = None


@dataclass(frozen=True, kw_only=True)
class ImageResult:
    """One entry per paid call, in the order of their indices."""

    calls: tuple[CallResult, ...]

    @property
    def images(self) -> tuple[GeneratedImage, ...]:
        return tuple(image for call in self.calls for image in call.images)


@dataclass(frozen=True, kw_only=True)
class ImageLink:
    """A picture that the service's answer only points to."""

    url: str
    revised_prompt: str = ""
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class ReadAnswer:
    """A paid answer after parsing: pictures, or links to them that are fetched next, for free. `upstream_request_id` is
    set where the service names its request in the body."""

    images: tuple[GeneratedImage | ImageLink, ...]
    usage: TokenUsage | None = None
    cost_micros: int | None = None
    upstream_request_id: str = ""


@dataclass(frozen=True, kw_only=True)
class KeyCheck:
    """`is_valid` is None where nothing could be learned; `reason` is a code: ok, invalid, no_permission,
    no_credit, rate_limited, unreachable, broken_answer."""

    is_valid: bool | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class ListedModel:
    """One entry of a service's own list; None and "" are "the list does not say".

    `capabilities` are names of `src.ai.models.Capability`. `is_guess`: the list names no modality, and they follow
    from the id by a rule of the service's documentation.
    """

    model_id: str
    display_name: str = ""
    description: str = ""
    capabilities: tuple[str, ...] | None = None
    is_guess: bool = False
    image_spec: ImageSpec | None = None
    pricing: tuple[Price, ...] | None = None
    context_window: int | None = None
    max_output_tokens: int | None = None
    shutdown_date: date | None = None


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The paid request is about to leave; awaited before its socket opens."""

    call_index: int = 0


@dataclass(frozen=True, kw_only=True)
class Received:
    """A 2xx answer to a paid request, whole and not yet parsed; awaited before anything else is tried. `context` is
    what its reading needs and the body does not say, in the adapter's own words, up to `MAX_CONTEXT_CHARS`."""

    body: bytes = field(repr=False)
    content_type: str = ""
    upstream_request_id: str = ""
    call_index: int = 0
    context: str = ""


@dataclass(frozen=True, kw_only=True)
class ResumeHandle:
    """Where an unfinished paid call can be asked for later (poll URL or job id)."""

    handle: str
    call_index: int = 0


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A picture on the way, for looking at only."""

    content: bytes = field(repr=False)
    image_index: int = 0
    preview_index: int = 0


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A paid call ended without an answer that could be read; what it cost is `error.charged`."""

    error: ProviderError
    call_index: int = 0


Event = Sent | Received | ResumeHandle | Preview | Failed
OnEvent = Callable[[Event], Awaitable[None]]
