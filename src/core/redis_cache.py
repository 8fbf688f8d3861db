"""Redis as Django's cache, with one pool of connections for the whole process.

Django makes a cache, and with it a pool, for each thread and context. Dropped with it, their sockets stayed open until
the garbage collector came by.
"""

from threading import Lock
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient

_clients: dict[tuple[str, ...], RedisCacheClient] = {}
_lock = Lock()


class SharedRedisCache(RedisCache):
    _servers: list[str]

    @property
    def _cache(self) -> Any:
        servers = tuple(self._servers)
        with _lock:
            if servers not in _clients:
                client = RedisCacheClient(list(servers))
                # Makes the pool, of which two threads at once would make two. Many may use it.
                client.get_client(None, write=True)
                _clients[servers] = client
        return _clients[servers]
