"""A look-alike service is one file of four lines: dropped in, it is connected, checked, listed and paid by the API."""

import pytest

from src.ai import providers
from src.ai.providers import adapters
from tests.ai.generation.conftest import URL as GENERATE
from tests.factories import GOOD_KEY

FILE = '''
from src.ai.providers.openai_compatible import OpenAICompatible
class DeepInfra(OpenAICompatible):
    """DeepInfra images. Source: the vendor's API page, read 2026-11-24."""
    slug, label, base_url = "deepinfra", "DeepInfra", "https://api.deepinfra.com/v1/openai"
'''
PROVIDERS = "/api/ai/admin/image-providers/"


@pytest.fixture
def dropped_in(tmp_path, monkeypatch):
    assert len(FILE.strip().splitlines()) == 4
    (tmp_path / "deepinfra.py").write_text(FILE)
    monkeypatch.setattr(providers, "__path__", [*providers.__path__, str(tmp_path)])
    adapters.cache_clear()
    yield
    adapters.cache_clear()


def test_it_works_through_the_api(dropped_in, transactional_db, upstream, client_of, super_admin):
    boss = client_of(super_admin)
    place = {"api_base_url": upstream.compatible_url, "allow_private_address": True}
    connected = boss.post(
        PROVIDERS, {"slug": "deepinfra", "name": "DeepInfra", "shared_api_key": GOOD_KEY, "is_active": True, **place}
    )
    assert (connected.status_code, connected.data["data"]["key_status"]) == (201, "valid")
    provider = f"{PROVIDERS}{connected.data['data']['id']}/"

    listed = boss.post(f"{provider}sync-models/", {}).data["data"]["created"]
    [row] = [row for row in boss.get(f"{provider}models/").data["data"]["results"] if row["model_id"] == listed[0]]
    boss.patch(
        f"{provider}models/{row['id']}/", {"capabilities": ["image"], "is_active": True, "image_spec": {"max_n": 2}}
    )
    drawn = boss.post(GENERATE, {"model": f"deepinfra/{listed[0]}", "prompt": "a red bicycle", "n": 2})

    assert (drawn.status_code, drawn.data["data"]["delivered"]) == (201, 2)
    assert drawn.data["data"]["provider"] == "deepinfra"
    capabilities = boss.get(f"{PROVIDERS}capabilities/?provider=deepinfra").data["data"]
    assert (capabilities[0]["adapter_is_built"], capabilities[0]["makes_images"]) == (True, True)


def test_without_the_file_there_is_no_such_adapter(db, client_of, super_admin):
    answer = client_of(super_admin).post(PROVIDERS, {"slug": "deepinfra", "name": "D", "adapter": "deepinfra"})

    assert (answer.status_code, list(answer.data["errors"])) == (400, ["adapter"])
