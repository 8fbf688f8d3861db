"""One installation for all tests of this folder that need one, a balancer before it, and a provider in it."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.balancer import Balancer
from tests.deploy.client import API, Client
from tests.deploy.installation import POSTGRES_URL, REDIS_URL, Installation
from tests.factories import GOOD_KEY
from tests.upstream import Upstream

IS_ON = os.environ.get("NEGAREH_DEPLOY") == "1" and bool(POSTGRES_URL and REDIS_URL)
needs_machine = pytest.mark.skipif(not IS_ON, reason="NEGAREH_DEPLOY=1, with PostgreSQL and Redis, switches it on")
PRICE = 40_000
"""Micros of one picture."""
SPEC = {"sizes": ["1024x1024"], "max_n": 4, "edit": True, "max_reference_images": 4, "partial_images": 3}


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("deploy")) as running:
        yield running


@pytest.fixture
def balancer(installation: Installation) -> Iterator[Balancer]:
    with Balancer(installation.web_ports) as running:
        yield running


@pytest.fixture
def client(balancer: Balancer, installation: Installation) -> Client:
    """The super admin, over the balancer."""
    return Client(balancer.url, installation.token)


@pytest.fixture
def first(client: Client, installation: Installation) -> Client:
    """The same at one web process."""
    return client.at(installation.web_urls[0])


@pytest.fixture
def second(client: Client, installation: Installation) -> Client:
    """The same at the other."""
    return client.at(installation.web_urls[1])


@pytest.fixture
def model(client: Client, upstream: Upstream) -> int:
    """A model of the played OpenAI."""
    return make_model(client, upstream, "played")


def make_model(client: Client, upstream: Upstream, slug: str, **provider: Any) -> int:
    """Over the API, as an operator does; made once, and then the same."""
    made = client.post(
        f"{API}image-providers/",
        {
            "slug": slug,
            "name": slug,
            "adapter": "openai",
            "api_base_url": upstream.openai_url,
            "allow_private_address": True,
            "shared_api_key": GOOD_KEY,
            "is_active": True,
            **provider,
        },
    )
    assert made.status in (200, 201) and made.data["is_active"], made.body
    models = f"{API}image-providers/{made.data['id']}/models/"
    if made.status == 201:
        pricing = [{"unit": "image", "price": str(PRICE)}]
        sent = {"model_id": "gpt-image-2.5-flare", "capabilities": ["image", "image_edit"], "image_spec": SPEC}
        assert client.post(models, {**sent, "pricing": pricing}).status == 201
    return client.get(models).data["results"][0]["id"]
