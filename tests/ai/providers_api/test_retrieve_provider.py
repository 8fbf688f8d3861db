import pytest

from tests.factories import make_model, make_provider


def test_it_shows_the_provider_with_its_key_masked(boss):
    provider = make_provider(key="sk-abcdefghijklmnop-wxyz", api_base_url="https://api.example/v1")
    make_model(provider)

    answer = boss.get(f"image-providers/{provider.pk}/")

    data = answer.data["data"]
    assert (answer.status_code, data["slug"], data["shared_api_key"]) == (200, "openai", "***wxyz")
    assert (data["has_shared_api_key"], data["key_status"], data["models_count"]) == (True, "valid", 1)
    assert "abcdefghij" not in answer.text and provider.key_sealed not in answer.text


@pytest.mark.parametrize(("key", "shown"), [("sk-12345678", "***"), ("sk-123456789", "***6789"), (None, "")])
def test_it_shows_the_last_four_of_keys_of_twelve_and_more(boss, key, shown):
    provider = make_provider(key=key)

    assert boss.get(f"image-providers/{provider.pk}/").data["data"]["shared_api_key"] == shown


@pytest.mark.parametrize("address", ["999999", "0", "999999999999999999"])
def test_it_answers_404_for_a_provider_that_is_not_there(boss, address):
    answer = boss.get(f"image-providers/{address}/")

    assert (answer.status_code, answer.data["code"]) == (404, "not_found")


@pytest.mark.parametrize("address", ["abc", "-1", "1.5", "9" * 30, "۱"])
def test_it_answers_404_for_what_is_no_id(boss, address):
    answer = boss.get(f"image-providers/{address}/")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_deleting_is_not_offered(boss):
    provider = make_provider()

    answer = boss.call("delete", f"image-providers/{provider.pk}/")

    assert (answer.status_code, answer.data["code"]) == (405, "method_not_allowed")
    provider.refresh_from_db()
