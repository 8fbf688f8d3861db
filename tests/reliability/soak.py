"""`make soak`: the proofs in their long form on SQLite, and on PostgreSQL and Redis; then the report of them.

DATABASE_URL names a PostgreSQL on which databases may be made, REDIS_URL a Redis whose numbers 10 to 15 are free. KILLS
(1000) and SEED may be set. Writes docs/reliability.md if all held.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings  # noqa: E402

from tests.reliability.report import this_commit, this_machine, today, write_report  # noqa: E402

SERVICES = ("DATABASE_URL", "REDIS_URL")
TESTS = ("tests/reliability", "tests/usage/test_ledger_machine.py")


def main() -> int:
    if not os.environ.get("DATABASE_URL", "").startswith("postgres") or not os.environ.get("REDIS_URL"):
        sys.stderr.write("Set DATABASE_URL to a PostgreSQL and REDIS_URL to a Redis.\n")
        return 2
    figures = settings.VAR_DIR / "soak.jsonl"
    figures.unlink(missing_ok=True)
    commit = this_commit()
    on_postgres = dict(os.environ)
    on_sqlite = {name: value for name, value in on_postgres.items() if name not in SERVICES}
    on_sqlite["NEGAREH_RELIABILITY_REDIS_URL"] = on_postgres["REDIS_URL"]
    for environ in (on_sqlite, on_postgres):
        status = _run(environ | {"NEGAREH_SOAK": "1", "NEGAREH_SOAK_REPORT": str(figures)})
        if status:
            return status
    lines = [json.loads(line) for line in figures.read_text().splitlines()]
    target = Path(settings.BASE_DIR) / "docs" / "reliability.md"
    target.write_text(write_report(lines, commit=commit, machine=this_machine(), date=today()))
    sys.stdout.write(f"{target}: {len(lines)} rows\n")
    return 0


def _run(environ: dict[str, str]) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *TESTS], cwd=settings.BASE_DIR, env=environ).returncode


if __name__ == "__main__":
    sys.exit(main())
