import asyncio

import pytest

from src.core.background import drain, finish_regardless, in_flight, repeat


async def steps(done: list[str], name: str = "work", *, seconds: float = 0.05) -> str:
    await asyncio.sleep(seconds)
    done.append(name)
    return name


async def test_it_gives_the_result():
    assert await finish_regardless(steps([])) == "work"
    await asyncio.sleep(0)
    assert in_flight() == 0


async def test_it_gives_the_error():
    async def fail():
        raise LookupError("here")

    with pytest.raises(LookupError, match="here"):
        await finish_regardless(fail())


async def test_the_work_goes_on_when_who_awaits_it_is_cancelled():
    done: list[str] = []
    waiting = asyncio.create_task(finish_regardless(steps(done)))
    await asyncio.sleep(0.01)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert (done, in_flight()) == ([], 1)
    assert await drain(5) == 0
    assert done == ["work"]


async def test_an_error_that_nobody_awaits_is_logged_by_its_kind(log_lines):
    async def fail():
        await asyncio.sleep(0.02)
        raise LookupError("secret")

    waiting = asyncio.create_task(finish_regardless(fail()))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await drain(5)
    await asyncio.sleep(0)

    assert [line["error"] for line in log_lines("background_work_ended_with_error")] == ["LookupError"]


async def test_draining_waits_for_all_of_it():
    done: list[str] = []
    waiting = [asyncio.create_task(finish_regardless(steps(done, name))) for name in "ab"]
    await asyncio.sleep(0)

    assert await drain(5) == 0
    assert sorted(done) == ["a", "b"]
    await asyncio.gather(*waiting)


async def test_draining_waits_for_work_begun_meanwhile():
    done: list[str] = []

    async def begin_more():
        await asyncio.sleep(0.02)
        asyncio.create_task(finish_regardless(steps(done, "more")))
        await asyncio.sleep(0)

    waiting = asyncio.create_task(finish_regardless(begin_more()))
    await asyncio.sleep(0)

    assert await drain(5) == 0
    assert done == ["more"]
    await waiting


async def test_draining_gives_up_in_time_and_tells_how_many_are_left():
    done: list[str] = []
    waiting = [asyncio.create_task(finish_regardless(steps(done, seconds=s))) for s in (0.01, 30, 30)]
    await asyncio.sleep(0)

    assert await drain(0.1) == 2
    assert done == ["work"]

    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_nothing_to_drain_takes_no_time():
    assert await asyncio.wait_for(drain(60), 1) == 0


async def test_a_repeated_step_goes_on_after_a_failure():
    rounds = []

    def step() -> None:
        rounds.append(len(rounds))
        if len(rounds) == 1:
            raise OSError("disk full")

    task = asyncio.create_task(repeat(step, every_s=0.01))
    while len(rounds) < 3:
        await asyncio.sleep(0.01)
    task.cancel()

    assert rounds[:3] == [0, 1, 2]
