from tests.ai.providers_api.conftest import field_codes
from tests.factories import make_provider

URL = "image-providers/clear-openrouter-cache/"
LIST = "image-providers/openrouter-models/"


def test_the_list_is_read_anew_after_it(boss, upstream):
    make_provider(
        "openrouter", key=None, adapter="openrouter", api_base_url=upstream.openrouter_url, allow_private_address=True
    )
    boss.get(LIST)
    count = len(upstream.requests)

    answer = boss.post(URL)
    boss.get(LIST)

    assert (answer.status_code, answer.data["code"], answer.data["data"]) == (200, "openrouter_cache_cleared", None)
    assert len(upstream.requests) == 2 * count


def test_it_is_safe_when_nothing_is_stored(boss):
    assert [boss.post(URL).status_code for _ in range(2)] == [200, 200]


def test_it_refuses_fields(boss):
    assert field_codes(boss.post(URL, {"all": True})) == {"all": ["unknown_field"]}


def test_it_is_not_offered_for_get(boss):
    assert boss.get(URL).status_code == 405
