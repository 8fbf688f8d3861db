"""The environment of every test run, set before the settings are read (loaded by `-p` in pyproject.toml).

A folder of its own, a keyring of its own, no key and no database of this machine's; DATABASE_URL and REDIS_URL
pass through where the caller sets them.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from src.core.translations import compile_messages

VAR_DIR = Path(tempfile.mkdtemp(prefix="negareh-tests-"))
atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)

os.environ |= {
    "NEGAREH_VAR_DIR": str(VAR_DIR),
    "SECRET_KEY": "only for tests",
    "DB_CONN_MAX_AGE": "0",
    "PROVIDER_TIMEOUT_S": "5",
    "DRAIN_TIMEOUT_S": "10",
    "LOG_LEVEL": "INFO",
    "JOB_ATTEMPTS": "1",
    "JOB_POLL_S": "0.5",
    "JOB_LEASE_S": "4",
}
for name in ("KEYRING_FILE", "MEDIA_DIR", "INBOX_DIR", "DEBUG", "ALLOWED_HOSTS"):
    os.environ.pop(name, None)

# Before Django reads the compiled messages for the first time.
compile_messages(Path(__file__).resolve().parent.parent / "locale")
