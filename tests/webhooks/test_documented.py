"""What the OpenAPI document says of `/api/webhooks/` is what is answered."""

import re

import pytest
from django.urls import get_resolver

from tests import test_openapi
from tests.webhooks.rows import PUBLIC, ROOT, make_delivery, make_finished, make_webhook

document, operations = test_openapi.document, test_openapi.operations
failures_of = test_openapi.failures_of
CALLS = [
    ("get", "", None, 200),
    ("post", "", {"url": PUBLIC, "events": ["job.failed"]}, 201),
    ("post", "", {"url": PUBLIC}, 400),
    ("get", "{webhook_id}/", None, 200),
    ("patch", "{webhook_id}/", {"is_active": False}, 200),
    ("patch", "{webhook_id}/", {"rotate_secret": True}, 200),
    ("delete", "{webhook_id}/", None, 200),
    ("post", "{webhook_id}/test/", None, 202),
    ("get", "{webhook_id}/deliveries/", None, 200),
    ("post", "{webhook_id}/deliveries/{delivery_id}/redeliver/", None, 202),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), CALLS)
def test_an_answer_is_as_documented(document, operations, client_of, super_admin, method, path, body, status):
    webhook = make_webhook(created_by=None)
    make_delivery(webhook)
    address = ROOT + path.format(webhook_id=webhook.pk, delivery_id=make_finished(webhook).pk)

    answer = getattr(client_of(super_admin), method)(address, body)

    schema = operations[method, ROOT + path]["responses"][str(status)]["content"]["application/json"]["schema"]
    assert answer.status_code == status, answer.json()
    assert failures_of(document, schema, answer.json()) == []


def test_every_address_is_described(operations):
    patterns = get_resolver("src.webhooks.urls").url_patterns
    addresses = {ROOT + re.sub(r"<uuid:(\w+)>", r"{\1}", str(pattern.pattern)) for pattern in patterns}
    ours = {path: operation for (_method, path), operation in operations.items() if path.startswith(ROOT)}

    assert addresses == ours.keys()
    assert [path for path, operation in ours.items() if not operation["description"]] == []


def test_a_secret_is_documented_only_where_it_may_be(document):
    schemas = document["components"]["schemas"]

    assert [name for name, schema in schemas.items() if "secret" in schema.get("properties", {})] == [
        "CreateWebhookRequest",
        "SavedWebhook",
    ]
