"""Calls that wait for a service keep only each other waiting."""

import http.client
import threading
from urllib.parse import urlsplit

from django.conf import settings

from src.accounts.services import create_api_token
from tests.factories import make_openai


def ask(server, method: str, path: str, token: str, timeout_s: float) -> int:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=timeout_s)
    try:
        connection.request(method, path, headers={"Authorization": f"Bearer {token}"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_many_key_checks_leave_the_rest_of_the_server_answering(server, upstream, super_admin):
    provider = make_openai(upstream)
    token = create_api_token(user=super_admin, name="t", scopes=["providers", "images"])[1]
    path = f"/api/ai/admin/image-providers/{provider.pk}/validate-api-key/"
    found: list[int] = []
    checks = [
        threading.Thread(target=lambda: found.append(ask(server, "POST", path, token, 20)))
        for _ in range(settings.DB_THREADS + settings.PATIENT_THREADS)
    ]

    with upstream.hold():
        for check in checks:
            check.start()
        upstream.wait_until_in_flight(settings.PATIENT_THREADS)
        assert ask(server, "GET", "/api/ai/admin/images/models/", token, 5) == 200
        assert ask(server, "GET", "/readyz", token, 5) == 200
    for check in checks:
        check.join()

    assert set(found) == {200}
