"""200 requests race a budget of 50 pictures: exactly 50 pass, through servers and through the service alike.

In the short form 60 race a budget of 15.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from src.accounts.models import User
from src.ai.models import AIModel, AIProvider, GenerationStatus, ImageGeneration
from src.core.groups import AI_MANAGERS
from src.usage.models import Counter as UsageCounter
from src.usage.scopes import TEAM
from src.usage.services.standing_limits import change_team_limits
from tests.ai.jobs.conftest import Answered
from tests.factories import make_settings
from tests.reliability.load_client import PatientApi
from tests.reliability.load_processes import LineProcess, ServerProcess
from tests.reliability.load_scene import (
    PRICE,
    assert_books_are_right,
    assert_no_server_error,
    at_once,
    charges,
    counted,
    make_small_model,
    pictures_in_library,
    wait_until_all_ended,
)
from tests.reliability.load_switch import long_or_short, only_when_on, report

pytestmark = [only_when_on, pytest.mark.django_db(transaction=True)]

REQUESTS, BUDGET = long_or_short((200, 50), (60, 15))
ROUNDS = long_or_short(20, 4)
PROCESSES, SERVERS = long_or_short((4, 4), (3, 2))


@dataclass
class Racer:
    """A person and a provider of this round alone."""

    person: User
    model: AIModel
    boss: User


def limit_provider(racer: Racer) -> None:
    AIProvider.objects.filter(pk=racer.model.provider_id).update(monthly_budget_micros=BUDGET * PRICE)


def limit_persons_month(racer: Racer) -> None:
    make_settings(racer.person, racer.model.provider, monthly_limit=BUDGET)


def limit_team(racer: Racer) -> None:
    used = UsageCounter.objects.filter(scope_kind=TEAM).values_list("reserved_micros", "spent_micros").first() or (0,)
    budget = sum(used) + BUDGET * PRICE
    change_team_limits(changes={"monthly_budget_micros": budget}, actor=racer.boss)


def limit_persons_day(racer: Racer) -> None:
    change_team_limits(changes={"images_per_person_per_day": BUDGET}, actor=racer.boss)


Limit = Callable[[Racer], None]
LIMITS: tuple[tuple[Limit, int, str], ...] = (
    (limit_provider, 402, "budget_exceeded"),
    (limit_persons_month, 429, "monthly_limit_reached"),
    (limit_team, 402, "budget_exceeded"),
    (limit_persons_day, 429, "daily_limit_reached"),
)
"""With the answer to who does not pass. The rounds take them in turn."""


@pytest.fixture
def new_racer(upstream, super_admin) -> Callable[[], Racer]:
    made: list[Racer] = []

    def make() -> Racer:
        change_team_limits(
            changes={"monthly_budget_micros": None, "images_per_person_per_day": None}, actor=super_admin
        )
        person = User.objects.create_user(f"racer-{len(made)}")
        person.groups.add(Group.objects.get(name=AI_MANAGERS))
        made.append(Racer(person, make_small_model(upstream, f"local-{len(made)}"), super_admin))
        return made[-1]

    return make


def test_through_servers(new_racer, token_of, upstream, tmp_path):
    """One server on SQLite, which is all it takes; several beside each other on PostgreSQL and Redis."""
    passed, took_s, slowest_s = [], 0.0, 0.0
    with ExitStack() as stack:
        count = 1 if connection.vendor == "sqlite" else SERVERS
        servers = [stack.enter_context(ServerProcess(tmp_path)) for _ in range(count)]
        for set_limit, status, code in rounds():
            racer = new_racer()
            set_limit(racer)
            apis = [PatientApi(server, token_of(racer.person), racer.model) for server in servers]
            began = time.monotonic()
            timed = at_once(REQUESTS, lambda number: ask(apis[number % len(apis)]))  # noqa: B023
            took_s += time.monotonic() - began
            slowest_s = max(slowest_s, *(seconds for _answer, seconds in timed))
            answers = [answer for answer, _seconds in timed]
            refused = counted(answer for answer in answers if answer.status >= 300)
            passed.append(REQUESTS - sum(refused.values()))
            assert refused == {(status, code): REQUESTS - BUDGET}
        wait_until_all_ended(120)
        assert_no_server_error(servers)

    wanted = BUDGET * len(passed)
    assert (upstream.paid_calls, charges(), pictures_in_library()) == (wanted, wanted, wanted)
    assert ImageGeneration.objects.filter(status=GenerationStatus.SUCCEEDED).count() == wanted
    assert_books_are_right()
    report(
        "race_through_servers",
        servers=count,
        rounds=len(passed),
        passed=sorted(set(passed)),
        racing_s=round(took_s, 1),
        slowest_s=round(slowest_s, 1),
    )


def ask(api: PatientApi) -> tuple[Answered, float]:
    """And the seconds that it took."""
    began = time.monotonic()
    return api.generate(wait=False), time.monotonic() - began


def test_through_the_service_in_several_processes(new_racer):
    passed, took_s = [], 0.0
    with ExitStack() as stack:
        processes = [
            stack.enter_context(LineProcess("tests.reliability.load_reserver", JOB_QUEUE_CAP="100000"))
            for _ in range(PROCESSES)
        ]
        for process in processes:
            process.wait_until_ready()
        for set_limit, _status, code in rounds():
            racer = new_racer()
            set_limit(racer)
            began = time.monotonic()
            outcomes = race_in(processes, racer)
            took_s += time.monotonic() - began
            passed.append(outcomes["reserved"])
            assert outcomes == {"reserved": BUDGET, code: REQUESTS - BUDGET}

    assert_books_are_right()
    report(
        "race_through_service",
        processes=PROCESSES,
        rounds=len(passed),
        passed=sorted(set(passed)),
        racing_s=round(took_s, 1),
    )


def rounds() -> Iterator[tuple[Limit, int, str]]:
    return islice(cycle(LIMITS), ROUNDS)


def race_in(processes: list[LineProcess], racer: Racer) -> Counter[str]:
    order: dict[str, Any] = {"person": racer.person.pk, "model": racer.model.pk, "count": REQUESTS // len(processes)}
    for process in processes:
        process.send(order)
    return sum((Counter(process.receive()) for process in processes), Counter())
