import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.ai.providers_api.conftest import PERSIAN_LETTERS
from tests.factories import GOOD_KEY, make_model, make_provider, make_sandbox

URL = "image-providers/"


def test_it_lists_every_provider_in_order(boss):
    make_provider("late", sort_order=2)
    make_provider("early", sort_order=1, is_active=False, key=None)

    answer = boss.get(URL)

    assert [row["slug"] for row in answer.data["data"]] == ["early", "late"]
    assert [row["is_active"] for row in answer.data["data"]] == [False, True]
    assert [row["has_shared_api_key"] for row in answer.data["data"]] == [False, True]


def test_it_counts_models_and_active_models(boss):
    provider = make_provider()
    make_model(provider, "a")
    make_model(provider, "b", is_active=False)

    [row] = boss.get(URL).data["data"]

    assert (row["models_count"], row["active_models_count"]) == (2, 1)


def test_it_shows_nothing_of_a_key(boss):
    make_provider(key="sk-abcdefghijklmnop-wxyz")

    answer = boss.get(URL)

    assert "wxyz" not in answer.text and "***" not in answer.text
    assert not {"shared_api_key", "key_last4", "key_sealed", "key_fingerprint"} & set(answer.data["data"][0])


def test_it_is_an_empty_list_without_providers(boss):
    assert boss.get(URL).data["data"] == []


@pytest.mark.parametrize("count", [2, 30])
def test_its_number_of_queries_does_not_grow(boss, count):
    for number in range(count):
        make_model(make_provider(f"p{number}", key=GOOD_KEY))
    boss.get(URL)

    with CaptureQueriesContext(connection) as queries:
        boss.get(URL)

    assert len([q for q in queries if "ai_aiprovider" in q["sql"]]) == 1
    assert len(queries) == 3


def test_it_speaks_persian_and_english(caller, super_admin):
    make_sandbox()

    assert PERSIAN_LETTERS & set(caller(super_admin).get(URL).data["message"])
    assert caller(super_admin, language="en").get(URL).data["message"] == "Done."
