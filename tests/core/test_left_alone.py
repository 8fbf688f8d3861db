import time
from concurrent.futures import ThreadPoolExecutor

from src.core.left_alone import LeftAlone

PAUSE_S = 0.2


def test_what_works_is_used_by_all():
    service = LeftAlone(lambda: PAUSE_S)
    service.succeeded()

    assert all(service.may_try() for _ in range(10))


def test_after_a_failure_nobody_tries_for_a_while_and_then_one():
    service = LeftAlone(lambda: PAUSE_S)
    service.failed()
    assert service.has_failed
    assert not service.may_try()
    time.sleep(PAUSE_S)

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(lambda _: service.may_try(), range(8))) == [False] * 7 + [True]


def test_one_success_lets_all_in_again():
    service = LeftAlone(lambda: PAUSE_S)
    service.failed()

    service.succeeded()

    assert not service.has_failed
    assert all(service.may_try() for _ in range(10))
