"""One Idempotency-Key 100 ways at once: one paid call and equal answers, also after a restart; 422 for another body."""

from src.ai.models import ImageGeneration
from tests.ai.jobs.conftest import Answered
from tests.reliability.load_client import PatientApi
from tests.reliability.load_processes import ServerProcess
from tests.reliability.load_scene import (
    assert_books_are_right,
    assert_no_server_error,
    at_once,
    charges,
    counted,
    make_small_model,
)
from tests.reliability.load_switch import long_or_short, only_when_on, report

pytestmark = only_when_on

WAYS = 100
ROUNDS = long_or_short(5, 1)


def test_a_hundred_at_once_before_and_after_a_restart(transactional_db, upstream, ai_manager, token_of, tmp_path):
    upstream.latency_s = 0.5
    model = make_small_model(upstream)
    with ServerProcess(tmp_path) as server:
        api = PatientApi(server, token_of(ai_manager), model)
        for number in range(ROUNDS):
            key = {"Idempotency-Key": f"order-{number}"}

            first = at_once(WAYS, lambda _: api.generate(headers=key))  # noqa: B023
            server.kill()
            server.start()
            again = at_once(WAYS, lambda _: api.generate(headers=key))  # noqa: B023
            other = at_once(WAYS, lambda _: api.generate(headers=key, prompt="a blue bicycle"))  # noqa: B023

            assert counted(first + again) == {(201, "image_generated_and_saved"): 2 * WAYS}
            assert len({str(answer.body) for answer in first + again}) == 1
            assert counted(other) == {(422, "idempotency_mismatch"): WAYS}
            assert len([answer for answer in first if not is_replay(answer)]) == 1
            assert all(map(is_replay, again))
        assert_no_server_error([server])

    assert (upstream.paid_calls, ImageGeneration.objects.count(), charges()) == (ROUNDS, ROUNDS, ROUNDS)
    assert_books_are_right()
    report("one_idempotency_key", requests=3 * WAYS * ROUNDS, keys=ROUNDS, paid_calls=upstream.paid_calls)


def is_replay(answer: Answered) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"
