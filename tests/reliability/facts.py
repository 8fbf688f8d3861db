"""What one world's database and files say at the end, as the inspector tells it."""

import msgspec


class CallFact(msgspec.Struct, frozen=True, kw_only=True):
    index: int
    status: str
    is_sent: bool
    charged: str
    brought: int


class PictureFact(msgspec.Struct, frozen=True, kw_only=True):
    """`stored_sha256` is that of the file itself; "" where there is none."""

    index: int
    sha256: str
    stored_sha256: str


class EntryFact(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    scope: str
    images: int
    micros: int | None


class JobFact(msgspec.Struct, frozen=True, kw_only=True):
    """`number` is the one in its prompt."""

    id: str
    number: int
    status: str
    charged: str
    cost_micros: int | None
    calls: list[CallFact]
    pictures: list[PictureFact]
    entries: list[EntryFact]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """`differences` are those of `verify_ledger`; `below_zero` counts counters; `unowned_files` lie in the library's
    storage and belong to no asset."""

    jobs: list[JobFact]
    differences: list[str]
    below_zero: int
    unowned_files: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a job and its first call stand at the moment."""

    status: str
    charged: str
    call: str
    setbacks: int


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """`models` by provider slug."""

    token: str
    models: dict[str, int]
