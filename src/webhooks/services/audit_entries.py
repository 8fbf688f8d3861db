"""What the audit table is told of webhooks: never the secret, and of the address, which may hold one, its origin."""

from typing import Any

from src.core.audit import record
from src.core.outbound import origin_of
from src.core.secret import Secret
from src.core.vault import fingerprint
from src.webhooks.models import Webhook

FINGERPRINT_CHARS = 8


def facts_of(webhook: Webhook) -> dict[str, Any]:
    """`url_fingerprint` tells whether the address changed."""
    return {
        "origin": origin_of(webhook.url),
        "url_fingerprint": fingerprint(Secret(webhook.url))[:FINGERPRINT_CHARS],
        "description": webhook.description,
        "events": webhook.events,
        "is_active": webhook.is_active,
        "allow_private_address": webhook.allow_private_address,
    }


def record_webhook(act: str, webhook: Webhook, *, actor: Any | None, **facts: Any) -> None:
    record(
        f"webhook.{act}",
        actor=actor,
        object_type="webhook",
        object_id=webhook.pk,
        object_label=webhook.description or origin_of(webhook.url),
        **facts,
    )
