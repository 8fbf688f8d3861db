"""Whatever is reserved and ended in whatever order, over midnights: ledger, counters and limits stay true."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from src.usage.models import Counter, LedgerEntry
from src.usage.periods import period_of
from src.usage.scopes import WHOLE_TEAM, Scope, ScopeLimit, person_day
from src.usage.services import LimitReached, Movement, release, reserve, settle
from src.usage.services.verification import verify_ledger
from tests.usage.conftest import movement

START = datetime(2026, 11, 29, 21, tzinfo=UTC)
PEOPLE = st.integers(1, 2)
IMAGES, MICROS = st.integers(0, 4), st.none() | st.integers(0, 4)
MOST = st.none() | st.integers(0, 8)


class Ledger(RuleBasedStateMachine):
    """Three days around the end of a month, two people, one provider."""

    made = Bundle("made")

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.clock = time_machine.travel(START, tick=False)
        self.time = self.clock.start()
        self.open: set[Movement] = set()

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    @initialize(team=MOST, provider=MOST, person=MOST, day=MOST)
    def limit(self, team, provider, person, day) -> None:
        self.most = {"team": (None, team), "provider": (None, provider), "person_provider": (person, 6)}
        self.most["person_day"] = (day, None)

    def limits(self, person_id: int) -> list[ScopeLimit]:
        person = Scope("person_provider", f"{person_id}:1")
        scopes = (WHOLE_TEAM, Scope("provider", "1"), person, person_day(person_id))
        return [ScopeLimit(scope, *self.most[scope.kind]) for scope in scopes]

    @rule(target=made, person_id=PEOPLE, images=IMAGES, micros=MICROS)
    def begin(self, person_id, images, micros) -> Movement:
        new, limits = movement(person_id=person_id), self.limits(person_id)
        try:
            with transaction.atomic():
                reserve(movement=new, limits=limits, images=images, micros=micros)
        except LimitReached:
            assert not LedgerEntry.objects.filter(generation_id=new.generation_id).exists()
        else:
            self.open.add(new)
            self.passes_no_limit(limits, images, micros)
        return new

    @rule(ended=made, images=IMAGES, micros=MICROS)
    def end_as_charged(self, ended, images, micros) -> None:
        self.end(ended, lambda: settle(movement=ended, images=images, micros=micros))

    @rule(ended=made)
    def end_for_nothing(self, ended) -> None:
        self.end(ended, lambda: release(movement=ended))

    @rule(hours=st.integers(1, 30))
    def pass_time(self, hours) -> None:
        self.time.shift(timedelta(hours=hours))

    def end(self, ended: Movement, act) -> None:
        """Once; what was never reserved has no end, and a second one is refused."""
        was_reserved = LedgerEntry.objects.filter(generation_id=ended.generation_id).exists()
        try:
            with transaction.atomic():
                act()
        except IntegrityError:
            assert was_reserved and ended not in self.open
        else:
            assert not was_reserved or ended in self.open
        self.open.discard(ended)

    def passes_no_limit(self, limits, images, micros) -> None:
        for limit in limits:
            period = period_of(limit.scope).name
            row = Counter.objects.get(scope_kind=limit.scope.kind, scope_id=limit.scope.id, period=period)
            if limit.max_images is not None:
                assert row.reserved_images + row.spent_images <= limit.max_images
            if limit.max_micros is not None and micros:
                assert row.reserved_micros + row.spent_micros <= limit.max_micros

    @invariant()
    def nothing_is_below_zero(self) -> None:
        names = ("reserved_images", "spent_images", "reserved_micros", "spent_micros")
        assert all(value >= 0 for row in Counter.objects.values_list(*names) for value in row)

    @invariant()
    def the_ledger_equals_the_counters(self) -> None:
        assert verify_ledger().differences == ()

    @invariant()
    def what_is_held_is_what_is_open(self) -> None:
        held = LedgerEntry.objects.filter(kind="reserve").values_list("generation_id", flat=True)
        ended = LedgerEntry.objects.filter(kind="release").values_list("generation_id", flat=True)
        assert set(held) - set(ended) == {each.generation_id for each in self.open}


@pytest.mark.django_db
def test_whatever_happens_the_ledger_stays_true():
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
