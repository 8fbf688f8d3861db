"""What every test may use: people, clients, the played providers, a real server; and the guard on sockets."""

import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from asgiref.sync import SyncToAsync
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connections
from rest_framework.test import APIClient

from src.accounts.models import User
from src.accounts.services import create_api_token
from src.core.groups import AI_MANAGERS, MEDIA_MANAGERS
from src.core.starting_files import write_missing_secrets
from src.core.token_scopes import SCOPES
from tests.serving import Server
from tests.upstream import Upstream


def pytest_configure() -> None:
    write_missing_secrets()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup) -> Iterator[None]:
    """PostgreSQL drops no database that a thread is still connected to: async tests leave one in asgiref's."""
    yield
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(autouse=True)
def sockets_stay_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        is_internet = self.family in (socket.AF_INET, socket.AF_INET6)
        if is_internet and not ip_address(address[0]).is_loopback:
            raise AssertionError(f"a socket left loopback for {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def folders_of_its_own(tmp_path: Path, settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.INBOX_DIR = tmp_path / "inbox"


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture(scope="session")
def running_upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(running_upstream: Upstream) -> Iterator[Upstream]:
    """The one running server, normal again before each test; a switch left unused fails the test."""
    running_upstream.reset()
    yield running_upstream
    assert running_upstream.unused_switches == 0


@pytest.fixture
def super_admin(db) -> User:
    """Holds every permission."""
    return User.objects.create_superuser("super")


@pytest.fixture
def ai_manager(db) -> User:
    """In the group AI managers, and nothing more."""
    return _member_of("manager", AI_MANAGERS)


@pytest.fixture
def other_manager(db) -> User:
    return _member_of("other", AI_MANAGERS)


@pytest.fixture
def media_manager(db) -> User:
    return _member_of("librarian", MEDIA_MANAGERS)


@pytest.fixture
def stranger(db) -> User:
    """Signed in, in no group."""
    return User.objects.create_user("stranger")


def _member_of(username: str, group_name: str) -> User:
    user = User.objects.create_user(username)
    user.groups.add(Group.objects.get(name=group_name))
    return user


@pytest.fixture
def client_of() -> Callable[..., APIClient]:
    """`client_of(user)` speaks with a session; `client_of(user, scopes=[...])` with a token; `client_of()` as nobody.

    Answers are in Persian; `language="en"` for English.
    """

    def make(user: User | None = None, *, scopes: list[str] | None = None, language: str = "") -> APIClient:
        client = APIClient(headers={"accept-language": language} if language else {})
        if user is not None and scopes is None:
            client.force_login(user)
        if user is not None and scopes is not None:
            _token, text = create_api_token(user=user, name="test", scopes=scopes)
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        return client

    return make


@pytest.fixture
def token_of() -> Callable[[User], str]:
    """A token of the person's that may do all."""
    return lambda user: create_api_token(user=user, name="test", scopes=SCOPES)[1]


@pytest.fixture
def server(transactional_db) -> Iterator[Server]:
    """The real ASGI application under uvicorn, on a loopback port."""
    with Server() as running:
        yield running
