"""One pool of connections for the process, whichever thread asks; needs a Redis."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.cache import caches

REDIS_URL = os.environ.get("REDIS_URL", "")
THREADS = 8


@pytest.mark.skipif(not REDIS_URL, reason="REDIS_URL switches it on")
def test_threads_share_one_pool(settings):
    together = Barrier(THREADS)

    def pool_of_this_thread(number: int):
        together.wait()
        cache = caches.create_connection("default")
        cache.set(f"thread-{number}", number)
        assert cache.get(f"thread-{number}") == number
        return id(cache._cache.get_client(None, write=True).connection_pool)

    with ThreadPoolExecutor(THREADS) as threads:
        assert len(set(threads.map(pool_of_this_thread, range(THREADS)))) == 1
