"""What the OpenAPI document says of `/api/usage/` is what is answered."""

import re

import pytest
from django.urls import get_resolver

from src.usage.models import LimitWarning
from src.usage.scopes import ScopeLimit
from tests import test_openapi
from tests.usage.conftest import PERSON, reserved, spent

ROOT = "/api/usage/"
document, operations = test_openapi.document, test_openapi.operations
failures_of = test_openapi.failures_of
CALLS = [
    ("get", "", None, 200),
    ("get", "?group_by=person&from=2026-01-01", None, 200),
    ("get", "?from=never", None, 400),
    ("get", "warnings/", None, 200),
    ("get", "limits/", None, 200),
    ("patch", "limits/", {"monthly_budget_micros": 5, "images_per_person_per_day": None}, 200),
    ("patch", "limits/", {"monthly_budget_micros": -5}, 400),
    ("get", "limits/mine/", None, 200),
    ("get", "limits/people/{user_id}/", None, 200),
    ("patch", "limits/people/{user_id}/", {"images_per_day": None}, 200),
    ("patch", "limits/people/{user_id}/", {"is_default": True}, 200),
    ("patch", "limits/people/{user_id}/", {}, 400),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), CALLS)
def test_an_answer_is_as_documented(document, operations, client_of, super_admin, stranger, method, path, body, status):
    spent(ScopeLimit(PERSON), micros=None, person_id=stranger.pk)
    reserved(ScopeLimit(PERSON), micros=None, person_id=stranger.pk)
    for kind, whose in (("team", {}), ("person_provider", {"person_id": stranger.pk, "provider_slug": "p"})):
        about = {"period": "2026-11", "unit": "micros", "percent": 80, "limit": 1, "spent": 1}
        LimitWarning.objects.create(scope_kind=kind, scope_id="1", **about, **whose)

    answer = getattr(client_of(super_admin), method)(ROOT + path.format(user_id=stranger.pk), body)

    responses = operations[method, ROOT + path.partition("?")[0]]["responses"]
    schema = responses[str(status)]["content"]["application/json"]["schema"]
    assert answer.status_code == status, answer.json()
    assert failures_of(document, schema, answer.json()) == []


def test_every_address_is_described(document, operations):
    patterns = get_resolver("src.usage.urls").url_patterns
    addresses = {ROOT + re.sub(r"<int:(\w+)>", r"{\1}", str(pattern.pattern)) for pattern in patterns}
    ours = {path: operation for (_method, path), operation in operations.items() if path.startswith(ROOT)}

    assert addresses == ours.keys()
    assert [path for path, operation in ours.items() if not operation["description"]] == []


@pytest.mark.parametrize("path", ["", "report.csv/"])
def test_what_a_report_may_be_asked_for_is_named(operations, path):
    found = {parameter["name"] for parameter in operations["get", ROOT + path]["parameters"]}

    assert found == {"group_by", "from", "to", "person", "provider", "model", "key_source"}
