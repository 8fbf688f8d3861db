"""What a provider can do to us: each failure has its code, says whether it cost money, and books accordingly."""

import asyncio

import pytest

from src.ai.models import GenerationStatus, ImageGeneration, KeyStatus, ProviderCall
from src.usage.models import Counter, LedgerEntry

RELEASED, HELD = "released", "held"

PLAYED = [
    ("openai/invalid_key", 502, "provider_key_invalid", "no"),
    ("openai/missing_scope", 502, "provider_rejected", "no"),
    ("openai/no_organization", 502, "provider_rejected", "no"),
    ("openai/org_not_verified", 502, "provider_rejected", "no"),
    ("openai/content_policy_refusal", 422, "content_refused", "no"),
    ("openai/content_policy_refusal_dalle_era", 422, "content_refused", "no"),
    ("openai/quota_exhausted", 502, "provider_quota_exhausted", "no"),
    ("openai/quota_exhausted_credit_balance", 502, "provider_quota_exhausted", "no"),
    ("openai/rate_limited_images", 503, "provider_rate_limited", "no"),
    ("openai/rate_limited_tokens", 503, "provider_rate_limited", "no"),
    ("openai/slow_down", 503, "provider_rate_limited", "no"),
    ("openai/invalid_size", 502, "provider_rejected", "no"),
    ("openai/dalle3_retired_model_error", 502, "provider_rejected", "no"),
    ("openai/server_error", 502, "provider_error", "no"),
    ("openai/overloaded", 503, "provider_overloaded", "no"),
    ("openai_compatible/vllm_omni_engine_down", 503, "provider_overloaded", "no"),
    ("openai_compatible/vllm_omni_validation", 502, "provider_rejected", "no"),
    ("openai_compatible/html_error_page", 502, "provider_broken_answer", "unknown"),
]


def assert_booked(charged: str) -> None:
    """Not charged: given back. Unclear: held, and the generation is `unknown`."""
    generation = ImageGeneration.objects.get()
    assert generation.charged == charged
    assert ProviderCall.objects.get().charged == charged
    counters = list(Counter.objects.all())
    if charged == "unknown":
        assert generation.status == GenerationStatus.UNKNOWN
        assert all(counter.reserved_images == 1 for counter in counters)
    else:
        assert all(counter.reserved_images == counter.spent_images == 0 for counter in counters)
        assert LedgerEntry.objects.filter(kind="release").count() == len(counters)


@pytest.mark.parametrize(("fixture", "status", "code", "charged"), PLAYED)
def test_each_error_of_the_service_has_its_code(generate, upstream, fixture, status, code, charged):
    upstream.play(fixture)

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (status, code)
    assert answer.data["charged"] == charged
    assert answer.data["generation_id"] == str(ImageGeneration.objects.get().pk)
    assert_booked(charged)


def test_a_refusal_names_the_categories_and_the_services_words(generate, upstream):
    upstream.play("openai/content_policy_refusal")

    answer = generate()

    assert answer.data["categories"] == ["violence"]
    assert "safety system" in answer.data["provider_message"]
    assert ImageGeneration.objects.get().status == GenerationStatus.REFUSED


def test_a_refused_key_is_marked_invalid(generate, upstream, openai):
    upstream.play("openai/invalid_key")

    generate()

    openai.refresh_from_db()
    assert (openai.key_status, openai.key_reason) == (KeyStatus.INVALID, "invalid")


@pytest.mark.parametrize(
    "fixture",
    [
        "openai/missing_scope",
        "openai/no_organization",
        "openai/org_not_verified",
        "openai/quota_exhausted",
        "openai/rate_limited_images",
        "openai/server_error",
    ],
)
def test_no_other_error_marks_the_key(generate, upstream, openai, fixture):
    upstream.play(fixture)

    generate()

    openai.refresh_from_db()
    assert openai.key_status == KeyStatus.VALID


def test_a_wait_hint_is_handed_on(generate, upstream):
    upstream.play_response(status=429, headers={"retry-after": "17"}, body={"error": {"code": "slow_down"}})

    assert generate().headers["retry-after"] == "17"


def test_a_service_that_is_down_is_unreachable(generate, upstream, openai):
    with upstream.refuse_connections() as url:
        type(openai).objects.update(api_base_url=url)
        openai.refresh_from_db()
        seal_again(openai)
        answer = generate()

    assert (answer.status_code, answer.data["code"]) == (503, "provider_unreachable")
    assert_booked("no")


def seal_again(provider) -> None:
    from src.ai.services.stored_keys import store_key
    from src.core.secret import Secret

    store_key(provider, Secret("sk-test-good"), provider)
    provider.save()


def test_silence_is_a_timeout_whose_cost_is_unclear(generate, upstream, settings):
    settings.PROVIDER_TIMEOUT_S = 0.3
    upstream.delay_next(1)

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (504, "provider_timeout")
    assert answer.data["charged"] == "unknown"
    assert_booked("unknown")


def test_a_dropped_connection_is_unclear_and_not_retried(generate, upstream):
    upstream.drop_after_accept()

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (502, "provider_broken_answer")
    assert upstream.paid_calls == 1
    assert_booked("unknown")


def test_a_truncated_answer_is_unclear(generate, upstream):
    upstream.truncate_body(at=100)

    answer = generate()

    assert (answer.status_code, answer.data["charged"]) == (502, "unknown")
    assert_booked("unknown")


def test_an_endless_answer_is_cut_off(generate, upstream, monkeypatch):
    upstream.oversize_body(mb=130)

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (502, "provider_broken_answer")
    assert_booked("unknown")


def test_a_redirect_is_not_followed(generate, upstream):
    upstream.redirect_next(to=f"{upstream.url}/elsewhere")

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (502, "provider_error")
    assert [request.path for request in upstream.requests] == ["/openai/v1/images/generations"]


def test_html_with_200_is_a_broken_answer_kept_in_quarantine(generate, upstream, settings):
    upstream.play_response(status=200, headers={"content-type": "text/html"}, body=b"<html>welcome</html>")

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (502, "provider_broken_answer")
    kept = [path.read_bytes() for path in (settings.INBOX_DIR / "quarantine").rglob("*.body")]
    assert [content.partition(b"\n")[2] for content in kept] == [b"<html>welcome</html>"]
    assert_booked("unknown")


@pytest.mark.parametrize("document", [{"created": 1, "data": []}, {"data": None}, {"data": [{}]}, {}, {"data": [5]}])
def test_200_without_a_picture_is_an_error(generate, upstream, document):
    upstream.play_response(status=200, body=document)

    answer = generate()

    assert (answer.status_code, answer.data["code"]) == (502, "no_image_returned")
    assert_booked("unknown")


def test_200_without_a_picture_but_with_tokens_was_charged(generate, upstream):
    usage = {"input_tokens": 5, "output_tokens": 100, "total_tokens": 105}
    upstream.play_response(status=200, body={"data": [], "usage": usage})

    answer = generate()

    assert (answer.status_code, answer.data["code"], answer.data["charged"]) == (502, "no_image_returned", "yes")
    assert ImageGeneration.objects.get().token_usage["image_out"] == 100


def test_200_without_a_picture_costs_what_its_tokens_cost(generate, upstream, gpt_image, settings):
    prices = [{"unit": "mtok_in", "price": "5000000"}, {"unit": "mtok_image_out", "price": "30000000"}]
    type(gpt_image).objects.update(pricing=prices)
    usage = {"input_tokens": 0, "output_tokens": 500_000, "total_tokens": 500_000}
    upstream.play_response(status=200, body={"data": [], "usage": usage})

    generate()

    assert ImageGeneration.objects.get().cost_micros == 15_000_000
    assert {entry.micros for entry in LedgerEntry.objects.filter(kind="settle")} == {15_000_000}
    assert list((settings.INBOX_DIR / "quarantine").rglob("*.body"))


def test_a_refusal_inside_a_200_is_a_refusal_whose_cost_is_unclear(generate, upstream):
    upstream.play_response(status=200, body={"error": {"message": "no", "code": "moderation_blocked"}})

    answer = generate()

    assert (answer.status_code, answer.data["code"], answer.data["charged"]) == (422, "content_refused", "unknown")
    assert ImageGeneration.objects.get().status == GenerationStatus.REFUSED


@pytest.mark.parametrize("status", [502, 504, 520, 522, 524])
def test_a_gateway_that_lost_the_service_leaves_it_unclear_in_json_too(generate, upstream, status):
    upstream.play_response(status=status, body={"error": {"message": "bad gateway"}})

    assert generate().data["charged"] == "unknown"
    assert_booked("unknown")


def test_a_wait_hint_beyond_measure_is_no_failure_of_ours(generate, upstream):
    upstream.play_response(status=429, headers={"retry-after": "9" * 400}, body={"error": {"code": "slow_down"}})

    assert generate().data["code"] == "provider_rate_limited"


def test_an_odd_detail_is_still_a_rejection(generate, upstream):
    upstream.play_response(status=422, body={"detail": [{"loc": 5, "msg": "x"}]})

    assert (generate().data["code"], ImageGeneration.objects.get().charged) == ("provider_rejected", "no")


def test_while_it_runs_its_cost_is_unclear(generate_async, upstream):
    async def look_at_the_record() -> str:
        await asyncio.to_thread(upstream.wait_until_in_flight, 1)
        return (await ImageGeneration.objects.aget()).charged

    async def run() -> str:
        with upstream.hold():
            call = asyncio.create_task(generate_async())
            charged = await look_at_the_record()
        await call
        return charged

    assert asyncio.run(run()) == "unknown"


def test_a_failed_request_counts_as_a_request_without_pictures(generate, upstream, openai):
    upstream.play("openai/server_error")

    generate()

    openai.refresh_from_db()
    assert (openai.total_requests, openai.total_images, openai.total_cost_micros) == (1, 0, 0)


def test_the_key_that_is_used_is_never_swapped_for_the_other(generate, upstream, openai, ai_manager):
    from tests.factories import make_settings

    make_settings(ai_manager, openai, key="sk-test-personal-bad")

    answer = generate()

    assert answer.data["code"] == "provider_key_invalid"
    assert [request.bearer for request in upstream.paid_requests] == ["sk-test-personal-bad"]
    openai.refresh_from_db()
    assert openai.key_status == KeyStatus.VALID
    assert ai_manager.provider_settings.get().key_status == KeyStatus.INVALID
