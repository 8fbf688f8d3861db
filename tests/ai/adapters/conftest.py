"""Connections to the played services, and a recorder of events."""

import pytest

from src.ai.providers.contract import Event, ProviderConnection
from src.core.secret import Secret
from tests.upstream import Upstream

GOOD_KEY = "sk-test-good"


class Events(list[Event]):
    """An `on_event` that remembers."""

    async def __call__(self, event: Event) -> None:
        self.append(event)


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def openai_connection(upstream: Upstream) -> ProviderConnection:
    return ProviderConnection(base_url=upstream.openai_url, key=Secret(GOOD_KEY), allow_private=True, timeout_s=5)
