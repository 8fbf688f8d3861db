from src.ai.models import AIProvider
from tests.ai.providers_api.conftest import PERSIAN_LETTERS, field_codes
from tests.factories import make_openai, make_provider


def test_it_switches_off_without_asking_the_service(boss, upstream):
    provider = make_openai(upstream)

    answer = boss.post(f"image-providers/{provider.pk}/deactivate/")

    assert (answer.status_code, answer.data["code"]) == (200, "provider_deactivated")
    assert answer.data["data"]["is_active"] is AIProvider.objects.get().is_active is False
    assert PERSIAN_LETTERS & set(answer.data["message"])
    assert upstream.requests == []


def test_it_leaves_the_key(boss, upstream):
    provider = make_openai(upstream)

    assert boss.post(f"image-providers/{provider.pk}/deactivate/").data["data"]["key_status"] == "valid"


def test_it_is_safe_to_repeat(boss, db):
    provider = make_provider(is_active=False)

    assert boss.post(f"image-providers/{provider.pk}/deactivate/").status_code == 200


def test_it_works_where_the_adapter_was_taken_out(boss, db):
    provider = make_provider("gone", adapter="gone")

    assert boss.post(f"image-providers/{provider.pk}/deactivate/").status_code == 200


def test_it_refuses_fields(boss, db):
    provider = make_provider()

    answer = boss.post(f"image-providers/{provider.pk}/deactivate/", {"force": True})

    assert field_codes(answer) == {"force": ["unknown_field"]}
    assert AIProvider.objects.get().is_active is True


def test_it_answers_404_for_a_provider_that_is_not_there(boss):
    assert boss.post("image-providers/999999/deactivate/").status_code == 404
