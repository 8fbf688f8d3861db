"""Looking at messages, sending them again, forgetting them."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from src.accounts.models import AuditEntry
from src.webhooks.models import WebhookDelivery
from src.webhooks.services.claims import claim_due
from src.webhooks.services.deliveries import sweep_deliveries
from tests.webhooks.rows import ROOT, make_delivery, make_finished, make_webhook


@pytest.fixture
def boss(client_of, super_admin):
    return client_of(super_admin, language="en")


def test_messages_of_one_webhook_are_listed_newest_first(boss):
    webhook = make_webhook()
    made = [make_finished(webhook), make_delivery(webhook, payload={"n": 2})]
    make_delivery(make_webhook())

    answer = boss.get(f"{ROOT}{webhook.pk}/deliveries/")

    results = answer.json()["data"]["results"]
    assert [row["id"] for row in results] == [str(row.pk) for row in reversed(made)]
    assert set(results[0]) == {
        *("id", "event", "payload", "status", "attempts", "next_attempt_at"),
        *("last_status_code", "last_error", "created_at", "finished_at"),
    }
    assert (results[0]["payload"], results[0]["status"]) == ({"n": 2}, "pending")


def test_the_list_is_paged_and_costs_the_same_whatever_its_length(boss, django_assert_num_queries):
    webhook = make_webhook()
    for _ in range(5):
        make_delivery(webhook)
    path = f"{ROOT}{webhook.pk}/deliveries/"

    for size in (1, 5):
        # Session, person, webhook, messages.
        with django_assert_num_queries(4):
            page = boss.get(path, {"page_size": size}).json()["data"]
        assert len(page["results"]) == size
    first = boss.get(path, {"page_size": 3}).json()["data"]
    second = boss.get(first["next"]).json()["data"]
    assert len({row["id"] for row in first["results"] + second["results"]}) == 5


@pytest.mark.parametrize(
    ("query", "count"), [({"status": "delivered"}, 1), ({"event": "job.succeeded"}, 2), ({"event": "job.failed"}, 0)]
)
def test_the_list_is_filtered(boss, query, count):
    webhook = make_webhook()
    make_finished(webhook)
    make_delivery(webhook)

    assert len(boss.get(f"{ROOT}{webhook.pk}/deliveries/", query).json()["data"]["results"]) == count


@pytest.mark.parametrize(("query", "field"), [({"status": "lost"}, "status"), ({"colour": "red"}, "colour")])
def test_an_unknown_filter_is_refused(boss, query, field):
    answer = boss.get(f"{ROOT}{make_webhook().pk}/deliveries/", query)

    assert answer.status_code == 400 and field in answer.json()["errors"]


@pytest.mark.parametrize("status", ["delivered", "failed"])
def test_a_finished_message_is_put_in_line_again_under_its_id(boss, super_admin, status):
    webhook = make_webhook()
    row = make_finished(webhook, status, attempts=7, last_status_code=500, last_error="http_status")

    answer = boss.post(f"{ROOT}{webhook.pk}/deliveries/{row.pk}/redeliver/")

    document = answer.json()
    assert (answer.status_code, document["code"]) == (202, "webhook_delivery_queued")
    shown = {name: document["data"][name] for name in ("id", "status", "attempts", "last_error", "finished_at")}
    assert shown == {"id": str(row.pk), "status": "pending", "attempts": 0, "last_error": "", "finished_at": None}
    assert [claim.delivery_id for claim in claim_due(limit=20)] == [row.pk]
    entry = AuditEntry.objects.get(action="webhook.redelivered")
    assert (entry.actor_id, entry.object_id) == (super_admin.pk, str(webhook.pk))
    assert entry.after == {"delivery_id": str(row.pk), "event": "job.succeeded"}


def test_a_message_in_line_is_not_put_there_again(boss):
    webhook = make_webhook()
    row = make_delivery(webhook)

    answer = boss.post(f"{ROOT}{webhook.pk}/deliveries/{row.pk}/redeliver/")

    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_delivery_pending")
    assert not AuditEntry.objects.exists()


def test_nothing_is_put_in_line_for_a_webhook_that_is_switched_off(boss):
    webhook = make_webhook(is_active=False)
    row = make_finished(webhook)

    answer = boss.post(f"{ROOT}{webhook.pk}/deliveries/{row.pk}/redeliver/")

    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_switched_off")
    row.refresh_from_db()
    assert row.status == "delivered"


@pytest.mark.parametrize("which", ["unknown message", "unknown webhook", "another webhook's"])
def test_a_message_that_is_not_there_is_404(boss, which):
    webhook, other = make_webhook(), make_webhook()
    row = make_finished(webhook)
    webhook_id = {"unknown webhook": uuid.uuid4(), "another webhook's": other.pk}.get(which, webhook.pk)
    delivery_id = uuid.uuid4() if which == "unknown message" else row.pk

    assert boss.post(f"{ROOT}{webhook_id}/deliveries/{delivery_id}/redeliver/").status_code == 404


def test_the_messages_of_an_unknown_webhook_are_404(boss):
    assert boss.get(f"{ROOT}{uuid.uuid4()}/deliveries/").status_code == 404


def test_the_sweep_forgets_what_was_finished_thirty_days_ago(db):
    webhook, now = make_webhook(), timezone.now()
    old = now - timedelta(days=30, minutes=1)
    make_finished(webhook, finished_at=old)
    make_finished(webhook, "failed", finished_at=old)
    kept = {
        make_finished(webhook, finished_at=now - timedelta(days=29)).pk,
        make_delivery(webhook, next_attempt_at=old).pk,
    }

    assert sweep_deliveries() == 2
    assert set(WebhookDelivery.objects.values_list("pk", flat=True)) == kept
    assert sweep_deliveries() == 0


def test_the_sweep_gives_up_what_a_switched_off_webhook_left_behind(db):
    webhook = make_webhook(is_active=False)
    now = timezone.now()
    left = make_delivery(webhook, lease_until=now - timedelta(minutes=5))
    being_sent = make_delivery(webhook, lease_until=now + timedelta(minutes=1))

    sweep_deliveries()

    left.refresh_from_db()
    being_sent.refresh_from_db()
    assert (left.status, left.last_error, left.lease_until) == ("failed", "switched_off", None)
    assert being_sent.status == "pending"
