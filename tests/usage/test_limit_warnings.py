"""Warnings at 80 and 100 percent, each once."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection, transaction

from src.usage.models import LimitWarning
from src.usage.scopes import WHOLE_TEAM, Scope, ScopeLimit, person_day
from src.usage.services import LimitReached, note_refusal, note_warnings, settle
from src.usage.signals import limit_warned
from tests.usage.conftest import PERSON, PROVIDER, counted, movement, reserved, spent, without_numbers
from tests.usage.mail_server import MailServer

BUDGET = ScopeLimit(WHOLE_TEAM, max_micros=100)
PICTURES = ScopeLimit(PERSON, max_images=5)


def spend(*limits: ScopeLimit, images: int = 1, micros: int | None = None, **whose) -> list[tuple[str, str, int]]:
    """What is new after spending so much: [(scope, unit, percent)]."""
    made = reserved(*map(without_numbers, limits), images=images, micros=micros, **whose)
    with transaction.atomic():
        settle(movement=made, images=images, micros=micros)
        new = note_warnings(movement=made, limits=limits)
    return [(each.scope_kind, each.unit, each.percent) for each in new]


def refuse(limit: ScopeLimit, *, images: int = 1, micros: int | None = None) -> list[int]:
    """The percents that are new after a refusal."""
    made = movement()
    with pytest.raises(LimitReached) as caught:
        reserved(limit, images=images, micros=micros)
    return [each.percent for each in note_refusal(movement=made, reached=caught.value)]


def test_each_mark_is_noted_once_as_spending_passes_it(db):
    assert spend(BUDGET, micros=79) == []
    assert spend(BUDGET, micros=1) == [("team", "micros", 80)]
    assert spend(BUDGET, micros=19) == []
    assert spend(BUDGET, micros=1) == [("team", "micros", 100)]
    assert spend(BUDGET, micros=50) == []
    assert LimitWarning.objects.count() == 2


def test_one_bill_may_pass_both_marks(db):
    assert spend(BUDGET, micros=120) == [("team", "micros", 80), ("team", "micros", 100)]


def test_a_warning_says_whose_limit_it_is_and_how_much_was_spent(db):
    spend(ScopeLimit(PERSON, max_images=5), ScopeLimit(PROVIDER, max_micros=100), BUDGET, images=4, micros=90)

    rows = {row.scope_kind: row for row in LimitWarning.objects.all()}
    assert {kind: (row.person_id, row.provider_slug) for kind, row in rows.items()} == {
        "person_provider": (1, "openai"),
        "provider": (None, "openai"),
        "team": (None, ""),
    }
    assert (rows["person_provider"].limit, rows["person_provider"].spent) == (5, 4)
    assert (rows["team"].limit, rows["team"].spent) == (100, 90)


def test_pictures_and_money_of_one_scope_are_warned_of_apart(db):
    limit = ScopeLimit(PERSON, max_images=5, max_micros=100)

    assert spend(limit, images=4, micros=10) == [("person_provider", "images", 80)]
    assert spend(limit, images=0, micros=70) == [("person_provider", "micros", 80)]


def test_what_is_only_held_warns_of_nothing(db):
    made = spent(without_numbers(BUDGET), micros=70)
    reserved(without_numbers(BUDGET), micros=30)

    assert note_warnings(movement=made, limits=[BUDGET]) == []


def test_what_was_free_of_a_budget_of_nothing_warns_of_nothing(db):
    assert spend(ScopeLimit(WHOLE_TEAM, max_micros=0), micros=0) == []


def test_a_scope_that_the_generation_is_not_in_warns_of_nothing(db):
    made = spent(ScopeLimit(PERSON), images=9)

    assert note_warnings(movement=made, limits=[BUDGET]) == []


def test_a_new_period_is_warned_of_anew_and_a_late_end_counts_in_the_old_one(db):
    limit = ScopeLimit(person_day(1), max_images=5)
    with time_machine.travel("2026-11-24 20:00:00+00:00", tick=False) as clock:
        made = reserved(without_numbers(limit), images=4)
        clock.shift(timedelta(hours=1))
        settle(movement=made, images=4, micros=None)
        [late] = note_warnings(movement=made, limits=[limit])
        new = spend(limit, images=4)

    assert (late.period, new) == ("2026-11-24", [("person_day", "images", 80)])


def test_it_costs_two_queries_while_no_limit_is_nearly_used_and_none_without_limits(db, django_assert_num_queries):
    limits = [PICTURES, BUDGET, ScopeLimit(PROVIDER, max_micros=1000), ScopeLimit(person_day(1))]
    made = spent(*limits, micros=10)

    with django_assert_num_queries(2):
        note_warnings(movement=made, limits=limits)
    with django_assert_num_queries(0):
        note_warnings(movement=made, limits=[ScopeLimit(PERSON)])


def test_it_costs_one_query_more_where_the_warnings_are_there_already(db, django_assert_num_queries):
    spend(BUDGET, micros=100)
    made = spent(without_numbers(BUDGET), micros=1)

    with django_assert_num_queries(3):
        note_warnings(movement=made, limits=[BUDGET])


def test_a_refusal_at_a_nearly_used_limit_is_the_full_warning(db):
    spend(BUDGET, micros=95)

    assert refuse(BUDGET, micros=10) == [100]
    assert refuse(BUDGET, micros=10) == []


def test_a_refusal_of_more_than_a_hardly_used_limit_holds_is_no_warning(db):
    spent(without_numbers(PICTURES), images=1)
    reserved(without_numbers(PICTURES), images=3)

    assert refuse(PICTURES, images=2) == []


def test_a_refusal_by_a_limit_of_nothing_is_a_warning(db):
    assert refuse(ScopeLimit(PERSON, max_images=0)) == [80, 100]


def test_a_limit_that_was_changed_is_warned_of_anew(db):
    spend(BUDGET, micros=100)
    raised = ScopeLimit(WHOLE_TEAM, max_micros=200)

    assert spend(raised, micros=59) == []
    assert spend(raised, micros=1) == [("team", "micros", 80)]
    assert refuse(raised, micros=50) == [100]
    assert spend(BUDGET, micros=1) == []


def test_a_refusal_for_pictures_says_nothing_of_money(db):
    limit = ScopeLimit(PERSON, max_images=5, max_micros=100)
    spent(without_numbers(limit), images=5, micros=100)

    assert refuse(limit, micros=1) == [80, 100]
    assert set(LimitWarning.objects.values_list("unit", flat=True)) == {"images"}


@pytest.fixture
def heard():
    """The warnings that listeners were told of."""
    found: list[LimitWarning] = []

    def listen(sender, warning, **kwargs) -> None:
        found.append(warning)

    limit_warned.connect(listen)
    yield found
    limit_warned.disconnect(listen)


def test_listeners_are_told_in_the_transaction(transactional_db, heard):
    with transaction.atomic():
        made = spent(without_numbers(BUDGET), micros=100)
        note_warnings(movement=made, limits=[BUDGET])

        assert [(each.pk is not None, each.percent) for each in heard] == [(True, 80), (True, 100)]


def test_a_warning_that_is_rolled_back_is_written_and_mailed_anew(mailed, super_admin):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        made = spent(without_numbers(BUDGET), micros=100)
        note_warnings(movement=made, limits=[BUDGET])
        raise ZeroDivisionError

    assert not LimitWarning.objects.exists()
    assert spend(BUDGET, micros=100) == [("team", "micros", 80), ("team", "micros", 100)]
    assert len(letters(1)) == 1


def fail(sender, **kwargs) -> None:
    raise RuntimeError("listener")


def ask_wrongly(sender, **kwargs) -> None:
    connection.cursor().execute("SELECT nothing FROM nowhere")


def write_twice(sender, warning, **kwargs) -> None:
    warning.pk = None
    warning.save(force_insert=True)


@pytest.mark.parametrize("listener", [fail, ask_wrongly, write_twice])
def test_a_listener_that_fails_holds_up_nobody(transactional_db, heard, listener):
    limit_warned.connect(listener)
    try:
        assert spend(BUDGET, micros=80) == [("team", "micros", 80)]
    finally:
        limit_warned.disconnect(listener)

    assert (len(heard), LimitWarning.objects.count()) == (1, 1)
    assert counted(WHOLE_TEAM) == {"spent_images": 1, "spent_micros": 80}


def letters(count: int) -> list:
    """The letters, once so many were sent by the other thread."""
    deadline = time.monotonic() + 10
    while len(mail.outbox) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return mail.outbox


@pytest.fixture
def mailed(settings, super_admin, ai_manager, transactional_db):
    """A mail server, and a super admin with an address."""
    settings.HAS_MAIL_SERVER = True
    for person, address in ((super_admin, "boss@example.org"), (ai_manager, "manager@example.org")):
        person.email = address
        person.save()
    return ai_manager


def test_super_admins_get_a_letter_in_both_languages(mailed):
    day = ScopeLimit(person_day(mailed.pk), max_images=10)
    with time_machine.travel("2026-11-24 12:00:00+00:00"):
        spend(day, images=8, person_id=mailed.pk)

        [letter] = letters(1)

    assert letter.to == ["boss@example.org"]
    persian, english = letter.subject.split(" / ")
    assert persian == "نگاره: سهمیه یا بودجه‌ای رو به پایان است یا تمام شده"
    assert english == "Negareh: a limit is nearly or fully used"
    assert "\u2068manager\u2069 has reached 80 percent of their pictures for 2026-11-24." in letter.body
    assert "درصد از تصویرهای مجاز خود" in letter.body
    assert letter.body.index("درصد") < letter.body.index("percent")


def test_marks_passed_together_are_one_letter(mailed):
    spend(BUDGET, ScopeLimit(Scope("provider", "1"), max_micros=100), micros=100)

    [letter] = letters(1)
    assert letter.body.count("percent of the budget for openai") == 2
    assert letter.body.count("percent of its budget") == 2


def test_without_a_mail_server_nothing_is_sent(mailed, settings, heard):
    settings.HAS_MAIL_SERVER = False

    spend(BUDGET, micros=80)

    assert len(heard) == 1
    time.sleep(0.1)
    assert mail.outbox == []


def test_a_mail_server_that_is_down_is_logged(mailed, settings, caplog):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    assert spend(BUDGET, micros=80) == [("team", "micros", 80)]

    deadline = time.monotonic() + 10
    while "limit_warning_not_mailed" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "limit_warning_not_mailed" in caplog.text
    assert "boss@example.org" not in caplog.text


@pytest.mark.parametrize("refused", ["nobody@example.org", "two\nlines@example.org"])
def test_an_address_that_is_refused_keeps_the_letter_from_nobody_else(mailed, settings, super_admin, caplog, refused):
    get_user_model().objects.create(username="other", is_superuser=True, email="other@example.org")
    super_admin.email = refused
    super_admin.save()
    with MailServer(refuses=refused) as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.address

        spend(BUDGET, micros=80)

        assert server.wait_for(1) == ["other@example.org"]
    assert "limit_warning_not_mailed" in caplog.text and refused not in caplog.text
