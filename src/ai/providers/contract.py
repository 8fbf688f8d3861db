"""What passes between the services and an adapter; frozen, so that adapters know no rows and no settings."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from src.ai.specs import TokenUsage
from src.core.secret import Secret


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
    """What is asked of a model; None is "not asked"."""

    prompt: str
    n: int = 1
    size: str | None = None
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    output_format: str | None = None
    seed: int | None = None

    def without_prompt(self) -> dict[str, Any]:
        """For storing and showing: only what was asked."""
        return {name: value for name, value in asdict(self).items() if name != "prompt" and value is not None}


@dataclass(frozen=True, kw_only=True)
class ImageRequest(ImageParams):
    """One request, already fitted to the model's image spec."""

    model_id: str


@dataclass(frozen=True, kw_only=True)
class GeneratedImage:
    """A picture as received. `problem` names why `content` is empty: it could not be decoded or fetched."""

    content: bytes = field(default=b"", repr=False)
    revised_prompt: str = ""
    seed: int | None = None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class ImageResult:
    """`images` in the order received, none only where the answer still names a cost; `cost_micros` only where the
    service names a price."""

    images: tuple[GeneratedImage, ...]
    usage: TokenUsage | None = None
    cost_micros: int | None = None
    upstream_request_id: str = ""


@dataclass(frozen=True, kw_only=True)
class ImageLink:
    """A picture that the service's answer only points to."""

    url: str
    revised_prompt: str = ""


@dataclass(frozen=True, kw_only=True)
class ReadAnswer:
    """A paid answer after parsing: pictures, or links to them that are fetched next, for free."""

    images: tuple[GeneratedImage | ImageLink, ...]
    usage: TokenUsage | None = None
    cost_micros: int | None = None


@dataclass(frozen=True, kw_only=True)
class KeyCheck:
    """`is_valid` is None where nothing could be learned; `reason` is a code: ok, invalid, no_permission,
    no_credit, rate_limited, unreachable, broken_answer."""

    is_valid: bool | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class ListedModel:
    model_id: str
    display_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The paid request is about to leave; awaited before its socket opens."""

    call_index: int = 0


@dataclass(frozen=True, kw_only=True)
class Received:
    """A 2xx answer to a paid request, whole and not yet parsed; awaited before anything else is tried."""

    body: bytes = field(repr=False)
    content_type: str = ""
    upstream_request_id: str = ""
    call_index: int = 0


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


Event = Sent | Received | ResumeHandle | Preview
OnEvent = Callable[[Event], Awaitable[None]]
