"""What a request would cost, with which key, and whether it would pass, without asking anybody."""

from datetime import UTC, datetime, timedelta

import pytest

from src.ai.models import ImageGeneration
from src.usage.services.standing_limits import change_person_limit, change_team_limits
from tests.ai.generation.test_generate_refuses_requests import nothing_was_done
from tests.factories import make_model, make_settings

URL = "/api/ai/admin/images/estimate/"
BY_QUALITY = [
    {"unit": "image", "price": "5000", "when": {"quality": "low"}},
    {"unit": "image", "price": "211000", "when": {"quality": "high"}},
]
TOKENS = [{"unit": "mtok_in", "price": "5000000"}, {"unit": "mtok_image_out", "price": "30000000"}]


@pytest.fixture
def estimate(gpt_image, ai_manager, client_of):
    def call(*, as_user=None, **body):
        client = client_of(as_user or ai_manager, scopes=["images"], language="en")
        sent = {"model_id": gpt_image.pk, "prompt": "a red bicycle", **body}
        return client.post(URL, {name: value for name, value in sent.items() if value is not None})

    return call


def told(answer, *names):
    assert answer.status_code == 200, answer.data
    return tuple(answer.data["data"][name] for name in names)


COSTS = ("lowest_micros", "highest_micros", "price_source")


def test_it_tells_lowest_and_highest_of_what_is_left_open(estimate, gpt_image, upstream):
    gpt_image.pricing = BY_QUALITY
    gpt_image.save()

    assert told(estimate(n=2), *COSTS) == (10_000, 422_000, "catalogue")
    assert told(estimate(quality="low"), *COSTS) == (5_000, 5_000, "catalogue")
    assert told(estimate(quality="medium"), *COSTS) == (None, None, "unknown")
    assert nothing_was_done(upstream)


def test_a_price_by_tokens_alone_is_unknown_and_not_nought(estimate, gpt_image):
    gpt_image.pricing = TOKENS
    gpt_image.save()

    answer = estimate()

    assert told(answer, *COSTS) == (None, None, "unknown")
    assert [note["code"] for note in answer.data["data"]["not_included"]] == ["prompt_tokens_cost_extra"]


def test_what_it_says_is_what_is_reserved(estimate, generate, gpt_image):
    gpt_image.pricing = BY_QUALITY
    gpt_image.save()

    (highest,) = told(estimate(n=2), "highest_micros")
    generate(n=2)

    assert ImageGeneration.objects.get().reserved_micros == highest


def test_it_names_the_key_and_why(estimate, openai, ai_manager):
    make_settings(ai_manager, openai, key="sk-own-key-0123456789")

    answer = estimate()

    assert told(answer, "state", "key_source", "reason") == (
        "AVAILABLE_PERSONAL",
        "personal",
        "personal_key_preferred",
    )
    assert told(answer, "images_left", "micros_left", "would_be_accepted") == (None, None, True)


def test_it_tells_what_the_budgets_leave(estimate, generate, openai, ai_manager):
    openai.monthly_budget_micros = 100_000
    openai.save()
    make_settings(ai_manager, openai, monthly_limit=3, monthly_budget_micros=500_000)
    generate()
    spent = ImageGeneration.objects.get().cost_micros

    assert told(estimate(), "images_left", "micros_left") == (2, 100_000 - spent)


@pytest.mark.parametrize(
    ("limits", "n", "refusal"),
    [
        ({"monthly_limit": 1}, 2, "monthly_limit_reached"),
        ({"monthly_limit": 2}, 2, ""),
        ({"monthly_budget_micros": 79_999}, 2, "budget_exceeded"),
        ({"monthly_budget_micros": 80_000}, 2, ""),
    ],
)
def test_it_foretells_what_generating_answers(estimate, generate, openai, ai_manager, limits, n, refusal):
    make_settings(ai_manager, openai, **limits)

    assert told(estimate(n=n), "refusal", "would_be_accepted") == (refusal, not refusal)
    answer = generate(n=n)
    assert answer.data["code"] == (refusal or "image_generated_and_saved")


def test_it_foretells_the_limit_of_the_day(estimate, generate, ai_manager, super_admin):
    change_person_limit(person_id=ai_manager.pk, images_per_day=3, is_default=False, actor=super_admin)
    generate()

    assert told(estimate(n=2), "images_left", "refusal") == (2, "")
    assert told(estimate(n=3), "images_left", "refusal") == (2, "daily_limit_reached")
    assert generate(n=3).data["code"] == "daily_limit_reached"


def test_it_foretells_the_teams_budget(estimate, generate, super_admin):
    change_team_limits(changes={"monthly_budget_micros": 79_999}, actor=super_admin)

    assert told(estimate(n=2), "micros_left", "refusal") == (79_999, "budget_exceeded")
    assert generate(n=2).data["code"] == "budget_exceeded"


@pytest.mark.parametrize(
    ("provider", "model", "body", "refusal"),
    [
        ({"is_active": False}, {}, {}, "model_disabled"),
        ({}, {"shutdown_date": datetime.now(UTC).date() - timedelta(days=1)}, {}, "model_disabled"),
        ({"allow_shared_for_normal_admins": False}, {}, {}, "model_access_denied"),
        ({"unknown_price_policy": "block"}, {"pricing": []}, {}, "price_unknown_blocked"),
        ({}, {}, {"expected_key_source": "personal"}, "key_source_changed"),
    ],
)
def test_a_refusal_to_come_is_part_of_the_answer(estimate, generate, openai, gpt_image, provider, model, body, refusal):
    type(openai).objects.update(**provider)
    type(gpt_image).objects.update(**model)

    answer = estimate(**body)

    assert told(answer, "refusal", "would_be_accepted") == (refusal, False)
    assert answer.data["data"]["refusal_message"]
    assert generate(**body).data["code"] == refusal


def test_an_edit_is_estimated_by_the_number_of_its_pictures(estimate, openai):
    spec = {"edit": True, "max_reference_images": 2, "max_n": 1}
    model = make_model(
        openai,
        "editor",
        capabilities={"image_edit": True},
        image_spec=spec,
        pricing=[*TOKENS, {"unit": "image", "price": "40000"}],
    )

    answer = estimate(model_id=model.pk, reference_images=2)

    assert told(answer, *COSTS) == (40_000, 40_000, "catalogue")
    codes = [note["code"] for note in answer.data["data"]["not_included"]]
    assert codes == ["prompt_tokens_cost_extra", "reference_pictures_cost_extra"]
    too_many = estimate(model_id=model.pk, reference_images=3)
    assert too_many.data["errors"]["references"][0]["code"] == "too_many_references"


@pytest.mark.parametrize(("field", "body"), [("size", {"size": "1x1"}), ("n", {"n": 11}), ("colour", {"colour": 1})])
def test_it_refuses_what_generating_refuses(estimate, field, body):
    answer = estimate(**body)

    assert (answer.status_code, list(answer.data["errors"])) == (400, [field])


def test_the_stranger_is_refused(estimate, stranger):
    assert estimate(as_user=stranger).status_code == 403
