"""The documents say what is so: every curl of docs/ is run, README's table is the registry's."""

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
from src.core.token_scopes import SCOPES
from tests.upstream import Upstream
from tests.upstream.pictures import draw

DOCS = Path(settings.BASE_DIR)
PNG, RIFF, ZIP, BOM = b"\x89PNG", b"RIFF", b"PK", b"\xef\xbb\xbf"
FILES = {
    "docs/api.md": {"picture.png": PNG, "original.png": PNG, "usage.csv": BOM},
    "docs/library.md": {"pictures.zip": ZIP, "copy.webp": RIFF, "published.webp": RIFF},
    "docs/operations.md": {"audit.csv": BOM},
}
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)


CALL = re.compile(r"^(?:\w+=\$\()?curl (?:.*\\\n)*.*$", re.MULTILINE)
# What is caught by the next line, written to a file, or is a health check, prints no envelope.
SILENT = re.compile(r"\| sed| -o |/livez|/readyz")


def curl_blocks(document: str) -> list[str]:
    return [block for block in BLOCK.findall((DOCS / document).read_text()) if "curl" in block]


@pytest.mark.skipif(not shutil.which("curl") and not os.environ.get("CI"), reason="curl is not installed")
@pytest.mark.django_db(transaction=True, reset_sequences=True)
@pytest.mark.parametrize("document", ["docs/api.md", "docs/library.md", "docs/operations.md"])
def test_every_curl_of_a_document_works(document, super_admin, ai_manager, server, upstream: Upstream, tmp_path):
    call_command("populate_ai_providers", verbosity=0)
    played = {"openai": upstream.openai_url, "openrouter": upstream.openrouter_url}
    for slug, url in played.items():
        AIProvider.objects.filter(slug=slug).update(api_base_url=url, allow_private_address=True)
    token = create_api_token(user=super_admin, name="docs", scopes=SCOPES)[1]
    (tmp_path / "cat.jpg").write_bytes(draw((640, 480), "jpeg"))
    (tmp_path / "mask.png").write_bytes(draw((640, 480), "png", transparent=True))
    names = f"URL={server.url} TOKEN={token} OPENAI_API_KEY=sk-test-good SANDBOX=1 OPENAI=2 CANVAS=1"
    names += f" PERSON={ai_manager.pk}\n"
    script = "\n".join(curl_blocks(document))

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", names + script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert not re.search('"success": ?false', done.stdout), done.stdout
    calls = CALL.findall(script)
    assert len(calls) == script.count("curl ")
    shown = [call for call in calls if not SILENT.search(call)]
    assert len(re.findall('"success": ?true', done.stdout)) == len(shown) > 0
    for name, start in FILES[document].items():
        assert (tmp_path / name).read_bytes().startswith(start), name


def test_every_action_has_a_curl():
    text = "\n".join(curl_blocks("docs/api.md"))

    for path in (
        "images/generate/",
        "images/edit/",
        "images/estimate/",
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
        "/sync-models/",
        "/models/",
        "/original/",
    ):
        assert path in text, path


@pytest.mark.parametrize("name", ["README.md", "README.fa.md"])
def test_the_provider_table_of_the_readme_is_the_registrys(name):
    assert provider_table() in (DOCS / name).read_text()


@pytest.mark.parametrize(
    "name",
    ["README.md", "README.fa.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in (DOCS / "docs").glob("*.md"))],
)
def test_files_and_sections_that_the_documents_name_exist(name):
    here = DOCS / name

    for path, section in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", here.read_text()):
        if not path.startswith("http"):
            target = here.parent / path if path else here
            assert target.exists(), path
            assert not section or section in sections_of(target), f"{path}#{section}"


def sections_of(document: Path) -> set[str]:
    """The anchors of its headings, as they are shown on the web."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
