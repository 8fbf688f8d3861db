"""A world whose processes are killed again and again, at named points and at random moments, while jobs arrive."""

import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import cycle

from tests.reliability.processes import Victim, until
from tests.reliability.world import World

POINTS = (
    *("claimed", "sent", "handle_kept", "answered", "durable_write"),
    *("received", "storing", "library_write", "stored", "settled"),
)
AFTER_RECEIPT = ("received", "storing", "library_write", "stored")
"""Those at which an answer lies in the inbox that no other process may clear away."""
POINTS_IN_A_ROW = 2
POINT_S = 45.0
"""Within so long a job comes by at an armed point."""
LONGEST_PAUSE_S = 0.8
UPSTREAM_S = 0.15


@dataclass
class Killings:
    """`at` counts them by point, or by the process that was killed at a random moment. `received` is what lay in the
    inbox right after any of them, by job."""

    at: Counter[str] = field(default_factory=Counter)
    received: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    started_again: float = 0.0

    @property
    def count(self) -> int:
        return sum(self.at.values())


def kill_again_and_again(world: World, *, kills: int, rng: random.Random) -> Killings:
    """By turns at the next two named points and at a random moment. Leaves everything running."""
    found, points = Killings(), cycle(POINTS)
    world.upstream.latency_s = UPSTREAM_S
    while found.count < kills:
        if found.count % (POINTS_IN_A_ROW + 1) < POINTS_IN_A_ROW:
            point = next(points)
            _kill_at_point(world, found, point, rng)
            assert _look_into_inbox(world, found) or point not in AFTER_RECEIPT, f"no answer was kept at {point}"
        else:
            _kill_at_random_moment(world, found, rng)
            _look_into_inbox(world, found)
        world.start_missing()
        found.started_again = time.monotonic()
    world.disarm()
    return found


def _kill_at_point(world: World, found: Killings, point: str, rng: random.Random) -> None:
    world.arm(**{point: {"do": "kill", "after": rng.randrange(2)}})
    _submit_some(world, rng)
    # The second passing of this point, if one is let through.
    world.client.begin("huggingface" if point == "handle_kept" else "openai", is_keyed=True)
    world.client.begin("huggingface" if point == "handle_kept" else "gemini", is_keyed=True)
    until(lambda: _dead(world), POINT_S, f"a process dies at {point} (logs in {world.folder})")
    found.at[point] += len(_dead(world))


def _kill_at_random_moment(world: World, found: Killings, rng: random.Random) -> None:
    world.disarm()
    _submit_some(world, rng)
    time.sleep(rng.uniform(0, LONGEST_PAUSE_S))
    victim = rng.choice(world.victims)
    victim.kill()
    found.at[victim.name.partition("-")[0]] += 1


def _dead(world: World) -> list[Victim]:
    return [victim for victim in world.victims if not victim.is_alive]


def _submit_some(world: World, rng: random.Random) -> None:
    """Three of the kinds of requests, all at once; the server may die before they come."""
    client = world.client
    orders = [
        lambda: client.begin(),
        lambda: client.begin(wait=True),
        lambda: client.begin(wait=True, save_to_media=False),
        lambda: client.begin(is_keyed=True),
        lambda: client.begin("gemini", n=2),
        lambda: client.begin("huggingface"),
    ]
    for order in rng.sample(orders, 3):
        order()


def _look_into_inbox(world: World, found: Killings) -> int:
    """How many answers lie there."""
    seen = 0
    for path in world.inbox.glob("??/*/call-*.body"):
        try:
            answer = path.read_bytes()
        except FileNotFoundError:
            # Another process has settled it meanwhile.
            continue
        pictures = world.upstream.pictures_in(answer)
        assert pictures, f"an answer without a picture: {path}"
        seen += 1
        found.received[_uuid_of(path.parent.name)] |= pictures
    return seen


def _uuid_of(folder: str) -> str:
    return f"{folder[:8]}-{folder[8:12]}-{folder[12:16]}-{folder[16:20]}-{folder[20:]}"
