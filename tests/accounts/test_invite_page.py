"""`/invite/…`: what an invitation's link opens."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from src.accounts.models import Invitation, User
from src.core.groups import AI_MANAGERS, MEDIA_MANAGERS
from src.core.log import strike_out_keys
from tests.accounts.people import PASSWORD, invite


@pytest.fixture
def token(super_admin):
    return invite(super_admin, groups=[AI_MANAGERS])[1]


def open_page(token, language="en", **options):
    return Client(headers={"accept-language": language}, **options).get(f"/invite/{token}")


def submission(**fields):
    return {"username": "sara", "password": PASSWORD, "password_again": PASSWORD, **fields}


def post(token, client=None, **fields):
    return (client or Client(headers={"accept-language": "en"})).post(f"/invite/{token}", submission(**fields))


@pytest.mark.parametrize(
    ("header", "language", "direction", "title"),
    [("", "fa", "rtl", "به نگاره بپیوندید"), ("en-GB,en;q=0.8", "en", "ltr", "Join Negareh")],
)
def test_the_page_is_in_the_readers_language(token, header, language, direction, title):
    page = Client(headers={"accept-language": header} if header else {}).get(f"/invite/{token}")

    text = page.content.decode()
    assert page.status_code == 200
    assert f'<html lang="{language}" dir="{direction}">' in text
    assert title in text


def test_the_page_runs_nothing_and_says_nothing_to_others(token):
    page = open_page(token)

    text = page.content.decode()
    assert "<script" not in text and "style=" not in text and not re.search(r"\son\w+=", text)
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "strict-origin"
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert set(re.findall(r'href="([^"]*)"', text)) == {"/static/accounts/invite.css"}


def test_joining_signs_in_and_says_what_one_can_do(token):
    client = Client(headers={"accept-language": "en"})

    answer = post(token, client)

    assert (answer.status_code, answer["Location"]) == (302, "/invite/welcome")
    page = client.get(answer["Location"]).content.decode()
    assert "sara" in page and "Generate pictures" in page
    assert "picture library" not in page and "invite people" not in page
    assert client.get("/api/accounts/me/").json()["data"]["groups"] == [AI_MANAGERS]


@pytest.mark.parametrize(
    ("wishes", "ability"),
    [
        ({"is_super_admin": True}, "invite people"),
        ({"groups": [MEDIA_MANAGERS]}, "picture library"),
        ({}, "ask a super admin"),
    ],
)
def test_each_kind_of_person_reads_its_own_abilities(super_admin, wishes, ability):
    client = Client(headers={"accept-language": "en"})
    post(invite(super_admin, **wishes)[1], client)

    assert ability in client.get("/invite/welcome").content.decode()


def test_the_welcome_is_for_people_who_are_signed_in(db):
    assert Client().get("/invite/welcome").status_code == 404


WRONG = [
    ({"username": "super"}, "Somebody else has this username."),
    ({"username": ""}, "This field is required."),
    ({"username": "a b"}, "Use letters, digits"),
    ({"password": "short1", "password_again": "short1"}, "at least 8 characters"),
    ({"password_again": "other"}, "The two passwords differ."),
]


@pytest.mark.parametrize(("fields", "message"), WRONG)
def test_what_is_wrong_stands_at_its_field_and_the_rest_is_kept(token, fields, message):
    page = post(token, **{"first_name": "سارا <b>", **fields})

    text = page.content.decode()
    assert page.status_code == 400
    assert message in text
    assert 'value="سارا &lt;b&gt;"' in text
    assert PASSWORD not in text
    assert Invitation.objects.pending().exists()


def test_an_invitation_that_ended_and_one_that_never_was_are_one_page(token):
    Invitation.objects.update(revoked_at=timezone.now())

    for address in (token, "ngi_" + "a" * 43, "nonsense"):
        answers = open_page(address), post(address)
        assert [answer.status_code for answer in answers] == [404, 404]
        assert {answer.content for answer in answers} == {open_page("other").content}
    assert not User.objects.filter(username="sara").exists()


def test_a_form_from_elsewhere_is_refused(token):
    client = Client(enforce_csrf_checks=True)

    assert post(token, client).status_code == 403
    assert Invitation.objects.pending().exists()


def test_the_pages_own_form_is_taken(token):
    client = Client(enforce_csrf_checks=True)
    secret = re.search(r'csrfmiddlewaretoken" value="(\w+)"', client.get(f"/invite/{token}").content.decode())[1]

    assert post(token, client, csrfmiddlewaretoken=secret).status_code == 302


def test_another_persons_session_is_not_taken_over(token, ai_manager):
    client = Client()
    client.force_login(ai_manager)
    session = client.session.session_key

    post(token, client)

    assert client.session.session_key != session
    assert client.get("/api/accounts/me/").json()["data"]["username"] == "sara"


def test_the_token_is_not_logged(token, caplog):
    caplog.set_level("DEBUG")
    client = Client(enforce_csrf_checks=True)

    open_page(token)
    post(token)
    open_page(token)

    assert token not in caplog.text
    assert "/invite/[token]" in caplog.text
    # Django's own line of a refused form names the path; the net of the logs strikes it out.
    assert post(token, client).status_code == 403
    lines = [strike_out_keys(None, "", {"event": record.getMessage()}) for record in caplog.records]
    assert token not in str(lines)


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_not_offered(token, method):
    assert getattr(Client(), method)(f"/invite/{token}").status_code == 405


def test_all_that_is_wrong_is_said_at_once(token):
    text = post(token, username="a b", password="short", password_again="other").content.decode()

    for message in ("Use letters, digits", "at least 8 characters", "The two passwords differ."):
        assert message in text
