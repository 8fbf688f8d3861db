"""Messages are written in the transaction of what they tell of."""

from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from src.webhooks.events import EVENTS
from src.webhooks.models import WebhookDelivery
from src.webhooks.services.claims import body_of
from src.webhooks.services.publishing import publish
from tests.webhooks.rows import make_webhook


def told() -> list[tuple]:
    return list(WebhookDelivery.objects.order_by("id").values_list("webhook_id", "event", "payload", "status"))


def test_each_active_webhook_that_wants_the_event_gets_a_row(db):
    wants, wants_more = make_webhook(), make_webhook(events=["job.failed", "job.succeeded"])
    make_webhook(events=["job.failed"])
    make_webhook(is_active=False)
    generation_id = uuid4()

    assert publish(event="job.succeeded", data={"generation_id": generation_id, "at": timezone.now()}) == 2

    assert {row[0] for row in told()} == {wants.pk, wants_more.pk}
    assert {row[1::2] for row in told()} == {("job.succeeded", "pending")}
    assert {row[2]["generation_id"] for row in told()} == {str(generation_id)}


@pytest.mark.parametrize("webhooks", [1, 4])
def test_it_costs_two_queries(db, django_assert_num_queries, webhooks):
    for _ in range(webhooks):
        make_webhook()

    with django_assert_num_queries(2):
        publish(event="job.succeeded", data={})


@pytest.mark.parametrize("events", [None, ["job.failed"]])
def test_it_costs_one_query_where_nobody_wants_it(db, django_assert_num_queries, events):
    if events:
        make_webhook(events=events)

    with django_assert_num_queries(1):
        assert publish(event="job.succeeded", data={}) == 0


def test_what_is_rolled_back_is_not_told(transactional_db):
    make_webhook()

    with pytest.raises(LookupError), transaction.atomic():
        publish(event="job.succeeded", data={})
        raise LookupError

    assert told() == []


def test_outside_a_transaction_it_is_refused(transactional_db):
    make_webhook()

    with pytest.raises(transaction.TransactionManagementError):
        publish(event="job.succeeded", data={})

    assert told() == []


def test_an_unknown_event_is_a_mistake_of_the_caller(db):
    with pytest.raises(ValueError, match=r"job\.lost"):
        publish(event="job.lost", data={})


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_can_be_wanted_and_told(db, event):
    make_webhook(events=[event])

    assert publish(event=event, data={}) == 1


def test_the_body_is_of_the_specifications_shape(db):
    make_webhook()
    publish(event="job.succeeded", data={"prompt": "گربه", "n": 2})
    row = WebhookDelivery.objects.get()

    moment = row.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert body_of(row).decode().startswith(f'{{"type":"job.succeeded","timestamp":"{moment}","data":{{')
    assert '"prompt":"گربه"' in body_of(row).decode()
