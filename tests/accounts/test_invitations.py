"""`/api/accounts/invitations/`: a link makes one account, once."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.db import connection
from django.utils import timezone

from src.accounts.models import Invitation, User
from src.accounts.services.invitations import accept_invitation
from src.accounts.token_text import hash_of
from src.core.errors import Forbidden, NotFound
from src.core.groups import AI_MANAGERS
from tests.accounts.people import PASSWORD, ROOT, entries, invite, signed_in

URL = f"{ROOT}invitations/"
ACCEPT = f"{URL}accept/"


@pytest.fixture
def boss(super_admin):
    return signed_in(super_admin)


def acceptance(token, **fields):
    return {"token": token, "username": "sara", "password": PASSWORD, **fields}


def token_of(answer):
    link = answer.json()["data"]["link"]
    assert link.startswith("http://testserver/invite/ngi_")
    return link.rpartition("/")[2]


def test_an_invitation_makes_the_account_that_it_promises(boss, client_of):
    made = boss.post(URL, {"groups": [AI_MANAGERS], "email": "s@example.org", "note": "designer"})
    assert (made.status_code, made.json()["code"]) == (201, "invitation_created")

    joined = client_of().post(ACCEPT, acceptance(token_of(made), first_name="Sara"))

    assert (joined.status_code, joined.json()["code"]) == (201, "invitation_accepted")
    person = User.objects.get(username="sara")
    assert (person.email, person.first_name, person.is_superuser) == ("s@example.org", "Sara", False)
    assert person.has_perm("ai.image.manage")
    assert person.check_password(PASSWORD)
    assert Invitation.objects.get().accepted_by == person


def test_a_super_admin_is_made_only_by_an_invitation_that_says_so(super_admin, client_of):
    _invitation, token = invite(super_admin, is_super_admin=True)

    client_of().post(ACCEPT, acceptance(token))

    assert User.objects.get(username="sara").is_superuser


def test_only_the_hash_of_the_token_is_stored(super_admin):
    invitation, token = invite(super_admin)

    assert len(token) >= 4 + 43
    assert token not in str(Invitation.objects.values().get())
    assert invitation.token_hash == hash_of(token)


def test_a_link_lasts_seven_days(super_admin):
    invitation, _token = invite(super_admin)

    assert abs(invitation.expires_at - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)


WAYS_TO_END = {
    "used": {"used_at": timezone.now()},
    "revoked": {"revoked_at": timezone.now()},
    "expired": {"created_at": timezone.now() - timedelta(days=8), "expires_at": timezone.now() - timedelta(seconds=1)},
}


@pytest.mark.parametrize("way", [*WAYS_TO_END, "unknown"])
def test_unknown_used_revoked_and_expired_are_told_alike(super_admin, client_of, way):
    _invitation, token = invite(super_admin)
    Invitation.objects.update(**WAYS_TO_END.get(way, {"token_hash": "other"}))

    answer = client_of(language="en").post(ACCEPT, acceptance(token))

    assert answer.status_code == 404
    body = answer.json()
    assert (body["code"], body["message"], body["errors"]) == (
        "invitation_not_usable",
        "This invitation cannot be used. Ask for a new one.",
        {},
    )
    assert not User.objects.filter(username="sara").exists()


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"username": "SUPER"}, "username", "username_taken"),
        ({"username": "a b"}, "username", "username_invalid"),
        ({"username": ""}, "username", "blank"),
        ({"username": "a" * 151}, "username", "too_long"),
        ({"password": "short1"}, "password", "password_too_short"),
        ({"password": "password1"}, "password", "password_too_common"),
        ({"password": "918273645546372819"}, "password", "password_entirely_numeric"),
        ({"username": "sara.rezaei", "password": "sara.rezaei1"}, "password", "password_too_similar"),
        ({"password": "برف"}, "password", "password_too_short"),
        ({"is_superuser": True}, "is_superuser", "unknown_field"),
        ({"groups": []}, "groups", "unknown_field"),
    ],
)
def test_a_wrong_account_is_refused_and_the_invitation_stays_open(super_admin, client_of, fields, field, code):
    _invitation, token = invite(super_admin)

    answer = client_of().post(ACCEPT, acceptance(token, **fields))

    assert answer.status_code == 400
    assert code in [error["code"] for error in answer.json()["errors"][field]]
    assert Invitation.objects.pending().count() == 1
    assert User.objects.count() == 1


def test_the_open_ones_are_listed_without_their_links(boss, super_admin):
    _first, token = invite(super_admin, groups=[AI_MANAGERS], email="s@example.org", note="n")
    invite(super_admin)
    Invitation.objects.filter(email="").update(revoked_at=timezone.now())

    [row] = boss.get(URL).json()["data"]["results"]

    assert (row["email"], row["groups"], row["note"], row["invited_by"]) == (
        "s@example.org",
        [AI_MANAGERS],
        "n",
        "super",
    )
    assert token not in str(row) and hash_of(token) not in str(row)


def test_the_list_costs_the_same_however_long(boss, django_assert_num_queries):
    for rows in (1, 12):
        for number in range(rows):
            invite(User.objects.create_superuser(f"s{rows}-{number}"), groups=[AI_MANAGERS])
        with django_assert_num_queries(4):
            boss.get(URL)


def test_a_revoked_one_is_gone(boss, super_admin, client_of):
    invitation, token = invite(super_admin)

    answer = boss.delete(f"{URL}{invitation.pk}/")

    assert (answer.status_code, answer.json()["code"]) == (200, "invitation_revoked")
    assert client_of().post(ACCEPT, acceptance(token)).status_code == 404
    assert boss.delete(f"{URL}{invitation.pk}/").status_code == 404


def test_everything_is_recorded_and_the_token_nowhere(boss, super_admin, client_of):
    revoked, _token = invite(super_admin)
    boss.delete(f"{URL}{revoked.pk}/")
    _invitation, token = invite(super_admin, groups=[AI_MANAGERS])
    client_of().post(ACCEPT, acceptance(token))

    found = entries()
    assert [(entry.action, entry.actor_name) for entry in found] == [
        ("invitation.created", "super"),
        ("invitation.revoked", "super"),
        ("invitation.created", "super"),
        ("person.joined", "sara"),
    ]
    assert found[3].after["groups"] == [AI_MANAGERS]
    text = str([entry.__dict__ for entry in found])
    assert token not in text and hash_of(token) not in text and PASSWORD not in text


@pytest.mark.parametrize(
    "body", [{"groups": ["Nobodies"]}, {"email": "x"}, {"email": 5}, {"days": 30}, {"is_super_admin": "yes"}]
)
def test_a_wrong_wish_invites_nobody(boss, body):
    assert boss.post(URL, body).status_code == 400
    assert not Invitation.objects.exists()


def test_without_a_mail_server_the_link_is_all(boss):
    answer = boss.post(URL, {"email": "s@example.org"})

    assert answer.json()["data"]["sent_by_email"] is False
    assert mail.outbox == []


@pytest.mark.parametrize(("language", "first"), [("en", "Your invitation"), ("fa", "دعوت‌نامه")])
def test_the_letter_is_in_both_languages_the_inviters_first(super_admin, client_of, settings, language, first):
    settings.HAS_MAIL_SERVER = True

    answer = client_of(super_admin, language=language).post(URL, {"email": "s@example.org"})

    [letter] = mail.outbox
    assert answer.json()["data"]["sent_by_email"] is True
    assert letter.to == ["s@example.org"]
    assert letter.subject.startswith(first)
    assert letter.body.count(answer.json()["data"]["link"]) == 2
    assert "invites you to Negareh" in letter.body and "دعوت کرده است" in letter.body


def test_a_mail_server_that_is_down_takes_nothing_away(boss, settings, caplog):
    settings.HAS_MAIL_SERVER = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    answer = boss.post(URL, {"email": "s@example.org"})

    assert (answer.status_code, answer.json()["data"]["sent_by_email"]) == (201, False)
    assert "invitation_not_mailed" in caplog.text
    assert token_of(answer) not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_of_several_at_once_exactly_one_makes_an_account(super_admin):
    _invitation, token = invite(super_admin, groups=[AI_MANAGERS])
    outcomes, start = [], threading.Barrier(4)

    def accept(number: int) -> None:
        start.wait()
        try:
            accept_invitation(token=token, username=f"racer-{number}", password=PASSWORD)
            outcomes.append("made")
        except NotFound as exc:
            outcomes.append(exc.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["invitation_not_usable"] * 3 + ["made"]
    assert User.objects.filter(username__startswith="racer").count() == 1


def test_a_group_that_is_gone_meanwhile_is_left_out(super_admin):
    group = Group.objects.create(name="Painters")
    _invitation, token = invite(super_admin, groups=["Painters"])
    group.delete()

    person = accept_invitation(token=token, username="sara", password=PASSWORD)

    assert not person.groups.exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_superuser": False}])
def test_a_request_that_overlaps_with_losing_the_role_invites_nobody(super_admin, change):
    """The inviter was still a super admin when the request signed in."""
    User.objects.update(**change)

    with pytest.raises(Forbidden):
        invite(super_admin)
    assert not Invitation.objects.exists()
