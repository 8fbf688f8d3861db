"""Messages on the wire: signed, once, to no forbidden address, and again later where they were not taken."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from src.accounts.models import AuditEntry
from src.core import background
from src.core.outbound import Limits
from src.webhooks.models import DeliveryError, Webhook, WebhookDelivery
from src.webhooks.services.delivering import LIMITS, deliver_due, keep_delivering
from src.webhooks.services.publishing import publish
from tests.webhooks.receiver import Reply
from tests.webhooks.rows import OTHER_SECRET, SECRET, make_delivery, make_due, make_webhook

pytestmark = pytest.mark.django_db(transaction=True)
QUICK = Limits(connect_s=0.4, read_gap_s=0.4, total_s=0.4)


def deliver(**options) -> int:
    return asyncio.run(deliver_due(**options))


def row() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def test_a_message_goes_out_signed_as_the_specification_says(receiver):
    make_webhook(f"{receiver.url}/hooks?team=1")
    with transaction.atomic():
        publish(event="job.succeeded", data={"prompt": "گربه‌ای در برف", "n": 2})

    assert deliver() == 1

    [told] = receiver.told
    assert told.is_signed_with(SECRET) and not told.is_signed_with(OTHER_SECRET)
    assert told.path == "/hooks"
    assert told.headers["content-type"] == "application/json"
    assert told.headers["webhook-id"] == str(row().pk)
    assert abs(int(told.headers["webhook-timestamp"]) - time.time()) < 5
    document = json.loads(told.body)
    assert list(document) == ["type", "timestamp", "data"]
    assert (document["type"], document["data"]) == ("job.succeeded", {"prompt": "گربه‌ای در برف", "n": 2})


def test_a_message_that_was_taken_is_delivered_and_its_webhook_knows(receiver):
    webhook = make_webhook(receiver.url)
    make_delivery(webhook)
    receiver.replies.append(Reply(204))

    deliver()

    found = row()
    assert (found.status, found.attempts, found.last_status_code, found.last_error) == ("delivered", 1, 204, "")
    assert (found.next_attempt_at, found.lease_until) == (None, None) and found.finished_at
    webhook.refresh_from_db()
    assert (webhook.last_status, webhook.last_status_code, webhook.failing_since) == ("delivered", 204, None)
    assert webhook.last_attempt_at
    assert deliver() == 0
    assert len(receiver.told) == 1


def test_a_message_that_was_not_taken_is_sent_again_later_with_the_same_id_and_body(receiver):
    webhook = make_webhook(receiver.url)
    make_delivery(webhook)
    receiver.replies.append(Reply(500, body=b"no"))
    before = timezone.now()

    deliver()
    waiting = row()
    webhook.refresh_from_db()
    tried_too_early = deliver()
    make_due()
    deliver()

    assert (waiting.status, waiting.last_status_code, waiting.last_error) == ("pending", 500, "http_status")
    assert timedelta(seconds=5) <= waiting.next_attempt_at - before <= timedelta(seconds=9)
    assert webhook.last_status == "failed" and webhook.failing_since >= before
    assert tried_too_early == 0
    assert (row().status, row().attempts) == ("delivered", 2)
    first, second = receiver.told
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body and second.is_signed_with(SECRET)
    webhook.refresh_from_db()
    assert webhook.failing_since is None


def test_a_redirect_is_not_followed(receiver):
    make_delivery(make_webhook(f"{receiver.url}/old"))
    receiver.replies.append(Reply(307, {"Location": f"{receiver.url}/new"}))

    deliver()

    assert [told.path for told in receiver.told] == ["/old"]
    assert (row().status, row().last_status_code, row().last_error) == ("pending", 307, "http_status")


def test_a_receiver_that_says_nothing_is_given_up_by_the_clock(receiver):
    make_delivery(make_webhook(receiver.url))
    receiver.replies.append(Reply(silent_s=5))
    started = time.monotonic()

    deliver(limits=QUICK)

    assert time.monotonic() - started < 3
    assert (row().status, row().last_error, row().last_status_code) == ("pending", "timeout", None)
    assert LIMITS.total_s == LIMITS.read_gap_s == LIMITS.connect_s == 10


def test_a_receiver_that_hangs_up_is_tried_again(receiver):
    make_delivery(make_webhook(receiver.url))
    receiver.replies.append(Reply(hangs_up=True))

    deliver()

    assert (row().status, row().last_error) == ("pending", "connection_lost")


def test_a_port_where_nobody_listens_is_unreachable():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        make_delivery(make_webhook(f"http://127.0.0.1:{reserved.getsockname()[1]}"))

        deliver()

    assert (row().status, row().last_error) == ("pending", "unreachable")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {"Content-Length": str(2**40)}, b"a little of it"),
        Reply(200, stall_s=5),
        Reply(200, body=b"x" * 3_000_000),
    ],
    ids=["declares a terabyte", "never ends", "three megabytes"],
)
def test_what_a_receiver_that_took_it_has_to_say_does_not_matter(receiver, reply):
    make_delivery(make_webhook(receiver.url))
    receiver.replies.append(reply)

    deliver(limits=Limits(**{**vars(LIMITS), "read_gap_s": 0.5, "total_s": 0.5}))

    assert (row().status, row().last_status_code) == ("delivered", 200)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://localhost:{port}/", False),
        ("https://127.0.0.1:{port}/", False),
        ("http://127.0.0.1:{port}/", False),
        ("http://[::1:{port}/", True),
    ],
)
def test_no_private_address_is_called_unless_it_is_allowed(receiver, url, allowed):
    """`localhost` is a name that only the resolver knows to be private."""
    port = receiver.url.rsplit(":", 1)[1]
    make_delivery(make_webhook(url.format(port=port), allow_private_address=allowed))

    deliver()

    assert receiver.told == []
    assert (row().status, row().last_error) == ("pending", "address_not_allowed")


def test_a_secret_that_cannot_be_opened_sends_nothing_unsigned(receiver):
    webhook = make_webhook(receiver.url)
    Webhook.objects.filter(pk=webhook.pk).update(key_sealed="v1.00000000.AAAA")
    make_delivery(webhook)

    deliver()

    assert receiver.told == []
    assert (row().status, row().last_error) == ("pending", "secret_unreadable")


def test_an_address_changed_in_the_database_is_not_signed_for(receiver):
    webhook = make_webhook("https://receiver.example/")
    Webhook.objects.filter(pk=webhook.pk).update(url=receiver.url, allow_private_address=True)
    make_delivery(webhook)

    deliver()

    assert receiver.told == []
    assert row().last_error == DeliveryError.SECRET_UNREADABLE


def test_gone_switches_the_webhook_off_and_gives_up_what_waits(receiver):
    webhook = make_webhook(receiver.url)
    make_delivery(webhook)
    make_delivery(webhook, next_attempt_at=timezone.now() + timedelta(hours=1))
    receiver.replies.append(Reply(410))

    deliver()

    webhook.refresh_from_db()
    assert not webhook.is_active
    found = WebhookDelivery.objects.values_list("status", "last_error", "last_status_code")
    assert set(found) == {("failed", "http_status", 410), ("failed", "switched_off", None)}
    entry = AuditEntry.objects.get(action="webhook.switched_off")
    assert (entry.object_id, entry.actor_id, entry.channel) == (str(webhook.pk), None, "system")
    assert entry.after == {"is_active": False, "reason": "gone"}


def test_a_webhook_that_is_switched_off_is_not_called(receiver):
    make_delivery(make_webhook(receiver.url, is_active=False))

    assert deliver() == 0
    assert receiver.told == []


def test_two_deliverers_at_once_send_each_message_once(receiver):
    webhooks = [make_webhook(receiver.url) for _ in range(4)]
    made = [make_delivery(webhook) for webhook in webhooks for _ in range(5)]

    async def both() -> list[int]:
        return await asyncio.gather(*(deliver_due() for _ in range(4)))

    assert sum(asyncio.run(both())) == 20
    assert sorted(receiver.ids) == sorted(str(delivery.pk) for delivery in made)
    assert set(WebhookDelivery.objects.values_list("status", "attempts")) == {("delivered", 1)}


def test_no_transaction_is_open_while_the_receiver_is_asked(receiver):
    webhook = make_webhook(receiver.url)
    make_delivery(webhook)
    receiver.replies.append(Reply(silent_s=0.5))

    async def write_meanwhile() -> int:
        sending = asyncio.create_task(deliver_due())
        while not receiver.told:
            await asyncio.sleep(0.01)
        written = await asyncio.to_thread(write)
        assert not sending.done()
        await sending
        return written

    def write() -> int:
        try:
            return Webhook.objects.filter(pk=webhook.pk).update(description="written meanwhile")
        finally:
            connection.close()

    assert asyncio.run(write_meanwhile()) == 1
    webhook.refresh_from_db()
    assert (webhook.description, webhook.last_status) == ("written meanwhile", "delivered")


def test_one_that_does_not_answer_leaves_room_for_others(receiver):
    slow, other = make_webhook(receiver.url), make_webhook(receiver.url)
    earlier = timezone.now() - timedelta(minutes=1)
    for _ in range(8):
        make_delivery(slow, next_attempt_at=earlier)
    last = make_delivery(other)

    assert deliver(limit=6) == 6

    assert str(last.pk) in receiver.ids
    assert deliver() == 3


@contextmanager
def no_second_delivered_row() -> Iterator[None]:
    """The database refuses to record it."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX only_one ON webhooks_webhookdelivery (status) WHERE status = 'delivered'")
        try:
            yield
        finally:
            cursor.execute("DROP INDEX only_one")


def test_a_failure_of_ours_stops_no_other_message_and_the_lease_brings_it_back(receiver, caplog):
    webhook = make_webhook(receiver.url)
    made = {str(make_delivery(webhook).pk) for _ in range(2)}

    with no_second_delivered_row():
        tried = deliver()
    statuses = sorted(WebhookDelivery.objects.values_list("status", flat=True))
    WebhookDelivery.objects.filter(status="pending").update(lease_until=timezone.now())
    again = deliver()

    assert (tried, statuses, again) == (2, ["delivered", "pending"], 1)
    assert "webhook_attempt_broke_off" in caplog.text
    assert set(receiver.ids) == made and len(receiver.ids) == 3
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"delivered"}


def test_it_goes_on_until_it_is_cancelled(receiver):
    webhook = make_webhook(receiver.url)
    make_delivery(webhook)

    async def run_a_while() -> None:
        running = asyncio.create_task(keep_delivering(poll_s=0.05))
        await until(lambda: len(receiver.told) == 1)
        await asyncio.to_thread(another)
        await until(lambda: len(receiver.told) == 2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    async def until(is_so) -> None:
        async with asyncio.timeout(5):
            while not is_so():
                await asyncio.sleep(0.01)

    def another() -> None:
        try:
            make_delivery(webhook)
        finally:
            connection.close()

    asyncio.run(run_a_while())


def test_it_begins_nothing_while_the_process_stops(receiver):
    make_delivery(make_webhook(receiver.url))

    async def stop_at_once() -> int:
        background.begin_draining(asyncio.get_running_loop())
        await asyncio.wait_for(keep_delivering(), 5)
        return await background.drain(1)

    assert asyncio.run(stop_at_once()) == 0
    assert receiver.told == []


def test_what_is_being_sent_when_it_is_cancelled_is_finished(receiver):
    make_delivery(make_webhook(receiver.url))
    receiver.replies.append(Reply(silent_s=0.3))

    async def cancel_midway() -> int:
        running = asyncio.create_task(keep_delivering())
        while not receiver.told:
            await asyncio.sleep(0.01)
        running.cancel()
        return await background.drain(5)

    assert asyncio.run(cancel_midway()) == 0
    assert row().status == "delivered"


def test_no_secret_and_no_address_is_logged(receiver, caplog):
    caplog.set_level("DEBUG")
    make_delivery(make_webhook(f"{receiver.url}/T0KEN-in-path"))
    receiver.replies.append(Reply(500, body=b"T0KEN"))

    deliver()

    assert "webhook_attempt" in caplog.text
    assert not any(word in caplog.text for word in ("T0KEN", SECRET[6:], receiver.url))
