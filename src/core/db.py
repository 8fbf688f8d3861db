"""Threads that touch the database: a fixed, small number of them, each with a connection of its own.

`POOL` serves the sync steps of async code (`run`) and, through `SharedThreads`, the sync views and middleware of
the ASGI server; a request that waits for its picture holds none of them. Views that wait for a service themselves
(a key check, a list of models) run on `PATIENT_POOL`, where they can keep only each other waiting.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from django.conf import settings
from django.db import close_old_connections
from django.utils.translation import get_language, override

T = TypeVar("T")


class DatabaseThreads(ThreadPoolExecutor):
    """Drops a connection that broke or grew old, before and after each piece of work."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        return super().submit(_with_fresh_connections, fn, *args, **kwargs)


def _with_fresh_connections(fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    close_old_connections()
    try:
        return fn(*args, **kwargs)
    finally:
        close_old_connections()


POOL = DatabaseThreads(max_workers=settings.DB_THREADS, thread_name_prefix="db")
FILE_POOL = ThreadPoolExecutor(max_workers=settings.FILE_THREADS, thread_name_prefix="files")
KEEPING_POOL = ThreadPoolExecutor(max_workers=8, thread_name_prefix="keeping")
PATIENT_POOL = DatabaseThreads(max_workers=settings.PATIENT_THREADS, thread_name_prefix="patient")


async def run(fn: Callable[..., T], /, **kwargs: Any) -> T:
    """Run one sync database step (with its own transaction) off the event loop, in the caller's language."""
    return await _run_on(POOL, fn, **kwargs)


async def run_with_files(fn: Callable[..., T], /, **kwargs: Any) -> T:
    """Run a step that opens stored files, which may lie in a slow service, and touches no database."""
    return await _run_on(FILE_POOL, fn, **kwargs)


async def run_keeping(fn: Callable[..., T], /, **kwargs: Any) -> T:
    """Run a step that puts away what is paid for, which must not wait behind others."""
    return await _run_on(KEEPING_POOL, fn, **kwargs)


async def _run_on(pool: ThreadPoolExecutor, fn: Callable[..., T], /, **kwargs: Any) -> T:
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, partial(context.run, _run_in_language, get_language(), fn, **kwargs))


def _run_in_language(language: str | None, fn: Callable[..., T], /, **kwargs: Any) -> T:
    """Django keeps the language where another thread does not see it, though the context is copied."""
    with override(language):
        return fn(**kwargs)


class SharedThreads(ThreadSensitiveContext):
    """Django's per-request thread context, on the shared pool.

    Stock Django keeps one thread per request in flight for as long as the request lasts, idle or not. Every hop
    here is complete in itself (no transaction spans two), so any thread of the pool may take it.
    """

    def __init__(self, pool: DatabaseThreads = POOL):
        super().__init__()
        self._pool = pool

    async def __aenter__(self):
        await super().__aenter__()
        SyncToAsync.context_to_thread_executor[self] = self._pool
        return self

    async def __aexit__(self, exc, value, tb):
        SyncToAsync.context_to_thread_executor.pop(self, None)
        return await super().__aexit__(exc, value, tb)
