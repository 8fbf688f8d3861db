"""Requests made up from our own OpenAPI document: whatever comes, the answer is one that the document names.

Calls that would ask an address of the caller's choice are left out, since no test leaves loopback: webhooks send there,
whatever happens. So is the stream that has no end.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from src.accounts.services import create_api_token
from src.core.token_scopes import SCOPES
from tests.factories import make_model, make_provider, make_sandbox

CHECKS = (content_type_conformance, response_schema_conformance, status_code_conformance)
LEFT_OUT = ("PUT", "PATCH", "DELETE")
ENDLESS = "/api/ai/admin/jobs/events/"
MADE_UP = settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def is_harmless(operation) -> bool:
    method, path = operation.method.upper(), operation.path
    names_addresses = method != "GET" and ("/image-providers/" in path or path.startswith("/api/webhooks/"))
    return not names_addresses and method not in LEFT_OUT and path != ENDLESS


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_no_made_up_request_is_a_failure_of_ours(server, super_admin, upstream):
    make_model(make_sandbox(), "canvas", image_spec={"sizes": ["64x64"]}, pricing=[])
    make_provider("openrouter", adapter="openrouter", api_base_url=upstream.openrouter_url, allow_private_address=True)
    token = create_api_token(user=super_admin, name="schema", scopes=SCOPES)[1]
    headers = {"Authorization": f"Bearer {token}"}
    schema = schemathesis.openapi.from_url(f"{server.url}/api/schema/?format=json")
    operations = [found.ok() for found in schema.get_all_operations()]
    tried = [operation for operation in operations if is_harmless(operation)]
    for operation in tried:
        send_made_up(operation, headers)

    assert len(tried) >= 12


def send_made_up(operation, headers: dict[str, str]) -> None:
    @MADE_UP
    @given(case=operation.as_strategy())
    def send(case):
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)
        assert response.status_code < 500, response.text

    send()
