import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from src.accounts.models import ApiToken
from src.accounts.services import create_api_token, find_api_token
from src.accounts.services.tokens import MAX_LIVE_TOKENS
from src.core.errors import InvalidFields
from src.core.token_scopes import SCOPES


def test_the_secret_is_not_stored(ai_manager):
    token, text = create_api_token(user=ai_manager, name="laptop", scopes=["images"])

    stored = ApiToken.objects.filter(pk=token.pk).values().get()
    assert not any(text in str(value) or text[4:34] in str(value) for value in stored.values())
    assert stored["last4"] == text[-4:]
    assert text not in f"{token!r} {token}"


def test_the_secret_finds_its_token_and_person(ai_manager, django_assert_num_queries):
    token, text = create_api_token(user=ai_manager, name="laptop", scopes=["images"])

    with django_assert_num_queries(1):
        found = find_api_token(text)
        assert (found, found.user) == (token, ai_manager)


def test_scopes_are_kept_once_each(ai_manager):
    token, _text = create_api_token(user=ai_manager, name="a", scopes=["usage", "images", "usage"])

    assert token.scopes == ["images", "usage"]
    assert [scope for scope in SCOPES if token.has_scope(scope)] == ["images", "usage"]


@pytest.mark.parametrize("scopes", [["image"], ["images", "all"], ["*"], [""], "images"])
def test_an_unknown_scope_is_refused(ai_manager, scopes):
    with pytest.raises(InvalidFields) as caught:
        create_api_token(user=ai_manager, name="a", scopes=scopes)

    assert [error.code for error in caught.value.fields["scopes"]] == ["unknown_scope"]
    assert not ApiToken.objects.exists()


def test_a_token_cannot_be_made_already_expired(ai_manager):
    with pytest.raises(InvalidFields) as caught:
        create_api_token(user=ai_manager, name="a", scopes=["images"], expires_at=timezone.now())

    assert caught.value.fields["expires_at"][0].code == "in_the_past"


def run(*args):
    out = io.StringIO()
    call_command("create_api_token", *args, stdout=out)
    return out.getvalue().strip()


def test_the_command_prints_a_working_secret_and_nothing_else(ai_manager):
    text = run("manager", "images", "media:read", "--name", "curl")

    token = find_api_token(text)
    assert (token.user, token.name, token.scopes) == (ai_manager, "curl", ["images", "media:read"])


def test_the_command_knows_only_people_who_are_there(db):
    with pytest.raises(CommandError, match="There is no person nobody"):
        run("nobody", "images")


def test_the_command_makes_none_for_a_person_who_is_switched_off(ai_manager):
    type(ai_manager).objects.update(is_active=False)

    with pytest.raises(CommandError, match="manager is switched off"):
        run("manager", "images")


def test_the_command_says_when_there_are_too_many(ai_manager):
    for number in range(MAX_LIVE_TOKENS):
        create_api_token(user=ai_manager, name=str(number), scopes=["images"])

    with pytest.raises(CommandError, match="revoke one first"):
        run("manager", "images")


def test_the_command_names_the_scopes_there_are(ai_manager):
    with pytest.raises(CommandError, match="images, media:read"):
        run("manager", "everything")


def test_the_command_asks_for_a_scope(ai_manager):
    with pytest.raises(CommandError):
        run("manager")
