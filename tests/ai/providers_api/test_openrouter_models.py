"""OpenRouter's list with prices: read from the played OpenRouter, stored, shared, served stale."""

import threading
import time
from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache

from src.ai.services.openrouter_catalogue import CACHE_KEY, LOCK_KEY
from tests.ai.providers_api.conftest import PERSIAN_LETTERS, all_at_once, field_codes, in_thread, with_own_connection
from tests.factories import make_provider
from tests.upstream import openrouter_models

URL = "image-providers/openrouter-models/"
LIST = "/openrouter/api/v1/images/models"
SEEDREAM = "bytedance-seed/seedream-5-0-pro"
HOUR_S = 3600


@pytest.fixture
def openrouter(db, upstream):
    """The provider's row, without a key: the list is public."""
    return make_provider(
        "openrouter", key=None, adapter="openrouter", api_base_url=upstream.openrouter_url, allow_private_address=True
    )


@pytest.fixture
def manager(openrouter, caller, ai_manager):
    return caller(ai_manager)


def lists_read(upstream) -> int:
    return [request.path for request in upstream.requests].count(LIST)


def grow_old(seconds: float) -> None:
    stored = cache.get(CACHE_KEY)
    cache.set(CACHE_KEY, stored | {"read_s": stored["read_s"] - seconds})


def by_id(answer) -> dict:
    return {model["id"]: model for model in answer.data["data"]["models"]}


def test_it_lists_every_model_with_its_prices(manager):
    answer = manager.get(URL)

    assert (answer.status_code, answer.data["code"]) == (200, "openrouter_models_listed")
    assert answer.data["data"]["is_stale"] is False
    models = by_id(answer)
    assert list(models) == [model.id for model in openrouter_models.MODELS]
    assert models[SEEDREAM]["endpoints"] == [
        {
            "provider": "bytedance",
            "pricing": [
                {"billable": "output_image", "unit": "image", "price_micros": "45000", "variant": "1K"},
                {"billable": "output_image", "unit": "image", "price_micros": "90000", "variant": "2K"},
            ],
        }
    ]
    assert (models[SEEDREAM]["can_edit"], models[SEEDREAM]["max_reference_images"]) == (True, 10)


def test_prices_below_a_micro_are_not_rounded(manager):
    flare = by_id(manager.get(URL))["openai/gpt-image-2.5-flare"]

    prices = {price["billable"]: price["price_micros"] for price in flare["endpoints"][0]["pricing"]}
    assert prices == {"input_text": "5", "input_image": "8", "output_image": "30"}
    nano = by_id(manager.get(URL))["google/gemini-nano-banana-2.1"]
    assert nano["endpoints"][0]["pricing"][0]["price_micros"] == "1.5"


def test_it_sends_no_key(manager, openrouter, upstream):
    manager.get(URL)

    assert {request.bearer for request in upstream.requests} == {None}


def test_a_slash_at_the_addresss_end_does_not_matter(manager, openrouter, upstream):
    type(openrouter).objects.update(api_base_url=f"{upstream.openrouter_url}/")

    assert manager.get(URL).status_code == 200
    assert lists_read(upstream) == 1


def test_it_is_stored(manager, upstream):
    first, count = manager.get(URL), len(upstream.requests)

    assert manager.get(URL, use_cache="true").data["data"] == first.data["data"]
    assert len(upstream.requests) == count


def test_it_is_read_anew_on_demand(manager, upstream):
    manager.get(URL)

    assert manager.get(URL, use_cache="false").data["data"]["is_stale"] is False
    assert lists_read(upstream) == 2


@pytest.mark.parametrize(("age_s", "reads"), [(6 * HOUR_S - 60, 1), (6 * HOUR_S + 60, 2)])
def test_it_is_fresh_for_six_hours(manager, upstream, age_s, reads):
    manager.get(URL)
    grow_old(age_s)

    assert manager.get(URL).data["data"]["is_stale"] is False
    assert lists_read(upstream) == reads


TROUBLE = [
    {"status": 500, "body": {"error": {"message": "no"}}},
    {"status": 200, "body": b"<html>welcome</html>"},
    {"status": 200, "body": b'{"data": [{"id": "a", "description": "\\ud800"}]}'},
    {"status": 200, "body": b"[" * 100_000},
    {"status": 200, "body": {"data": "none"}},
    {"status": 200, "body": []},
    {"status": 302, "headers": {"Location": "/elsewhere"}},
    {"status": 401, "body": {}},
]


@pytest.mark.parametrize("trouble", TROUBLE)
def test_an_old_list_is_served_while_openrouter_fails(manager, upstream, trouble):
    first = manager.get(URL)
    grow_old(7 * HOUR_S)
    upstream.play_response(path=LIST, **trouble)

    answer = manager.get(URL)

    assert (answer.status_code, answer.data["code"]) == (200, "openrouter_models_stale")
    assert answer.data["data"]["is_stale"] is True
    assert answer.data["data"]["models"] == first.data["data"]["models"]
    assert answer.data["data"]["read_at"] < first.data["data"]["read_at"]
    assert PERSIAN_LETTERS & set(answer.data["message"])


@pytest.mark.parametrize("trouble", TROUBLE)
def test_it_is_unreachable_without_a_list(manager, upstream, trouble):
    upstream.play_response(path=LIST, **trouble)

    answer = manager.get(URL)

    assert (answer.status_code, answer.data["code"]) == (503, "provider_unreachable")
    assert cache.get(LOCK_KEY) is None


def test_an_old_list_is_served_while_openrouter_is_down(manager, openrouter, upstream):
    manager.get(URL)
    with upstream.refuse_connections() as url:
        type(openrouter).objects.update(api_base_url=url)
        answer = manager.get(URL, use_cache="false")

    assert (answer.status_code, answer.data["code"]) == (200, "openrouter_models_stale")


def test_it_is_unreachable_without_a_list_while_openrouter_is_down(manager, openrouter, upstream):
    with upstream.refuse_connections() as url:
        type(openrouter).objects.update(api_base_url=url)
        answer = manager.get(URL)

    assert (answer.status_code, answer.data["code"]) == (503, "provider_unreachable")


def test_a_failure_is_not_stored(manager, upstream):
    upstream.play_response(path=LIST, status=500)

    assert [manager.get(URL).status_code for _ in range(2)] == [503, 200]


ONE_MODELS_TROUBLE = [
    {"status": 500},
    {"status": 404, "body": {"error": {"code": 404}}},
    {"status": 200, "body": b"<html>"},
    {"status": 200, "body": []},
    {"status": 200, "body": {"endpoints": "none"}},
]


@pytest.mark.parametrize("trouble", ONE_MODELS_TROUBLE)
def test_one_model_without_prices_does_not_spoil_the_others(manager, upstream, trouble):
    upstream.play_response(path=f"{SEEDREAM}/endpoints", **trouble)

    models = by_id(manager.get(URL))

    assert [model_id for model_id, model in models.items() if model["endpoints"] is None] == [SEEDREAM]
    assert len(models) == len(openrouter_models.MODELS)


ODD_ENDPOINTS = [
    [5, None, "x", {}],
    [{"pricing": 5}, {"pricing": {"a": 1}}, {"pricing": [5, None]}],
    [{"pricing": [{"cost_usd": cost} for cost in ("0.1", True, None, [], -1, 1e300)]}],
]


@pytest.mark.parametrize("endpoints", ODD_ENDPOINTS)
def test_odd_prices_are_unknown_prices(manager, upstream, endpoints):
    upstream.play_response(path=f"{SEEDREAM}/endpoints", body={"endpoints": endpoints})

    answer = manager.get(URL)

    assert len(by_id(answer)) == len(openrouter_models.MODELS)
    prices = [price for endpoint in by_id(answer)[SEEDREAM]["endpoints"] for price in endpoint["pricing"]]
    assert all(price["price_micros"] is None for price in prices)


@pytest.mark.parametrize(
    "entry",
    [
        5,
        None,
        {},
        {"id": 5},
        {"id": "odd", "supported_parameters": []},
        {"id": "odd", "supported_parameters": {"input_references": 5}},
        {"id": "../../secrets?x=#", "supported_parameters": None, "name": ["a"]},
    ],
)
def test_an_odd_entry_does_not_spoil_the_others(manager, upstream, entry):
    good = openrouter_models.BY_ID[SEEDREAM].listed
    upstream.play_response(path=LIST, body={"data": [entry, good]})

    assert SEEDREAM in by_id(manager.get(URL))


def test_parameters_stay_numbers(manager, upstream):
    parameters = {"strength": {"type": "range", "min": 0.25, "max": 1}}
    entry = openrouter_models.BY_ID[SEEDREAM].listed | {"supported_parameters": parameters}
    upstream.play_response(path=LIST, body={"data": [entry]})

    assert (
        by_id(manager.get(URL))[SEEDREAM]["supported_parameters"]
        == manager.get(URL).json()["data"]["models"][0]["supported_parameters"]
    )
    assert manager.get(URL).json()["data"]["models"][0]["supported_parameters"] == parameters


def test_at_most_eight_are_asked_at_once(manager, upstream):
    good = openrouter_models.BY_ID[SEEDREAM].listed
    upstream.play_response(path=LIST, body={"data": [good] * 30})
    upstream.latency_s = 0.02

    manager.get(URL)

    assert upstream.max_in_flight == 8


def test_twenty_at_once_on_an_empty_store_read_it_once(transactional_db, openrouter, caller, ai_manager, upstream):
    clients = [caller(ai_manager) for _ in range(20)]
    gate = threading.Barrier(len(clients))

    def ask(client):
        gate.wait()
        return client.get(URL)

    answers = all_at_once([lambda client=client: ask(client) for client in clients])

    assert {answer.data["code"] for answer in answers} == {"openrouter_models_listed"}
    assert {answer.data["data"]["is_stale"] for answer in answers} == {False}
    assert lists_read(upstream) == 1


class LateLock(LocMemCache):
    """A thread called "late" is held up on its way to the lock."""

    arrived, gate = threading.Event(), threading.Event()

    def add(self, *args: Any, **kwargs: Any) -> bool:
        if threading.current_thread().name == "late":
            self.arrived.set()
            self.gate.wait(timeout=10)
        return super().add(*args, **kwargs)


def test_who_comes_late_to_the_lock_does_not_read_again(transactional_db, manager, upstream, settings):
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.LateLock"}}
    late = threading.Thread(name="late", target=with_own_connection, args=(manager.get, URL))
    late.start()
    LateLock.arrived.wait(timeout=10)

    manager.get(URL)
    LateLock.gate.set()
    late.join()

    assert lists_read(upstream) == 1


def test_twenty_at_once_are_not_twenty_failures_in_turn(transactional_db, openrouter, caller, ai_manager, upstream):
    upstream.play_response(path=LIST, status=500, delay_s=0.5, times=1)
    clients = [caller(ai_manager) for _ in range(20)]

    answers = all_at_once([lambda client=client: client.get(URL) for client in clients])

    assert {answer.status_code for answer in answers} <= {200, 503}
    assert lists_read(upstream) <= 2


def test_an_old_list_is_served_while_one_caller_reads_it_anew(transactional_db, manager, upstream):
    manager.get(URL)
    grow_old(7 * HOUR_S)

    with in_thread(manager.get, URL) as refreshed, upstream.hold():
        upstream.wait_until_in_flight(1)
        started = time.monotonic()
        meanwhile = manager.get(URL)
        waited_s = time.monotonic() - started

    assert (meanwhile.data["code"], waited_s < 1) == ("openrouter_models_stale", True)
    assert refreshed.result().data["code"] == "openrouter_models_listed"


@pytest.mark.parametrize("value", ["maybe", "", "2", "a\x00"])
def test_it_refuses_a_use_cache_that_is_neither(manager, value):
    assert field_codes(manager.get(URL, use_cache=value)) == {"use_cache": ["not_boolean"]}


def test_without_a_row_or_mark_a_private_address_is_not_called(manager, openrouter, upstream):
    type(openrouter).objects.update(allow_private_address=False)

    assert manager.get(URL).status_code == 503
    assert upstream.requests == []


def test_it_speaks_english(openrouter, caller, ai_manager):
    assert caller(ai_manager, language="en").get(URL).data["message"] == "OpenRouter's image models."
