"""kill -9 of servers and workers at named points and random moments: nothing is lost, and nothing paid for twice."""

import random
import time
from collections import Counter

import pytest

from tests.reliability.conftest import CELERY_POSTGRES, CELERY_SQLITE, EMBEDDED_POSTGRES, EMBEDDED_SQLITE, each_of
from tests.reliability.judge import Evidence, broken_promises
from tests.reliability.kills import POINTS, POINTS_IN_A_ROW, kill_again_and_again
from tests.reliability.processes import until
from tests.reliability.switches import IS_SOAK, KILLS, SEED, switched_on
from tests.reliability.world import World

pytestmark = [switched_on, pytest.mark.reliability]
MATRIX = (EMBEDDED_SQLITE, EMBEDDED_POSTGRES, CELERY_SQLITE, CELERY_POSTGRES)
KILLS_EACH = KILLS // len(MATRIX)
ENOUGH_FOR_ALL = len(POINTS) + len(POINTS) // POINTS_IN_A_ROW - 1


@pytest.mark.parametrize("place", each_of(*MATRIX))
def test_every_job_ends_and_the_books_say_what_the_providers_say(place, world_at):
    with world_at(place) as world:
        kill_and_judge(world, "kill_9", kills=KILLS_EACH)


@pytest.mark.skipif(not IS_SOAK, reason="takes long")
@pytest.mark.parametrize("place", each_of(*MATRIX))
def test_so_it_is_with_the_leases_that_are_set_by_default(place, world_at):
    with world_at(place, is_quick=False) as world:
        kill_and_judge(world, "kill_9_with_default_leases", kills=ENOUGH_FOR_ALL)


def kill_and_judge(world: World, name: str, *, kills: int) -> None:
    print(f"SEED={SEED}")
    killings = kill_again_and_again(world, kills=kills, rng=random.Random(f"{SEED} {name} {world.place}"))
    world.client.repeat_keyed()
    world.client.wait_for_answers()
    world.wait_until_settled()
    settled_s = time.monotonic() - killings.started_again
    facts = world.facts()
    until(lambda: not _left_behind(world), 10, "no child outlives its killed parent")

    evidence = Evidence(
        facts=facts, paid=world.upstream.paid, submissions=world.client.submissions, received=killings.received
    )
    assert broken_promises(evidence) == []
    assert set(POINTS) <= set(killings.at) or kills < ENOUGH_FOR_ALL
    world.note_figures(
        name,
        kills=killings.count,
        kills_at=dict(sorted(killings.at.items())),
        jobs=dict(Counter(job.status for job in facts.jobs)),
        paid_calls=len(world.upstream.paid),
        received_pictures=sum(map(len, killings.received.values())),
        files_without_asset=facts.unowned_files,
        settled_after_last_start_s=round(settled_s, 1),
        seed=SEED,
    )


def _left_behind(world: World) -> list[int]:
    return [group for victim in world.victims for group in victim.outlived]
