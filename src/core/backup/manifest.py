"""What an archive says of itself."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from src.core.backup import BackupRefused

FORMAT = 1
NAME = "manifest.json"


@dataclass
class Manifest:
    """`files`: sha256 by member name. `keyring_key_ids`: which keys of the ring open the stored keys, not the keys.
    `media` is `included` or `not_included`."""

    database_vendor: str
    migrations: dict[str, list[str]]
    keyring_key_ids: list[str]
    media: str
    format: int = FORMAT
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    files: dict[str, str] = field(default_factory=dict)
    skipped: int = 0

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Manifest":
        """Raises BackupRefused."""
        try:
            found = cls(**json.loads(content))
            is_known = found.format == FORMAT and all(
                isinstance(part, dict) for part in (found.files, found.migrations)
            )
        except (ValueError, TypeError) as exc:
            raise BackupRefused("The manifest cannot be read: this is no backup of this version.") from exc
        if not is_known:
            raise BackupRefused("The manifest is of another format: restore it with the version that wrote it.")
        return found


def applied_migrations() -> dict[str, list[str]]:
    """Names by app, in order."""
    by_app: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        by_app.setdefault(app, []).append(name)
    return by_app


def require_known_migrations(migrations: dict[str, list[str]]) -> None:
    """Raises BackupRefused for a database that a later version has migrated further than this one can."""
    known = MigrationLoader(None).disk_migrations
    unknown = [f"{app}.{name}" for app, names in migrations.items() for name in names if (app, name) not in known]
    if unknown:
        raise BackupRefused(f"The backup is of a later version (migration {unknown[0]}): install that one first.")
