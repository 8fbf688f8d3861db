"""Every test picture of Pillow's own sources through the real upload: whatever it is, a decided answer in time.

Switched on by NEGAREH_PILLOW_PICTURES=1; pip fetches the sources of the installed version once, into var/.
"""

import os
import subprocess
import sys
import tarfile
import time
from collections import Counter
from pathlib import Path

import PIL
import pytest
from django.conf import settings

from src.media.models import MediaAsset
from tests.media.conftest import UPLOADS
from tests.media.sockets import fetch, send_form

pytestmark = pytest.mark.skipif(
    os.environ.get("NEGAREH_PILLOW_PICTURES") != "1", reason="NEGAREH_PILLOW_PICTURES=1 switches it on"
)
CACHE = settings.BASE_DIR / "var" / "pillow-sources"
LIMIT_S = 10


@pytest.fixture(scope="module")
def pictures() -> list[Path]:
    folder = CACHE / f"pillow-{PIL.__version__}" / "Tests" / "images"
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        wanted = f"pillow=={PIL.__version__}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--no-binary", "pillow", "--dest", CACHE, wanted], check=True, timeout=300)
        with tarfile.open(CACHE / f"pillow-{PIL.__version__}.tar.gz") as archive:
            members = [member for member in archive if "/Tests/images/" in member.name]
            archive.extractall(CACHE, members, filter="data")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_none_crashes_the_server_or_takes_long(server, ai_manager, token_of, pictures):
    url, token = f"{server.url}{UPLOADS}", token_of(ai_manager)
    statuses, wrong = Counter(), []
    for path in pictures:
        started = time.monotonic()
        status = send_form(url, token, path.read_bytes()).status
        took_s = time.monotonic() - started
        statuses[status] += 1
        if status not in (201, 400, 409) or took_s > LIMIT_S:
            wrong.append((path.name, status, round(took_s, 1)))

    assert wrong == []
    assert len(pictures) > 1000
    assert statuses[201] > 300
    assert statuses[400] > 300
    assert fetch(f"{server.url}/livez").status == 200


def test_each_that_is_kept_has_a_smaller_copy_or_a_reason(server, ai_manager, token_of, pictures):
    url, token = f"{server.url}{UPLOADS}", token_of(ai_manager)
    for path in pictures:
        if path.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp", ".apng"):
            send_form(url, token, path.read_bytes())
    answers = {
        asset.title: fetch(f"{server.url}/api/media/{asset.pk}/renditions/320.{format}", token=token).status
        for asset in MediaAsset.objects.all()
        for format in ("webp", "avif")
    }

    assert set(answers.values()) == {200}
