"""Limits and budgets bind the shared key; what passes is counted exactly."""

import pytest

from src.ai.models import ImageGeneration
from src.usage.models import Counter
from tests.factories import make_settings


@pytest.fixture
def own(ai_manager, openai):
    return make_settings(ai_manager, openai)


def limit(row, **fields):
    type(row).objects.filter(pk=row.pk).update(**fields)


def test_the_monthly_limit_of_a_person_stops_at_the_last_picture(generate, own):
    limit(own, monthly_limit=2)

    assert [generate().status_code for _ in range(3)] == [201, 201, 429]
    refused = generate()
    assert refused.data["code"] == "monthly_limit_reached"
    assert 0 < int(refused["Retry-After"]) <= 31 * 86_400


def test_a_request_larger_than_what_is_left_is_refused_whole(generate, own, upstream):
    limit(own, monthly_limit=2)

    assert generate(n=3).status_code == 429
    assert upstream.paid_calls == 0
    assert generate(n=2).status_code == 201


def test_the_monthly_budget_of_a_person_stops_spending(generate, own):
    limit(own, monthly_budget_micros=50_000)

    answers = [generate(size="1024x1024") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 402]
    assert (answers[1].data["code"], answers[1].data["scope"]) == ("budget_exceeded", "person_provider")


def test_the_monthly_budget_of_a_provider_stops_spending(generate, openai):
    limit(openai, monthly_budget_micros=50_000)

    answers = [generate(size="1024x1024") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 402]
    assert answers[1].data["scope"] == "provider"


def test_the_dearest_price_is_reserved_and_the_real_one_settled(generate, gpt_image):
    tokens = [{"unit": "mtok_in", "price": "5000000"}, {"unit": "mtok_image_out", "price": "30000000"}]
    limit(gpt_image, pricing=[{"unit": "image", "price": "400260"}, *tokens])

    generate()

    generation = ImageGeneration.objects.get()
    assert generation.reserved_micros == 400_260
    assert 0 < generation.cost_micros < 400_260
    assert generation.cost_source == "catalogue"
    assert {counter.spent_micros for counter in Counter.objects.all()} == {generation.cost_micros}


def test_an_unknown_price_reserves_pictures_and_no_money(generate, gpt_image, own):
    limit(gpt_image, pricing=[])
    limit(own, monthly_budget_micros=1)

    answer = generate()

    assert answer.status_code == 201
    assert (answer.data["data"]["cost_micros"], answer.data["data"]["cost_source"]) == (None, "unknown")
    assert answer.data["data"]["charged"] == "yes"
    assert ImageGeneration.objects.get().reserved_micros is None


def test_a_personal_key_is_counted_and_not_limited(generate, ai_manager, openai, own, upstream):
    upstream.good_keys.add("sk-test-personal")
    own.delete()
    make_settings(ai_manager, openai, key="sk-test-personal", monthly_limit=0, monthly_budget_micros=0)

    answer = generate()

    assert answer.status_code == 201
    assert answer.data["data"]["key_source"] == "personal"
    assert [(counter.scope_kind, counter.spent_images) for counter in Counter.objects.all()] == [("own_key", 1)]


def test_a_failure_gives_back_what_was_held(generate, own, upstream):
    limit(own, monthly_limit=1)
    upstream.play("openai/server_error")

    assert generate().status_code == 502
    assert generate().status_code == 201


def test_an_unclear_end_holds_what_was_reserved(generate, own, upstream):
    limit(own, monthly_limit=1)
    upstream.drop_after_accept()

    assert generate().data["charged"] == "unknown"
    assert generate().data["code"] == "monthly_limit_reached"


def test_an_unknown_price_blocks_nobodys_own_key(generate, ai_manager, openai, gpt_image, upstream):
    limit(openai, unknown_price_policy="block")
    limit(gpt_image, pricing=[])
    upstream.good_keys.add("sk-test-personal")
    make_settings(ai_manager, openai, key="sk-test-personal")

    assert generate().status_code == 201
