"""`/api/accounts/people/`: who is there, what they may do, and switching people off."""

import threading

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from src.accounts.models import ApiToken, Invitation, User
from src.accounts.services.people import update_person
from src.accounts.services.tokens import create_api_token, find_api_token
from src.core.errors import Conflict
from src.core.groups import AI_MANAGERS, MEDIA_MANAGERS
from tests.accounts.people import PASSWORD, ROOT, entries, invite, signed_in

URL = f"{ROOT}people/"


@pytest.fixture
def boss(super_admin):
    return signed_in(super_admin)


def names(answer):
    assert answer.status_code == 200, answer.json()
    return [row["username"] for row in answer.json()["data"]["results"]]


def test_a_person_is_shown_with_groups_and_without_secrets(boss, ai_manager):
    create_api_token(user=ai_manager, name="a", scopes=["images"])

    data = boss.get(f"{URL}{ai_manager.pk}/").json()["data"]

    assert (data["username"], data["groups"], data["is_super_admin"]) == ("manager", [AI_MANAGERS], False)
    assert (data["is_active"], data["has_live_token"], data["last_login"]) == (True, True, None)
    assert not {"password", "session_epoch", "search_text"} & data.keys()


def test_somebody_who_is_not_there_is_404(boss):
    for call in (boss.get, boss.patch):
        assert call(f"{URL}999999/").status_code == 404
    assert boss.post(f"{URL}999999/end-sessions/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["kaveh", "sara_k", "super"]),
        ("?search=SARA", ["sara_k"]),
        ("?search=a_k", ["sara_k"]),
        ("?search=%25", []),
        ("?search=كاوه", ["kaveh"]),
        ("?search=کاوه آهن", ["kaveh"]),
        ("?search=کاوه آهن سارا", []),
        ("?search=example.ir", ["sara_k"]),
        ("?search=می‌نا", ["kaveh"]),
        ("?is_active=false", ["kaveh"]),
        ("?is_super_admin=true", ["super"]),
        ("?group=AI managers", ["sara_k"]),
        ("?group=Nobodies", []),
    ],
)
def test_people_are_found(boss, query, found):
    sara = User.objects.create_user("sara_k", email="Sara@Example.ir")
    sara.groups.add(Group.objects.get(name=AI_MANAGERS))
    User.objects.create_user("kaveh", first_name="کاوه", last_name="آهنگر می نا", is_active=False)

    assert names(boss.get(f"{URL}{query}")) == found


@pytest.mark.parametrize("query", ["?who=me", "?is_active=perhaps&who=1", f"?search={'a' * 201}", "?search=%00"])
def test_an_unknown_or_wrong_filter_is_refused(boss, query):
    assert boss.get(f"{URL}{query}").status_code == 400


def test_pages_hold_everybody_once(boss):
    for number in range(5):
        User.objects.create_user(f"person-{number}")
    seen, url = [], f"{URL}?page_size=2"
    while url:
        answer = boss.get(url)
        seen += names(answer)
        url = answer.json()["data"]["next"]

    assert seen == sorted(seen) and len(seen) == len(set(seen)) == 6


def test_the_list_costs_the_same_however_long(boss, django_assert_num_queries):
    group = Group.objects.get(name=AI_MANAGERS)
    for rows in (1, 12):
        for number in range(rows):
            person = User.objects.create_user(f"p{rows}-{number}")
            person.groups.add(group)
            create_api_token(user=person, name="a", scopes=["images"])
        with django_assert_num_queries(4):
            boss.get(URL)


def test_names_that_change_are_found_by_their_new_form(boss, stranger):
    boss.patch(f"{URL}{stranger.pk}/", {"last_name": "رضایی"})

    assert names(boss.get(f"{URL}?search=رضايي")) == ["stranger"]


def test_changes_are_saved_and_recorded(boss, stranger):
    body = {"groups": [MEDIA_MANAGERS, AI_MANAGERS], "email": "s@example.org", "first_name": "Sara"}

    answer = boss.patch(f"{URL}{stranger.pk}/", body)

    assert (answer.status_code, answer.json()["code"]) == (200, "person_updated")
    assert answer.json()["data"]["groups"] == [AI_MANAGERS, MEDIA_MANAGERS]
    assert User.objects.get(pk=stranger.pk).has_perm("ai.image.manage")
    [entry] = entries()
    assert (entry.action, entry.object_label) == ("person.changed", "stranger")
    assert entry.before == {"groups": [], "email": "", "first_name": ""}
    assert entry.after == {**body, "groups": sorted(body["groups"])}


def test_a_change_that_changes_nothing_is_not_recorded(boss, stranger):
    assert boss.patch(f"{URL}{stranger.pk}/", {"is_active": True, "groups": []}).status_code == 200
    assert entries() == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"groups": ["Nobodies"]}, "groups"),
        ({"groups": "AI managers"}, "groups"),
        ({"groups": [5]}, "groups.0"),
        ({"is_active": "no"}, "is_active"),
        ({"is_super_admin": None}, "is_super_admin"),
        ({"email": "nobody"}, "email"),
        ({"first_name": "a" * 151}, "first_name"),
        ({"username": "other"}, "username"),
        ({"password": "x"}, "password"),
        ({"is_superuser": True}, "is_superuser"),
        ({"is_staff": True}, "is_staff"),
    ],
)
def test_a_wrong_change_is_refused_and_changes_nothing(boss, stranger, body, field):
    answer = boss.patch(f"{URL}{stranger.pk}/", {"last_name": "X", **body})

    assert answer.status_code == 400
    assert field.split(".")[0] in {name.split(".")[0] for name in answer.json()["errors"]}
    stranger.refresh_from_db()
    assert (stranger.last_name, stranger.is_superuser, entries()) == ("", False, [])


def test_switching_off_ends_sessions_and_tokens_and_nothing_brings_them_back(boss, ai_manager):
    session = signed_in(ai_manager)
    _token, text = create_api_token(user=ai_manager, name="a", scopes=["images"])
    assert session.get(f"{ROOT}me/").status_code == 200
    url = f"{URL}{ai_manager.pk}/"

    boss.patch(url, {"is_active": False})
    assert session.get(f"{ROOT}me/").status_code == 401
    assert find_api_token(text) is None

    boss.patch(url, {"is_active": True})
    assert session.get(f"{ROOT}me/").status_code == 401
    assert find_api_token(text) is None
    off, on = entries(object_type="person")
    assert (off.action, off.before, off.after) == (
        "person.deactivated",
        {"is_active": True},
        {"is_active": False, "tokens_revoked": 1},
    )
    assert (on.action, on.after) == ("person.reactivated", {"is_active": True})


def test_a_password_still_signs_in_after_switching_on_again(boss, ai_manager, client_of):
    ai_manager.set_password(PASSWORD)
    ai_manager.save()
    for is_active in (False, True):
        boss.patch(f"{URL}{ai_manager.pk}/", {"is_active": is_active})

    client = client_of()
    assert client.login(username="manager", password=PASSWORD)
    assert client.get(f"{ROOT}me/").status_code == 200


@pytest.mark.parametrize("body", [{"is_active": False}, {"is_super_admin": False}])
def test_a_former_super_admins_open_invitations_end(boss, body):
    other = User.objects.create_superuser("other")
    invite(other)

    boss.patch(f"{URL}{other.pk}/", body)

    assert not Invitation.objects.pending().exists()
    assert entries(object_type="person")[0].after == {**body, "invitations_revoked": 1}


def test_ending_sessions_leaves_tokens_and_account(boss, ai_manager):
    session = signed_in(ai_manager)
    create_api_token(user=ai_manager, name="a", scopes=["images"])

    answer = boss.post(f"{URL}{ai_manager.pk}/end-sessions/")

    assert (answer.status_code, answer.json()["code"]) == (200, "sessions_ended")
    assert session.get(f"{ROOT}me/").status_code == 401
    assert ApiToken.objects.usable().count() == 1
    assert signed_in(User.objects.get(pk=ai_manager.pk)).get(f"{ROOT}me/").status_code == 200
    assert [entry.action for entry in entries(object_type="person")] == ["person.sessions_ended"]


def test_ended_sessions_stay_ended_under_an_older_secret_key(boss, ai_manager, settings):
    # The first use under a newer key renews a session, so that another one shows what the fallback takes.
    used, unused = signed_in(ai_manager), signed_in(ai_manager)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a newer one"
    assert used.get(f"{ROOT}me/").status_code == 200

    boss.post(f"{URL}{ai_manager.pk}/end-sessions/")

    assert used.get(f"{ROOT}me/").status_code == 401
    assert unused.get(f"{ROOT}me/").status_code == 401


@pytest.mark.parametrize("body", [{"is_super_admin": False}, {"is_super_admin": False, "first_name": "A"}])
def test_the_last_super_admin_stays_one(boss, super_admin, body):
    User.objects.create_superuser("resting", is_active=False)

    answer = boss.patch(f"{URL}{super_admin.pk}/", body)

    assert (answer.status_code, answer.json()["code"]) == (409, "last_super_admin")
    super_admin.refresh_from_db()
    assert (super_admin.is_superuser, super_admin.first_name, entries()) == (True, "", [])


def test_nobody_switches_themself_off(boss, super_admin):
    User.objects.create_superuser("other")

    answer = boss.patch(f"{URL}{super_admin.pk}/", {"is_active": False})

    assert (answer.status_code, answer.json()["code"]) == (409, "not_on_yourself")


def test_a_command_cannot_switch_off_the_last_super_admin(super_admin):
    with pytest.raises(Conflict):
        update_person(person_id=super_admin.pk, changes={"is_active": False}, actor=None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", [{"is_active": False}, {"is_super_admin": False}])
def test_two_super_admins_who_remove_each_other_leave_one(change):
    first, second = (User.objects.create_superuser(name) for name in ("first", "second"))
    outcomes, start = [], threading.Barrier(2)

    def remove(actor: User, person: User) -> None:
        start.wait()
        try:
            update_person(person_id=person.pk, changes=change, actor=actor)
            outcomes.append("removed")
        except Conflict as exc:
            outcomes.append(exc.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["last_super_admin", "removed"]
    assert User.objects.super_admins().count() == 1
