import pytest

from tests.ai.providers_api.conftest import PERSIAN_LETTERS
from tests.factories import make_model, make_provider, make_sandbox, make_settings

URL = "image-providers/available/"


@pytest.fixture
def manager(caller, ai_manager):
    return caller(ai_manager)


def states(answer):
    return [(row["slug"], row["state"], row["key_source"], row["reason"]) for row in answer.data["data"]]


def test_it_lists_a_provider_with_a_shared_key(manager):
    provider = make_provider(description="about")
    make_model(provider)
    make_model(provider, "off", is_active=False)

    answer = manager.get(URL)

    assert states(answer) == [("openai", "AVAILABLE_SHARED", "shared", "shared_key_only")]
    assert (answer.data["data"][0]["description"], answer.data["data"][0]["active_models_count"]) == ("about", 1)
    assert answer.data["data"][0]["remedy"] == answer.data["data"][0]["remedy_message"] == ""


def test_it_lists_a_provider_with_a_key_of_ones_own(manager, ai_manager, other_manager):
    provider = make_provider(key=None)
    make_settings(ai_manager, provider, key="sk-of-the-manager")
    make_settings(other_manager, make_provider("theirs", key=None, allow_personal_keys=False), key="sk-of-another")

    assert states(manager.get(URL)) == [("openai", "AVAILABLE_PERSONAL", "personal", "personal_key_only")]


def test_it_lists_what_a_key_of_ones_own_would_open_and_says_so(manager):
    make_provider(allow_shared_for_normal_admins=False)

    answer = manager.get(URL)

    assert states(answer) == [("openai", "NO_ACCESS", None, "shared_key_reserved")]
    assert answer.data["data"][0]["remedy"] == "enter_personal_key"
    for name in ("reason_message", "remedy_message"):
        assert PERSIAN_LETTERS & set(answer.data["data"][0][name])


def test_it_leaves_out_what_one_could_not_use(manager):
    make_provider("off", is_active=False)
    make_provider("reserved", allow_shared_for_normal_admins=False, allow_personal_keys=False)

    assert manager.get(URL).data["data"] == []


def test_the_super_admin_may_use_reserved_keys(boss):
    make_provider(allow_shared_for_normal_admins=False, allow_personal_keys=False)

    assert states(boss.get(URL)) == [("openai", "AVAILABLE_SHARED", "shared", "shared_key_only")]


def test_the_sandbox_needs_no_key(manager):
    make_sandbox()

    assert states(manager.get(URL)) == [("sandbox", "AVAILABLE_SHARED", "shared", "no_key_needed")]


def test_it_speaks_english(caller, ai_manager):
    make_sandbox()

    [row] = caller(ai_manager, language="en").get(URL).data["data"]

    assert row["reason_message"] == "this provider needs no key."


def test_it_shows_nothing_of_a_key(manager):
    make_provider(key="sk-abcdefghijklmnop-wxyz")

    assert "wxyz" not in manager.get(URL).text


@pytest.mark.parametrize("count", [2, 30])
def test_its_number_of_queries_does_not_grow(manager, ai_manager, django_assert_max_num_queries, count):
    for number in range(count):
        make_settings(ai_manager, make_provider(f"p{number}"), key="sk-of-the-manager")

    with django_assert_max_num_queries(6):
        assert len(manager.get(URL).data["data"]) == count
