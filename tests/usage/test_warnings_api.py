"""The list of warnings: all for super admins, one's own for everybody else."""

import pytest

from src.usage.models import LimitWarning

URL = "/api/usage/warnings/"


def warn(scope_kind: str, scope_id: str = "all", **fields) -> LimitWarning:
    usual = {"period": "2026-11", "unit": "micros", "percent": 80, "limit": 100, "spent": 85}
    return LimitWarning.objects.create(scope_kind=scope_kind, scope_id=scope_id, **{**usual, **fields})


@pytest.fixture
def warned(ai_manager, stranger):
    """One of the team's, one of a provider's, and one of each of two people's."""
    warn("team")
    warn("provider", "1", provider_slug="openai")
    for person in (ai_manager, stranger):
        warn("person_day", str(person.pk), unit="images", period="2026-11-24", person_id=person.pk)


def results(client) -> list[dict]:
    answer = client.get(URL)
    assert answer.status_code == 200
    return answer.json()["data"]["results"]


def test_super_admins_see_all_newest_first(client_of, super_admin, warned):
    found = results(client_of(super_admin, language="en"))

    assert [row["scope"] for row in found] == ["person_day", "person_day", "provider", "team"]
    assert [row["message"] for row in found] == [
        "\u2068stranger\u2069 has reached 80 percent of their pictures for 2026-11-24.",
        "\u2068manager\u2069 has reached 80 percent of their pictures for 2026-11-24.",
        "The team has reached 80 percent of the budget for openai in the period 2026-11.",
        "The team has reached 80 percent of its budget in the period 2026-11.",
    ]


def test_everybody_else_sees_their_own(client_of, ai_manager, media_manager, warned):
    [row] = results(client_of(ai_manager))

    assert row["person"] == {"id": ai_manager.pk, "name": "manager"}
    assert (row["unit"], row["percent"], row["limit"], row["spent"]) == ("images", 80, 100, 85)
    assert (row["period"], row["provider"]) == ("2026-11-24", None)
    assert results(client_of(media_manager)) == []


def test_every_kind_has_its_words_in_both_languages(client_of, super_admin, ai_manager):
    """Four kinds of scope by two units; the names in them do not turn the sentence around."""
    for unit in ("images", "micros"):
        warn("team", unit=unit)
        warn("provider", "1", unit=unit, provider_slug="openai")
        warn("person_provider", "1:1", unit=unit, provider_slug="openai", person_id=ai_manager.pk)
        warn("person_day", "1", unit=unit, person_id=ai_manager.pk)

    english, persian = (
        [row["message"] for row in results(client_of(super_admin, language=language))] for language in ("en", "fa")
    )

    assert len(set(english)) == len(set(persian)) == 8
    assert all("80 percent" in text and "2026-11" in text for text in english)
    assert all("80 درصد" in text and "\u20662026-11\u2069" in text for text in persian)
    assert [("manager" in text, "openai" in text) for text in english] == [
        ("manager" in text, "openai" in text) for text in persian
    ]


def test_somebody_who_is_gone_is_a_number(client_of, super_admin):
    warn("person_day", "77", person_id=77)

    assert results(client_of(super_admin))[0]["person"] == {"id": 77, "name": "#77"}


def test_pages_hold_each_warning_once(client_of, super_admin):
    made = [warn("provider", str(number), provider_slug="p").pk for number in range(5)]
    url, seen = f"{URL}?page_size=2", []
    while url:
        answer = client_of(super_admin).get(url).json()["data"]
        seen += [row["id"] for row in answer["results"]]
        url = answer["next"]

    assert seen == made[::-1]


def test_the_list_costs_the_same_however_long(client_of, super_admin, ai_manager, django_assert_num_queries):
    client = client_of(super_admin)
    for number in range(4):
        warn("person_provider", f"1:{number}", person_id=ai_manager.pk + number, provider_slug="p")
        # Session, person, page, names.
        with django_assert_num_queries(4):
            client.get(URL)


def test_what_the_list_does_not_know_is_refused(client_of, super_admin):
    answer = client_of(super_admin).get(f"{URL}?colour=red")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["colour"])


@pytest.mark.parametrize(("scopes", "status"), [(["settings"], 403), (["usage"], 200)])
def test_it_takes_a_token_for_usage(client_of, ai_manager, scopes, status):
    assert client_of(ai_manager, scopes=scopes).get(URL).status_code == status


def test_nobody_is_told_nothing(client_of, db):
    assert client_of().get(URL).status_code == 401
