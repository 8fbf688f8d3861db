"""Services without pictures: nothing of the pictures of OpenAI's format is left in them."""

from dataclasses import asdict

import pytest

from src.ai.providers import adapters, get_adapter
from src.ai.providers.contract import ImageEditRequest, ReferenceImage
from src.ai.providers.errors import Rejected
from tests.ai.adapters.services import connection_of, request_of
from tests.upstream.pictures import draw

TEXT = sorted(slug for slug, adapter in adapters().items() if not adapter.makes_images)
REFERENCE = ReferenceImage(content=draw((8, 8), "png"), mime_type="image/png", width=8, height=8)


def test_the_three_are_found():
    assert TEXT == ["anthropic", "deepseek", "groq"]


@pytest.mark.parametrize("slug", TEXT)
async def test_it_edits_none_and_says_so(slug, upstream, events):
    request = ImageEditRequest(**asdict(request_of(slug)), references=(REFERENCE,))

    with pytest.raises(Rejected) as caught:
        await get_adapter(slug).edit(connection_of(slug, upstream), request, on_event=events)

    assert (caught.value.reason, caught.value.charged) == ("no_edits", "no")
    assert (events, upstream.requests) == ([], [])


@pytest.mark.parametrize("slug", TEXT)
def test_it_promises_nothing_of_pictures(slug):
    adapter = get_adapter(slug)

    promises = adapter.edits_images, adapter.takes_mask, adapter.streams_previews, adapter.resumes_calls
    assert not any(promises)
    assert (adapter.parameters, adapter.max_references, adapter.cost_source) == (frozenset(), 0, "")
    assert adapter.needs_key == "always"
