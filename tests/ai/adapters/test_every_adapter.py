"""What holds for each adapter that is found, so that a new file is tested on arrival."""

from base64 import b64encode
from dataclasses import fields, replace

import pytest
from django.core.exceptions import ImproperlyConfigured

from src.ai import providers
from src.ai.catalogue import read_catalogue
from src.ai.providers import adapters, get_adapter
from src.ai.providers.contract import ImageParams, Preview, Received, Sent
from src.ai.providers.errors import Rejected, ServiceFailed
from src.core.secret import Secret
from src.media.inspection import inspect_picture
from tests.ai.adapters.references import PNG_MASK, REFERENCES
from tests.ai.adapters.services import connection_of, edit_request_of, request_of

EVERY = sorted(adapters())
EDITORS = [slug for slug in EVERY if adapters()[slug].edits_images]
MAKERS = [slug for slug in EVERY if adapters()[slug].makes_images]


def test_the_services_of_the_catalogue_are_found():
    assert set(EVERY) == {entry["adapter"] for entry in read_catalogue()["providers"]} | {"openai_compatible"}


@pytest.mark.parametrize("slug", MAKERS)
async def test_it_makes_pictures_that_the_library_keeps(slug, upstream, events):
    request = replace(request_of(slug), n=2)

    result = await get_adapter(slug).generate(connection_of(slug, upstream), request, on_event=events)

    assert len(result.images) == 2
    assert all(inspect_picture(image.content) for image in result.images)


@pytest.mark.parametrize("slug", MAKERS)
async def test_it_announces_a_call_before_and_hands_on_the_answer_before_reading(slug, upstream, events):
    await get_adapter(slug).generate(connection_of(slug, upstream), request_of(slug), on_event=events)

    sent, received = events
    assert isinstance(sent, Sent)
    assert isinstance(received, Received)
    assert received.body


@pytest.mark.parametrize("slug", MAKERS)
async def test_nothing_leaves_if_the_announcement_cannot_be_kept(slug, upstream):
    async def broken_disk(event: object) -> None:
        raise OSError("disk full")

    with pytest.raises(ServiceFailed) as caught:
        await get_adapter(slug).generate(connection_of(slug, upstream), request_of(slug), on_event=broken_disk)

    assert (caught.value.charged, upstream.paid_requests) == ("no", [])


@pytest.mark.parametrize("slug", [slug for slug in MAKERS if adapters()[slug].one_picture_per_call])
async def test_of_several_only_the_one_that_was_not_announced_stays_here(slug, upstream):
    async def broken_once(event: object) -> None:
        if isinstance(event, Sent) and event.call_index == 1:
            raise OSError("disk full")

    request = replace(request_of(slug), n=3)
    result = await get_adapter(slug).generate(connection_of(slug, upstream), request, on_event=broken_once)

    assert [(len(call.images), call.error and call.error.charged) for call in result.calls] == [
        (1, None),
        (0, "no"),
        (1, None),
    ]
    assert upstream.paid_calls == 2


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


@pytest.mark.parametrize("slug", [slug for slug in EVERY if slug not in MAKERS])
async def test_it_makes_none_and_says_so(slug, upstream, events):
    with pytest.raises(Rejected) as caught:
        await get_adapter(slug).generate(connection_of(slug, upstream), request_of(slug), on_event=events)

    assert caught.value.reason == "no_images"
    assert upstream.requests == []


@pytest.mark.parametrize("slug", EVERY)
def test_what_it_can_be_told_is_in_our_vocabulary(slug):
    assert get_adapter(slug).parameters <= {field.name for field in fields(ImageParams)} - {"prompt", "n"}


@pytest.mark.parametrize("slug", EDITORS)
async def test_it_makes_a_picture_from_another(slug, upstream, events):
    request = edit_request_of(slug, REFERENCES[0])

    result = await get_adapter(slug).edit(connection_of(slug, upstream), request, on_event=events)

    assert [inspect_picture(image.content) for image in result.images]
    assert isinstance(events[0], Sent)
    assert isinstance(events[-1], Received)


@pytest.mark.parametrize("slug", [slug for slug in EDITORS if adapters()[slug].max_references > 1])
async def test_it_takes_several_in_their_order(slug, upstream, events):
    await get_adapter(slug).edit(connection_of(slug, upstream), edit_request_of(slug, *REFERENCES), on_event=events)

    [sent] = upstream.paid_requests
    # As they are in a form, or as base64 in JSON.
    places = [
        max(sent.body.find(picture.content), sent.body.find(b64encode(picture.content))) for picture in REFERENCES
    ]
    assert 0 < places[0] < places[1] < places[2]


@pytest.mark.parametrize("slug", [slug for slug in EDITORS if adapters()[slug].takes_mask])
async def test_it_sends_a_mask(slug, upstream, events):
    request = edit_request_of(slug, REFERENCES[0], mask=PNG_MASK)

    await get_adapter(slug).edit(connection_of(slug, upstream), request, on_event=events)

    assert PNG_MASK.content in upstream.paid_requests[0].body


@pytest.mark.parametrize("slug", [slug for slug in EVERY if slug not in EDITORS])
async def test_it_edits_nothing_and_says_so(slug, upstream, events):
    with pytest.raises(Rejected) as caught:
        await get_adapter(slug).edit(
            connection_of(slug, upstream), edit_request_of(slug, REFERENCES[0]), on_event=events
        )

    assert caught.value.reason == "no_edits"
    assert upstream.requests == []


@pytest.mark.parametrize("slug", MAKERS)
async def test_only_those_stream_previews_that_say_so(slug, upstream, events):
    adapter = get_adapter(slug)
    request = replace(request_of(slug), partial_images=2)

    result = await adapter.generate(connection_of(slug, upstream), request, on_event=events)

    previews = [event for event in events if isinstance(event, Preview)]
    assert bool(previews) is adapter.streams_previews is ("partial_images" in adapter.parameters)
    assert len(result.images) == 1


@pytest.mark.parametrize("slug", MAKERS)
async def test_each_paid_call_of_several_pictures_has_an_index_of_its_own(slug, upstream, events):
    adapter = get_adapter(slug)

    result = await adapter.generate(connection_of(slug, upstream), replace(request_of(slug), n=3), on_event=events)

    calls = range(3 if adapter.one_picture_per_call else 1)
    assert [call.call_index for call in result.calls] == list(calls)
    assert sorted(event.call_index for event in events if isinstance(event, Sent)) == list(calls)
    assert sorted(event.call_index for event in events if isinstance(event, Received)) == list(calls)


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
