"""Claims, leases, the schedule of attempts, and when a webhook is switched off."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from src.accounts.models import AuditEntry
from src.webhooks.models import WebhookDelivery
from src.webhooks.services.claims import claim_due
from src.webhooks.services.outcomes import JITTER, MAX_ATTEMPTS, RETRY_AFTER_S, Outcome, record_outcome
from tests.webhooks.rows import make_delivery, make_webhook

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
FAILED, TAKEN = Outcome(500, "http_status"), Outcome(200)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def attempt(outcome: Outcome) -> WebhookDelivery:
    [claim] = claim_due(limit=20)
    assert record_outcome(claim=claim, outcome=outcome)
    return WebhookDelivery.objects.get(pk=claim.delivery_id)


def test_it_is_tried_seven_times_in_eighteen_hours_and_then_given_up(db, clock):
    make_delivery(make_webhook())

    for number, wait_s in enumerate(RETRY_AFTER_S, start=1):
        found = attempt(FAILED)
        waits = (found.next_attempt_at - timezone.now()).total_seconds()
        assert wait_s <= waits <= wait_s * (1 + JITTER)
        assert (found.status, found.attempts, claim_due(limit=20)) == ("pending", number, [])
        clock.move_to(found.next_attempt_at)
    found = attempt(FAILED)

    assert RETRY_AFTER_S == (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600)
    assert (found.status, found.attempts, found.finished_at) == ("failed", MAX_ATTEMPTS, timezone.now())
    assert claim_due(limit=20) == []


def test_the_waits_differ(db, clock):
    webhook = make_webhook()
    for _ in range(5):
        make_delivery(webhook)

    for claim in claim_due(limit=20):
        record_outcome(claim=claim, outcome=FAILED)

    assert len(set(WebhookDelivery.objects.values_list("next_attempt_at", flat=True))) > 1


def test_what_is_claimed_is_nobody_elses_until_the_lease_ends(db, clock):
    make_delivery(make_webhook())

    [first] = claim_due(limit=20)
    clock.shift(59)
    none = claim_due(limit=20)
    clock.shift(1)
    [second] = claim_due(limit=20)

    assert none == []
    assert second.delivery_id == first.delivery_id
    assert WebhookDelivery.objects.get().attempts == 2


def test_a_result_that_comes_after_the_lease_changes_nothing(db, clock):
    webhook = make_webhook()
    make_delivery(webhook)
    [first] = claim_due(limit=20)
    clock.shift(60)
    [second] = claim_due(limit=20)

    assert record_outcome(claim=first, outcome=FAILED) is False
    assert WebhookDelivery.objects.get().lease_until == second.lease_until
    webhook.refresh_from_db()
    assert webhook.last_status == ""
    assert record_outcome(claim=second, outcome=TAKEN) is True
    assert record_outcome(claim=second, outcome=FAILED) is False
    assert WebhookDelivery.objects.get().status == "delivered"


def test_a_result_for_a_webhook_that_was_deleted_is_dropped(db):
    webhook = make_webhook()
    make_delivery(webhook)
    [claim] = claim_due(limit=20)
    webhook.delete()

    assert record_outcome(claim=claim, outcome=TAKEN) is False


def test_the_claim_costs_one_query_where_nothing_is_due(db, django_assert_num_queries):
    make_delivery(make_webhook(), next_attempt_at=timezone.now() + timedelta(minutes=1))

    with django_assert_num_queries(1):
        assert claim_due(limit=20) == []


def test_a_claim_shows_no_secret_and_no_address(db):
    make_delivery(make_webhook("https://receiver.example/T0KEN"))

    [claim] = claim_due(limit=20)

    assert "T0KEN" not in repr(claim) and claim.secret.reveal() not in repr(claim)


@pytest.mark.parametrize(("days", "stays"), [(4.99, True), (5, False)])
def test_five_days_of_failures_switch_a_webhook_off(db, clock, days, stays):
    webhook = make_webhook()
    make_delivery(webhook)
    attempt(FAILED)
    clock.shift(timedelta(days=days))
    make_delivery(webhook, attempts=MAX_ATTEMPTS - 1, next_attempt_at=START)
    for claim in claim_due(limit=1):
        record_outcome(claim=claim, outcome=FAILED)

    webhook.refresh_from_db()
    assert webhook.is_active is stays
    pending = WebhookDelivery.objects.filter(status="pending").count()
    assert pending == (1 if stays else 0)
    reasons = [entry.after for entry in AuditEntry.objects.filter(action="webhook.switched_off")]
    assert reasons == ([] if stays else [{"is_active": False, "reason": "failing"}])


def test_one_failure_after_a_long_silence_does_not_switch_a_webhook_off(db, clock):
    webhook = make_webhook()
    make_delivery(webhook, attempts=MAX_ATTEMPTS - 1)
    assert attempt(FAILED).status == "failed"
    clock.shift(timedelta(days=6))
    make_delivery(webhook)

    found = attempt(FAILED)

    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.failing_since, found.status) == (True, START, "pending")


def test_one_success_begins_the_five_days_anew(db, clock):
    webhook = make_webhook()
    make_delivery(webhook)
    attempt(FAILED)
    clock.shift(timedelta(days=3))
    attempt(TAKEN)
    clock.shift(timedelta(days=3))
    make_delivery(webhook)
    attempt(FAILED)

    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.failing_since) == (True, timezone.now())


def test_a_failure_of_a_webhook_switched_off_meanwhile_is_final(db):
    webhook = make_webhook()
    make_delivery(webhook)
    [claim] = claim_due(limit=20)
    type(webhook).objects.update(is_active=False)

    record_outcome(claim=claim, outcome=FAILED)

    assert WebhookDelivery.objects.get().status == "failed"
    assert not AuditEntry.objects.exists()
