"""The documents say what is so: every curl of docs/api.md is run, README's table is the registry's."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from src.accounts.services import create_api_token
from src.ai.models import AIProvider
from src.ai.services.provider_table import provider_table
from tests.upstream import Upstream

DOCS = Path(settings.BASE_DIR)
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)


def curl_blocks() -> list[str]:
    return [block for block in BLOCK.findall((DOCS / "docs/api.md").read_text()) if "curl" in block]


@pytest.mark.skipif(not shutil.which("curl") and not os.environ.get("CI"), reason="curl is not installed")
@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_every_curl_of_the_api_document_works(super_admin, server, upstream: Upstream, tmp_path):
    call_command("populate_ai_providers", verbosity=0)
    played = {"openai": upstream.openai_url, "openrouter": upstream.openrouter_url}
    for slug, url in played.items():
        AIProvider.objects.filter(slug=slug).update(api_base_url=url, allow_private_address=True)
    scopes = ["images", "media:read", "providers"]
    token = create_api_token(user=super_admin, name="docs", scopes=scopes)[1]
    names = f"URL={server.url} TOKEN={token} OPENAI_API_KEY=sk-test-good SANDBOX=1 OPENAI=2 CANVAS=1\n"

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", names + "\n".join(curl_blocks())],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert '"success":false' not in done.stdout, done.stdout
    shown = done.stdout.count('"success":true')
    calls = "\n".join(curl_blocks()).count("curl -s")
    # Not shown: three whose answer is read by the next line, two that write a file, two health checks.
    assert shown == calls - 7
    for name in ("picture.png", "original.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_every_action_has_a_curl():
    text = "\n".join(curl_blocks())

    for path in (
        "images/generate/",
        "images/models/",
        "/results/0/",
        "/save/",
        "/activate/",
        "/deactivate/",
        "/validate-api-key/",
        "/capabilities/",
        "/available/",
        "/openrouter-models/",
        "/clear-openrouter-cache/",
        "/models/",
        "/original/",
    ):
        assert path in text, path


@pytest.mark.parametrize("name", ["README.md", "README.fa.md"])
def test_the_provider_table_of_the_readme_is_the_registrys(name):
    assert provider_table() in (DOCS / name).read_text()


@pytest.mark.parametrize("name", ["README.md", "README.fa.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_files_that_the_documents_name_exist(name):
    text = (DOCS / name).read_text()

    for path in re.findall(r"\]\(([^)#]+)\)", text):
        if not path.startswith("http"):
            assert ((DOCS / name).parent / path).exists(), path
