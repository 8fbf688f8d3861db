import asyncio
import threading
import time
from contextvars import ContextVar

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection, transaction
from django.utils import translation

from src.accounts.models import User
from src.core import db

place: ContextVar[str] = ContextVar("place", default="nowhere")


async def test_a_step_runs_on_a_thread_of_the_pool():
    assert (await db.run(lambda: threading.current_thread().name)).startswith("db")


async def test_the_event_loop_goes_on_meanwhile():
    waiting = asyncio.create_task(db.run(lambda: time.sleep(0.05)))
    await asyncio.sleep(0.01)

    assert not waiting.done()
    await waiting


async def test_context_is_carried_over_and_not_back():
    place.set("here")

    def look_and_move() -> str:
        seen = place.get()
        place.set("there")
        return seen

    assert await db.run(look_and_move) == "here"
    assert place.get() == "here"


async def test_keywords_reach_the_step_and_its_errors_come_back():
    def fail(*, code: str) -> None:
        raise LookupError(code)

    with pytest.raises(LookupError, match="gone"):
        await db.run(fail, code="gone")


async def test_the_threads_are_few_however_many_steps_wait():
    names = await asyncio.gather(*(db.run(lambda: threading.current_thread().name) for _ in range(100)))

    assert len(set(names)) <= settings.DB_THREADS


@pytest.mark.django_db(transaction=True)
async def test_a_step_has_its_own_transaction():
    def make_and_fail() -> None:
        with transaction.atomic():
            User.objects.create_user("half")
            raise LookupError

    await db.run(lambda: User.objects.create_user("whole"))
    with pytest.raises(LookupError):
        await db.run(make_and_fail)

    assert await db.run(lambda: [user.username for user in User.objects.all()]) == ["whole"]


@pytest.mark.django_db(transaction=True)
async def test_a_broken_connection_is_replaced_for_the_next_step():
    def use() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone()[0]

    def break_it() -> None:
        use()
        connection.connection.close()

    for _ in range(settings.DB_THREADS):
        await db.run(break_it)

    assert await db.run(use) == 1


async def test_requests_share_the_pool_and_leave_it_open():
    for _ in range(2):
        async with db.SharedThreads():
            name = await sync_to_async(lambda: threading.current_thread().name, thread_sensitive=True)()
        assert name.startswith("db")


async def test_a_step_speaks_the_callers_language_and_leaves_the_threads_own():
    async def spoken() -> str | None:
        return await db.run(translation.get_language)

    with translation.override("en"):
        assert [await spoken() for _ in range(settings.DB_THREADS)] == ["en"] * settings.DB_THREADS
    with translation.override("fa"):
        assert await spoken() == "fa"
