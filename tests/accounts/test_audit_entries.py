"""An entry is written with its act, once, and says who did it and how."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.transaction import TransactionManagementError

from src.accounts.models import AuditEntry, EntryIsFinal
from src.accounts.services.audit import write_audit_entry
from src.accounts.services.people import update_person
from src.core.audit import difference, record, register_writer
from src.core.channel import Channel, came_with_token, current_origin, through_command
from tests.accounts.people import ROOT, entries, signed_in


def write(actor=None, **fields):
    with transaction.atomic():
        record("thing.done", actor=actor, **{"object_type": "thing", "object_id": 7, **fields})
    return AuditEntry.objects.latest("id")


@pytest.fixture
def full_table():
    """A writer that cannot write."""
    register_writer(lambda found: 1 / 0)
    yield
    register_writer(write_audit_entry)


CHANGES = {
    "save": lambda entry: entry.save(),
    "save of some fields": lambda entry: entry.save(update_fields=["action"]),
    "delete": lambda entry: entry.delete(),
    "update of many": lambda entry: AuditEntry.objects.update(action="thing.undone"),
    "update of some": lambda entry: AuditEntry.objects.filter(pk=entry.pk).update(action="thing.undone"),
    "bulk_update": lambda entry: AuditEntry.objects.bulk_update([entry], ["action"]),
    "bulk_create over it": lambda entry: AuditEntry.objects.bulk_create(
        [entry], update_conflicts=True, update_fields=["action"], unique_fields=["id"]
    ),
    "delete of many": lambda entry: AuditEntry.objects.all().delete(),
    "delete of some": lambda entry: AuditEntry.objects.filter(pk=entry.pk).delete(),
    "update_or_create": lambda entry: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"action": "x.y"}),
    "the base manager": lambda entry: AuditEntry._base_manager.filter(pk=entry.pk).update(action="thing.undone"),
    "raw delete": lambda entry: AuditEntry.objects.filter(pk=entry.pk)._raw_delete("default"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_entry_is_neither_changed_nor_deleted(change):
    entry = write()

    with pytest.raises(EntryIsFinal), transaction.atomic():
        change(entry)

    assert [found.action for found in entries()] == ["thing.done"]


@pytest.mark.django_db
def test_another_row_cannot_take_an_entrys_place():
    entry = write()

    with pytest.raises(Exception, match="(?i)unique"), transaction.atomic():
        AuditEntry(pk=entry.pk, channel="system", action="thing.undone", object_type="thing").save()

    assert [found.action for found in entries()] == ["thing.done"]


@pytest.mark.django_db(transaction=True)
def test_an_act_that_is_rolled_back_leaves_no_entry():
    with pytest.raises(RuntimeError), transaction.atomic():
        record("thing.done", actor=None, object_type="thing", object_id=1)
        assert entries()
        raise RuntimeError

    assert entries() == []


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused():
    with pytest.raises(TransactionManagementError):
        record("thing.done", actor=None, object_type="thing", object_id=1)


@pytest.mark.django_db(transaction=True)
def test_no_act_goes_through_where_its_entry_cannot_be_written(super_admin, stranger, full_table):
    with pytest.raises(ZeroDivisionError):
        update_person(person_id=stranger.pk, changes={"first_name": "Sara"}, actor=super_admin)

    stranger.refresh_from_db()
    assert stranger.first_name == ""


def test_an_entry_outlives_its_actor(super_admin, stranger):
    entry = write(stranger)
    pk = stranger.pk

    stranger.delete()

    entry.refresh_from_db()
    assert (entry.actor_id, entry.actor_name) == (pk, "stranger")


@pytest.mark.django_db
def test_what_nobody_asked_for_is_the_systems_doing():
    came_with_token("laptop")

    entry = write()

    assert (entry.channel, entry.token_name, entry.actor_id, entry.actor_name) == ("system", "", None, "")


def test_a_sessions_act_says_so_with_its_request(super_admin, stranger):
    answer = signed_in(super_admin).patch(f"{ROOT}people/{stranger.pk}/", {"first_name": "Sara"})

    [entry] = entries()
    assert (entry.channel, entry.actor_name, entry.token_name) == ("session", "super", "")
    assert entry.request_id == answer["X-Request-ID"]


def test_a_tokens_act_names_the_token(super_admin, stranger, client_of):
    client_of(super_admin, scopes=["people"]).patch(f"{ROOT}people/{stranger.pk}/", {"first_name": "Sara"})

    [entry] = entries(action="person.changed")
    assert (entry.channel, entry.actor_name, entry.token_name) == ("token", "super", "test")


def test_a_request_by_session_after_one_by_token_on_the_same_thread_is_a_sessions(super_admin, stranger, client_of):
    client_of(super_admin, scopes=["people"]).get(f"{ROOT}people/")
    signed_in(super_admin).patch(f"{ROOT}people/{stranger.pk}/", {"first_name": "Sara"})

    assert entries(action="person.changed")[0].channel == "session"


def test_nothing_of_a_request_is_left_when_it_is_over(super_admin, client_of):
    client_of(super_admin, scopes=["people"]).get(f"{ROOT}people/")

    assert current_origin().channel == Channel.SYSTEM


def test_a_commands_act_says_so(ai_manager):
    call_command("create_api_token", "manager", "images", stdout=StringIO())

    [entry] = entries()
    assert (entry.action, entry.channel, entry.actor_id) == ("api_token.created", "command", None)


def test_a_command_leaves_its_channel_behind():
    with through_command():
        assert current_origin().channel == Channel.COMMAND
    assert current_origin().channel == Channel.SYSTEM


KEYS = ["sk-proj-0123456789abcdef", "ngr_" + "a" * 36, "ngi_" + "b" * 43, "AIza" + "c" * 35, "hf_" + "d" * 34]


@pytest.mark.django_db
@pytest.mark.parametrize("key", KEYS)
def test_what_looks_like_a_key_is_kept_out(key, caplog):
    entry = write(object_label=f"key {key}", before={"a": [key]}, after={key: {"b": f"x {key}"}})

    assert key not in str(AuditEntry.objects.filter(pk=entry.pk).values())
    assert entry.before == {"a": ["[key]"]}
    assert "key_kept_out_of_audit" in caplog.text


@pytest.mark.django_db
def test_moments_are_kept_as_iso_8601():
    entry = write(after={"until": datetime(2026, 11, 24, tzinfo=UTC)})

    assert entry.after == {"until": "2026-11-24T00:00:00Z"}


def test_a_difference_holds_only_what_changed():
    assert difference({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3, "d": 4}) == (
        {"b": 2, "c": 3, "d": None},
        {"b": 3, "c": None, "d": 4},
    )
