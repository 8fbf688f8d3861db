"""What holds for each adapter that is found, so that a new file is tested on arrival."""

from dataclasses import replace

import pytest
from django.core.exceptions import ImproperlyConfigured

from src.ai import providers
from src.ai.providers import adapters, get_adapter
from src.ai.providers.contract import ImageRequest, ProviderConnection, Received, Sent
from src.core.secret import Secret
from src.media.inspection import inspect_picture
from tests.ai.adapters.conftest import GOOD_KEY
from tests.upstream import Upstream

EVERY = sorted(adapters())


def connection_of(slug: str, upstream: Upstream) -> ProviderConnection:
    urls = {"openai": upstream.openai_url, "openai_compatible": upstream.compatible_url}
    return ProviderConnection(base_url=urls.get(slug, ""), key=Secret(GOOD_KEY), allow_private=True, timeout_s=5)


def request_of(slug: str) -> ImageRequest:
    return ImageRequest(model_id="gpt-image-2.5-flare" if slug == "openai" else "canvas", prompt="a red bicycle")


def test_the_three_of_this_release_are_found():
    assert set(EVERY) >= {"sandbox", "openai", "openai_compatible"}


@pytest.mark.parametrize("slug", EVERY)
async def test_it_makes_pictures_that_the_library_keeps(slug, upstream, events):
    request = replace(request_of(slug), n=2)

    result = await get_adapter(slug).generate(connection_of(slug, upstream), request, on_event=events)

    assert len(result.images) == 2
    assert all(inspect_picture(image.content) for image in result.images)


@pytest.mark.parametrize("slug", EVERY)
async def test_it_announces_a_call_before_and_hands_on_the_answer_before_reading(slug, upstream, events):
    await get_adapter(slug).generate(connection_of(slug, upstream), request_of(slug), on_event=events)

    sent, received = events
    assert isinstance(sent, Sent)
    assert isinstance(received, Received)
    assert received.body


@pytest.mark.parametrize("slug", EVERY)
async def test_nothing_leaves_if_the_announcement_cannot_be_kept(slug, upstream):
    async def broken_disk(event: object) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await get_adapter(slug).generate(connection_of(slug, upstream), request_of(slug), on_event=broken_disk)

    assert upstream.requests == []


@pytest.mark.parametrize("slug", EVERY)
async def test_it_takes_a_good_key_without_cost(slug, upstream):
    check = await get_adapter(slug).check_key(connection_of(slug, upstream))

    assert (check.is_valid, check.reason) == (True, "ok")
    assert upstream.paid_calls == 0


@pytest.mark.parametrize("slug", EVERY)
async def test_it_lists_models(slug, upstream):
    assert await get_adapter(slug).list_models(connection_of(slug, upstream))


@pytest.mark.parametrize("slug", [slug for slug in EVERY if adapters()[slug].needs_key == "always"])
async def test_it_tells_a_bad_key(slug, upstream):
    connection = replace(connection_of(slug, upstream), key=Secret("sk-test-bad"))

    check = await get_adapter(slug).check_key(connection)

    assert (check.is_valid, check.reason) == (False, "invalid")


def test_a_four_line_file_is_an_adapter(tmp_path, monkeypatch):
    (tmp_path / "deepinfra.py").write_text(
        "from src.ai.providers.openai_compatible import OpenAICompatible\n"
        "class DeepInfra(OpenAICompatible):\n"
        "    slug, label, base_url = 'deepinfra', 'DeepInfra', 'https://api.deepinfra.com/v1/openai'\n"
    )
    monkeypatch.setattr(providers, "__path__", [*providers.__path__, str(tmp_path)])
    adapters.cache_clear()
    try:
        assert get_adapter("deepinfra").label == "DeepInfra"
    finally:
        adapters.cache_clear()


def test_two_adapters_with_one_slug_refuse_to_start(tmp_path, monkeypatch):
    (tmp_path / "twin.py").write_text(
        "from src.ai.providers.openai_compatible import OpenAICompatible\n"
        "class Twin(OpenAICompatible):\n"
        "    slug, label = 'openai', 'Twin'\n"
    )
    monkeypatch.setattr(providers, "__path__", [*providers.__path__, str(tmp_path)])
    adapters.cache_clear()
    try:
        with pytest.raises(ImproperlyConfigured, match="openai"):
            adapters()
    finally:
        adapters.cache_clear()
