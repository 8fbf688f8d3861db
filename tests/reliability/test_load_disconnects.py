"""100 clients disconnect at random moments: 100 paid calls, 100 pictures in the library, 100 charges.

In the short form 50 of each.
"""

import random
import socket
import struct
import time

from src.ai.models import Charged, GenerationStatus, ImageGeneration
from tests.ai.jobs.conftest import GENERATE
from tests.reliability.load_client import PatientApi
from tests.reliability.load_processes import ServerProcess
from tests.reliability.load_scene import (
    assert_books_are_right,
    assert_no_server_error,
    at_once,
    charges,
    make_small_model,
    pictures_in_library,
    wait_until_all_ended,
)
from tests.reliability.load_switch import long_or_short, only_when_on, report

pytestmark = only_when_on

CLIENTS, ROUNDS = long_or_short((100, 3), (50, 1))
LATENCY_S, LONGEST_S = long_or_short((1.5, 5.0), (1.0, 3.0))
"""How long a picture takes at the service, and how long the most patient client stays."""
RESET = struct.pack("ii", 1, 0)


def test_a_picture_for_each(transactional_db, upstream, ai_manager, token_of, tmp_path):
    """A client whose request the server had not read yet when it left has ordered nothing, and asks again."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance, upstream.latency_s = random.Random(seed), LATENCY_S
    model, asked_again, left_early = make_small_model(upstream), 0, 0
    with ServerProcess(tmp_path) as server:
        api = PatientApi(server, token_of(ai_manager), model)
        for number in range(ROUNDS):
            missing = {f"{number}-{client}" for client in range(CLIENTS)}
            while missing:
                keys = sorted(missing)
                stays = [chance.uniform(0, LONGEST_S) for _ in keys]
                resets = [chance.random() < 0.5 for _ in keys]
                finished = at_once(
                    len(keys),
                    lambda client: ask_and_leave(api, keys[client], stays[client], resets[client]),  # noqa: B023
                )
                left_early += finished.count(False)
                wait_until_all_ended(60)
                missing -= set(ImageGeneration.objects.values_list("idempotency_key", flat=True))
                asked_again += len(missing)
        assert_no_server_error([server])

    wanted = CLIENTS * ROUNDS
    ended = ImageGeneration.objects.filter(status=GenerationStatus.SUCCEEDED, charged=Charged.YES).count()
    assert (ended, upstream.paid_calls, pictures_in_library(), charges()) == (wanted, wanted, wanted, wanted)
    assert left_early - asked_again >= wanted // 4  # Those that left while their picture was on its way.
    assert_books_are_right()
    report("disconnects", seed=seed, clients=wanted, left_without_answer=left_early, asked_again=asked_again)


def ask_and_leave(api: PatientApi, key: str, stay_s: float, has_reset: bool) -> bool:
    """Whether the answer had begun to come when the client left."""
    connection = api.begin(
        "POST", GENERATE, {"model_id": api.model_pk, "prompt": f"bicycle {key}"}, {"Idempotency-Key": key}
    )
    time.sleep(stay_s)
    connection.sock.setblocking(False)
    try:
        has_answer = bool(connection.sock.recv(1))
    except BlockingIOError:
        has_answer = False
    if has_reset:
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()
    return has_answer
