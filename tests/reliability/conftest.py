"""Worlds on every database and with every runner that this run has."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.reliability.databases import KIND, REDIS_URL, Databases, next_redis_url
from tests.reliability.world import QUICK, World, plain_environ

EMBEDDED_SQLITE, EMBEDDED_POSTGRES = ("sqlite", "embedded"), ("postgres", "embedded")
CELERY_SQLITE, CELERY_POSTGRES = ("sqlite", "celery"), ("postgres", "celery")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "reliability: kills processes and fails disks; NEGAREH_RELIABILITY=1 runs it")


def _is_here(place: tuple[str, str]) -> bool:
    kind, runner = place
    return kind == KIND and (runner == "embedded" or bool(REDIS_URL))


def each_of(*places: tuple[str, str]) -> list[Any]:
    """As parameters; those that this run has not are skipped."""
    needs = pytest.mark.skipif
    return [
        pytest.param(place, id="-".join(place), marks=needs(not _is_here(place), reason="not in this run"))
        for place in places
    ]


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    made = Databases(tmp_path_factory.mktemp("databases"), plain_environ())
    yield made
    made.drop()


@pytest.fixture(scope="session")
def world_at(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Callable[..., World]:
    """`with world_at(place, **environ) as world:`; leases and rounds are short where it `is_quick`."""

    def make(place: tuple[str, str], *, workers: int = 2, is_quick: bool = True, **environ: Any) -> World:
        kind, runner = place
        return World(
            tmp_path_factory.mktemp("world"),
            database_url=databases.new(kind),
            redis_url=next_redis_url() if runner == "celery" else "",
            workers=workers,
            **(QUICK if is_quick else {}),
            **environ,
        )

    return make
