"""Making, seeing, changing, testing and deleting webhooks."""

import uuid

import pytest

from src.accounts.models import AuditEntry
from src.core.errors import Misconfigured
from src.webhooks.models import Webhook, WebhookDelivery
from src.webhooks.services.stored_secrets import open_secret
from src.webhooks.signing import is_standard_secret
from tests.webhooks.rows import OTHER_SECRET, PUBLIC, ROOT, SECRET, make_delivery, make_webhook

NEW = {"url": PUBLIC, "events": ["job.failed", "job.succeeded"]}
SHORT = "whsec_c2hvcnQ="


@pytest.fixture
def boss(client_of, super_admin):
    return client_of(super_admin, language="en")


def codes(answer) -> dict[str, list[str]]:
    return {name: [error["code"] for error in found] for name, found in answer.json()["errors"].items()}


def test_a_webhook_is_made_with_a_new_secret_that_is_shown_once(boss, super_admin):
    answer = boss.post(ROOT, {**NEW, "description": "Slack of the team"})

    document = answer.json()
    assert (answer.status_code, document["code"]) == (201, "webhook_created")
    made, secret = Webhook.objects.get(), document["data"].pop("secret")
    assert is_standard_secret(secret) and open_secret(made).reveal() == secret
    assert document["data"] == boss.get(f"{ROOT}{made.pk}/").json()["data"]
    shown = {name: document["data"][name] for name in ("url", "events", "is_active", "created_by", "last_status")}
    assert shown == {
        "url": PUBLIC,
        "events": ["job.succeeded", "job.failed"],
        "is_active": True,
        "created_by": super_admin.get_username(),
        "last_status": "",
    }


def test_a_secret_of_ones_own_is_taken(boss):
    answer = boss.post(ROOT, {**NEW, "secret": SECRET})

    assert answer.json()["data"]["secret"] == SECRET
    assert open_secret(Webhook.objects.get()).reveal() == SECRET


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        ("", "blank"),
        ("   ", "blank"),
        (None, "null"),
        (5, "not_text"),
        (SHORT, "webhook_secret_invalid"),
        ("whsec_", "webhook_secret_invalid"),
        ("a password", "webhook_secret_invalid"),
    ],
)
def test_an_empty_or_short_secret_is_refused(boss, secret, code):
    answer = boss.post(ROOT, {**NEW, "secret": secret})

    assert answer.status_code == 400
    assert codes(answer) == {"secret": [code]}
    assert not Webhook.objects.exists()
    assert SHORT not in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"url": "http://receiver.example/"}, "url", "webhook_url_not_allowed"),
        ({"url": "https://10.0.0.1/"}, "url", "webhook_url_not_allowed"),
        ({"url": "https://[::1]/"}, "url", "webhook_url_not_allowed"),
        ({"url": "https://me:pass@receiver.example/"}, "url", "webhook_url_not_allowed"),
        ({"url": "https://receiver.example/#part"}, "url", "webhook_url_not_allowed"),
        ({"url": "https://receiver.example/a b"}, "url", "webhook_url_not_allowed"),
        ({"url": "receiver.example"}, "url", "webhook_url_not_allowed"),
        ({"url": ""}, "url", "blank"),
        ({"url": 5}, "url", "not_text"),
        ({"url": "https://receiver.example/" + "a" * 500}, "url", "too_long"),
        ({"events": []}, "events", "empty"),
        ({"events": "job.failed"}, "events", "not_a_list"),
        ({"events": ["job.lost"]}, "events.0", "invalid_choice"),
        ({"description": "d" * 201}, "description", "too_long"),
        ({"is_active": "yes"}, "is_active", "not_boolean"),
        ({"allow_private_address": 1}, "allow_private_address", "not_boolean"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"key_sealed": "v1.a.b"}, "key_sealed", "unknown_field"),
    ],
)
@pytest.mark.parametrize("is_new", [True, False], ids=["made", "changed"])
def test_bad_fields_are_refused_with_their_name(boss, change, field, code, is_new):
    webhook = None if is_new else make_webhook()

    answer = boss.post(ROOT, {**NEW, **change}) if is_new else boss.patch(f"{ROOT}{webhook.pk}/", change)

    assert answer.status_code == 400
    assert codes(answer) == {field: [code]}
    assert list(Webhook.objects.values_list("url", flat=True)) == ([] if is_new else [PUBLIC])


@pytest.mark.parametrize("missing", ["url", "events"])
def test_address_and_events_are_needed(boss, missing):
    answer = boss.post(ROOT, {name: value for name, value in NEW.items() if name != missing})

    assert codes(answer) == {missing: ["required"]}


def test_a_private_address_is_taken_where_it_is_allowed(boss):
    answer = boss.post(ROOT, {**NEW, "url": "http://10.0.0.1:9000/", "allow_private_address": True})
    webhook = Webhook.objects.get()

    refused = boss.patch(f"{ROOT}{webhook.pk}/", {"allow_private_address": False})

    assert answer.status_code == 201
    assert codes(refused) == {"url": ["webhook_url_not_allowed"]}
    webhook.refresh_from_db()
    assert webhook.allow_private_address


def test_the_list_shows_all_without_secrets_and_costs_the_same_whatever_its_length(
    boss, super_admin, django_assert_num_queries
):
    made = [make_webhook(created_by=super_admin)]
    for _ in range(2):
        # Session, person, webhooks.
        with django_assert_num_queries(3):
            answer = boss.get(ROOT)
        assert [row["id"] for row in answer.json()["data"]["results"]] == [str(row.pk) for row in reversed(made)]
        assert "secret" not in answer.content.decode() and made[0].key_sealed not in answer.content.decode()
        made += [make_webhook(created_by=super_admin), make_webhook()]


def test_fields_are_changed_and_the_secret_stays(boss):
    webhook = make_webhook()

    answer = boss.patch(f"{ROOT}{webhook.pk}/", {"events": ["limit.warning", "limit.warning"], "description": "d"})

    document = answer.json()
    assert (answer.status_code, document["code"]) == (200, "webhook_updated")
    assert document["data"]["secret"] is None
    webhook.refresh_from_db()
    assert (webhook.events, webhook.description) == (["limit.warning"], "d")
    assert open_secret(webhook).reveal() == SECRET


def test_the_secret_moves_with_the_address(boss):
    webhook = make_webhook()
    before = webhook.key_sealed

    assert boss.patch(f"{ROOT}{webhook.pk}/", {"url": "https://elsewhere.example/"}).status_code == 200

    webhook.refresh_from_db()
    assert webhook.key_sealed != before
    assert open_secret(webhook).reveal() == SECRET


def test_a_new_secret_is_shown_once_and_the_old_one_is_gone(boss):
    webhook = make_webhook()

    answer = boss.patch(f"{ROOT}{webhook.pk}/", {"rotate_secret": True})

    document = answer.json()
    assert document["code"] == "webhook_secret_rotated"
    assert is_standard_secret(document["data"]["secret"]) and document["data"]["secret"] != SECRET
    webhook.refresh_from_db()
    assert open_secret(webhook).reveal() == document["data"]["secret"]
    assert document["data"]["secret"] not in boss.get(f"{ROOT}{webhook.pk}/").content.decode()


def test_a_secret_that_cannot_be_opened_can_be_replaced(boss):
    webhook = make_webhook()
    Webhook.objects.update(key_sealed="v1.00000000.AAAA")
    moved = {"url": "https://elsewhere.example/"}

    refused = boss.patch(f"{ROOT}{webhook.pk}/", moved)
    replaced = boss.patch(f"{ROOT}{webhook.pk}/", {**moved, "rotate_secret": True})

    assert (refused.status_code, refused.json()["code"]) == (500, "vault_key_unreadable")
    assert replaced.status_code == 200
    webhook.refresh_from_db()
    assert open_secret(webhook).reveal() == replaced.json()["data"]["secret"]


def test_a_webhook_whose_secret_cannot_be_opened_can_be_switched_off(boss):
    webhook = make_webhook()
    Webhook.objects.update(key_sealed="v1.00000000.AAAA")

    assert boss.patch(f"{ROOT}{webhook.pk}/", {"is_active": False}).status_code == 200
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.key_sealed) == (False, "v1.00000000.AAAA")


def test_switching_off_gives_up_what_waits_and_switching_on_begins_anew(boss):
    webhook = make_webhook(last_status="failed", last_attempt_at="2026-11-01T00:00Z", failing_since="2026-11-01T00:00Z")
    make_delivery(webhook)

    boss.patch(f"{ROOT}{webhook.pk}/", {"is_active": False})
    given_up = WebhookDelivery.objects.values_list("status", "last_error").get()
    boss.patch(f"{ROOT}{webhook.pk}/", {"is_active": True})

    assert given_up == ("failed", "switched_off")
    webhook.refresh_from_db()
    assert (webhook.is_active, webhook.failing_since) == (True, None)


def test_a_webhook_is_deleted_with_its_messages(boss, super_admin):
    webhook = make_webhook()
    make_delivery(webhook)

    answer = boss.delete(f"{ROOT}{webhook.pk}/")

    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (200, "webhook_deleted", None)
    assert not Webhook.objects.exists() and not WebhookDelivery.objects.exists()
    assert AuditEntry.objects.get(action="webhook.deleted").before["origin"] == "https://receiver.example:443"


def test_a_test_message_is_put_in_line_for_this_webhook_alone(boss):
    webhook, _other = make_webhook(), make_webhook(events=["webhook.test"])

    answer = boss.post(f"{ROOT}{webhook.pk}/test/")

    assert (answer.status_code, answer.json()["code"]) == (202, "webhook_test_queued")
    row = WebhookDelivery.objects.get()
    assert (row.webhook_id, row.event, row.payload) == (webhook.pk, "webhook.test", {"webhook_id": str(webhook.pk)})
    assert answer.json()["data"]["id"] == str(row.pk)


def test_a_webhook_that_is_switched_off_is_not_tested(boss):
    answer = boss.post(f"{ROOT}{make_webhook(is_active=False).pk}/test/")

    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_switched_off")
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(
    ("method", "path"), [("get", ""), ("patch", ""), ("delete", ""), ("post", "test/"), ("get", "deliveries/")]
)
def test_an_unknown_webhook_is_404(boss, method, path):
    answer = getattr(boss, method)(f"{ROOT}{uuid.uuid4()}/{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["test/", "deliveries/{delivery}/redeliver/"])
def test_a_call_without_fields_takes_none(boss, path):
    webhook = make_webhook()
    address = path.format(delivery=make_delivery(webhook).pk)

    assert codes(boss.post(f"{ROOT}{webhook.pk}/{address}", {"a": 1})) == {"a": ["unknown_field"]}


@pytest.mark.parametrize("who", ["ai_manager", "media_manager", "stranger"])
def test_only_super_admins_may(request, client_of, who):
    client, webhook = client_of(request.getfixturevalue(who)), make_webhook()

    assert client.get(ROOT).status_code == client.post(ROOT, NEW).status_code == 403
    assert client.patch(f"{ROOT}{webhook.pk}/", {"rotate_secret": True}).status_code == 403
    assert client_of().get(ROOT).status_code == 401


def test_a_token_needs_its_scope(client_of, super_admin):
    answer = client_of(super_admin, scopes=["providers", "people", "settings"]).get(ROOT)

    assert answer.status_code == 403
    assert answer.json()["errors"]["scope"][0]["code"] == "scope_required"


def test_what_was_done_is_on_record_without_secrets_and_full_addresses(boss, super_admin):
    made = boss.post(ROOT, {**NEW, "url": "https://receiver.example/T0KEN-1", "secret": SECRET}).json()["data"]
    address = f"{ROOT}{made['id']}/"
    rotated = boss.patch(address, {"rotate_secret": True, "url": "https://receiver.example/T0KEN-2"}).json()["data"]
    boss.patch(address, {"description": "", "is_active": True})
    boss.patch(address, {"is_active": False})
    boss.delete(address)

    entries = list(AuditEntry.objects.order_by("id"))
    acts = ["created", "changed", "secret_rotated", "changed", "deleted"]
    assert [entry.action for entry in entries] == [f"webhook.{act}" for act in acts]
    assert {(entry.actor_id, entry.object_id, entry.channel) for entry in entries} == {
        (super_admin.pk, made["id"], "session")
    }
    assert list(entries[1].after) == ["url_fingerprint"]
    assert (entries[3].before, entries[3].after) == ({"is_active": True}, {"is_active": False})
    text = "".join(str(vars(entry)) for entry in entries)
    assert not any(word in text for word in (SECRET[6:], rotated["secret"][6:], "T0KEN"))


def test_answers_are_persian_unless_english_is_asked_for(client_of, super_admin):
    answer = client_of(super_admin).post(ROOT, {**NEW, "url": "http://receiver.example/", "secret": SECRET})
    made = client_of(super_admin).post(ROOT, NEW)

    assert answer.json()["errors"]["url"][0]["message"].startswith("این نشانی فراخوانده نمی‌شود")
    assert made.json()["message"].startswith("وب‌هوک ساخته شد.")


def test_the_row_holds_the_secret_sealed_for_it_alone(boss):
    boss.post(ROOT, {**NEW, "secret": SECRET})
    boss.post(ROOT, {**NEW, "secret": OTHER_SECRET})
    second, first = Webhook.objects.all()

    assert SECRET[6:] not in str(vars(first)) and first.key_sealed.startswith("v1.")
    first.key_sealed, second.key_sealed = second.key_sealed, first.key_sealed
    for swapped in (first, second):
        with pytest.raises(Misconfigured, match="vault_key_unreadable"):
            open_secret(swapped)
