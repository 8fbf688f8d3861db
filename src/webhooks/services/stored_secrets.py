"""The secrets that sign: sealed on the way in, opened only to sign what goes to the origin they were sealed for."""

from src.core.outbound import origin_of
from src.core.secret import Secret
from src.core.vault import Place, open_sealed, seal
from src.webhooks.models import Webhook


def store_secret(webhook: Webhook, secret: Secret) -> None:
    """Seal `secret` for the origin of the webhook's URL, unsaved."""
    webhook.key_sealed = seal(secret, _place(webhook))


def open_secret(webhook: Webhook) -> Secret:
    """Raises Misconfigured(vault_key_unreadable, vault_keyring_missing)."""
    return open_sealed(webhook.key_sealed, _place(webhook))


def reseal_secret(webhook: Webhook) -> str:
    """The same secret, sealed with the current key of the ring."""
    return seal(open_secret(webhook), _place(webhook))


def _place(webhook: Webhook) -> Place:
    return Place(
        table=webhook._meta.db_table,
        vault_id=str(webhook.pk),
        field="signing_secret",
        origin=origin_of(webhook.url),
    )
