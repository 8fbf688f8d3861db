"""Making, changing and deleting webhooks."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from src.core.audit import difference
from src.core.errors import InvalidFields, NotFound
from src.core.outbound import NotSent, PrivateAddress, check_url, origin_of
from src.core.secret import Secret
from src.webhooks.events import EVENTS
from src.webhooks.models import Webhook
from src.webhooks.models.webhook import WebhookQuerySet
from src.webhooks.services.audit_entries import facts_of, record_webhook
from src.webhooks.services.deliveries import give_up_waiting
from src.webhooks.services.stored_secrets import open_secret, store_secret
from src.webhooks.signing import new_secret


@dataclass(frozen=True)
class SavedWebhook:
    """`secret` only where it is new: it cannot be shown again."""

    webhook: Webhook
    secret: Secret | None = field(default=None)


def list_webhooks() -> WebhookQuerySet:
    """With who made them: one query a page."""
    return Webhook.objects.select_related("created_by")


def find_webhook(webhook_id: UUID) -> Webhook:
    """Raises NotFound."""
    webhook = list_webhooks().filter(pk=webhook_id).first()
    if webhook is None:
        raise NotFound
    return webhook


@transaction.atomic
def create_webhook(
    *, url: str, events: Iterable[str], actor: Any, secret: Secret | None = None, **fields: Any
) -> SavedWebhook:
    """`secret` None: a new one. `fields`: description, is_active, allow_private_address. Raises InvalidFields(url)."""
    webhook = Webhook(url=url, events=_in_order(events), created_by=actor, **fields)
    _require_callable_url(webhook)
    secret = secret or new_secret()
    store_secret(webhook, secret)
    webhook.save()
    record_webhook("created", webhook, actor=actor, after=facts_of(webhook))
    return SavedWebhook(webhook, secret)


@transaction.atomic
def change_webhook(
    *, webhook_id: UUID, changes: dict[str, Any], actor: Any | None, rotate_secret: bool = False
) -> SavedWebhook:
    """Change any of url, events, description, is_active, allow_private_address.

    Switching off gives up what waits. Raises NotFound, InvalidFields(url), and, where the origin changes without
    `rotate_secret`, Misconfigured(vault_key_unreadable).
    """
    webhook = _lock(webhook_id)
    before = facts_of(webhook)
    secret = new_secret() if rotate_secret else None
    kept = open_secret(webhook) if secret is None and _is_moved(webhook, changes) else None
    _apply(webhook, changes)
    if secret or kept:
        store_secret(webhook, secret or kept)  # type: ignore[arg-type]
    webhook.save()
    old, new = difference(before, facts_of(webhook))
    if new.get("is_active") is False:
        give_up_waiting(webhook.pk)
    if new:
        record_webhook("changed", webhook, actor=actor, before=old, after=new)
    if secret:
        record_webhook("secret_rotated", webhook, actor=actor)
    return SavedWebhook(find_webhook(webhook_id), secret)


@transaction.atomic
def delete_webhook(*, webhook_id: UUID, actor: Any | None) -> None:
    """With its deliveries. Raises NotFound."""
    webhook = _lock(webhook_id)
    record_webhook("deleted", webhook, actor=actor, before=facts_of(webhook))
    webhook.delete()


def _lock(webhook_id: UUID) -> Webhook:
    webhook = Webhook.objects.select_for_update().filter(pk=webhook_id).first()
    if webhook is None:
        raise NotFound
    return webhook


def _apply(webhook: Webhook, changes: dict[str, Any]) -> None:
    is_switched_on = changes.get("is_active") is True and not webhook.is_active
    for name, value in changes.items():
        setattr(webhook, name, _in_order(value) if name == "events" else value)
    if {"url", "allow_private_address"} & changes.keys():
        _require_callable_url(webhook)
    if is_switched_on:
        webhook.failing_since = None


def _is_moved(webhook: Webhook, changes: dict[str, Any]) -> bool:
    return origin_of(changes.get("url", webhook.url)) != origin_of(webhook.url)


def _in_order(events: Iterable[str]) -> list[str]:
    """Each once."""
    wanted = set(events)
    return [name for name in EVENTS if name in wanted]


def _require_callable_url(webhook: Webhook) -> None:
    """Raises InvalidFields for an address that would be refused when called (names are resolved only then)."""
    url = webhook.url
    try:
        if not url.isprintable() or " " in url or "#" in url:
            raise ValueError("no plain address")
        check_url(url, PrivateAddress.of(url) if webhook.allow_private_address else None)
    except (NotSent, ValueError) as exc:
        raise InvalidFields.one("url", "webhook_url_not_allowed") from exc
