"""The official huggingface_hub SDK, led to the played service: what it sends to Hugging Face's hosts goes there."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from huggingface_hub import set_client_factory
from huggingface_hub.inference._providers import _common, fal_ai, hf_inference, wavespeed, zai_org
from huggingface_hub.utils._http import default_client_factory

from tests.upstream.server import Upstream

HOSTS = ("huggingface.co", "router.huggingface.co")
KEY = "hf_test_good"
"""The SDK asks the router only with keys that begin like this, and the backends themselves with any other."""


class LedToUpstream(httpx2.BaseTransport):
    def __init__(self, url: str) -> None:
        self._url = url
        self._inner = httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host in HOSTS:
            request.url = httpx2.URL(self._url + request.url.raw_path.decode())
            request.headers["Host"] = request.url.netloc.decode()
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@contextmanager
def sdk_led_to(upstream: Upstream) -> Iterator[None]:
    """Within, `KEY` is a good key; the SDK forgets what it read of models, and waits less between polls."""
    upstream.good_keys.add(KEY)
    set_client_factory(lambda: httpx2.Client(transport=LedToUpstream(upstream.huggingface_url), timeout=10))
    _common._fetch_inference_provider_mapping.cache_clear()
    hf_inference._check_supported_task.cache_clear()
    usual = {module: module._POLLING_INTERVAL for module in (fal_ai, wavespeed, zai_org)}
    for module in usual:
        module._POLLING_INTERVAL = 0.05
    try:
        yield
    finally:
        for module, pause_s in usual.items():
            module._POLLING_INTERVAL = pause_s
        set_client_factory(default_client_factory)
