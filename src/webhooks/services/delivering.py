"""Sending what is due, by the outbound client, with no transaction open."""

import asyncio
import sys
import time

import structlog

from src.core import background, db
from src.core.outbound import Limits, NotSent, OutboundError, PrivateAddress, TimedOut, send
from src.core.secret import Secret
from src.webhooks.models import DeliveryError
from src.webhooks.services.claims import Claim, claim_due
from src.webhooks.services.outcomes import Outcome, record_outcome
from src.webhooks.signing import signature_of

log = structlog.get_logger("negareh.webhooks")

LIMITS = Limits(connect_s=10, read_gap_s=10, total_s=10, answer_bytes=sys.maxsize)
"""Of a 2xx answer only the first piece is read, however long it says that it is."""
BATCH = 20
POLL_S = 1.0
NOT_ALLOWED = frozenset({"malformed_url", "plain_http", "forbidden_address"})


async def deliver_due(*, limit: int = BATCH, limits: Limits = LIMITS) -> int:
    """Send up to `limit` messages at once; how many were tried. Several processes may do so at once."""
    claims = await db.run(claim_due, limit=limit)
    ends = await asyncio.gather(*(_deliver(claim, limits) for claim in claims), return_exceptions=True)
    for claim, end in zip(claims, ends, strict=True):
        if isinstance(end, Exception):
            # The lease runs out, and the message is tried again.
            log.error("webhook_attempt_broke_off", delivery_id=str(claim.delivery_id), exc_info=end)
    return len(claims)


async def keep_delivering(*, poll_s: float = POLL_S) -> None:
    """Send what is due until cancelled or the event loop drains; what is being sent then is still finished."""
    while not background.is_draining():
        tried = 0
        try:
            tried = await background.finish_regardless(deliver_due())
        except Exception as exc:  # noqa: BLE001 (whatever it was, the next round is due all the same)
            log.error("webhook_round_failed", exc_info=exc)
        if tried < BATCH:
            await asyncio.sleep(poll_s)


async def _deliver(claim: Claim, limits: Limits) -> None:
    if claim.secret is None:
        outcome = Outcome(error=DeliveryError.SECRET_UNREADABLE)
    else:
        outcome = await _attempt(claim, claim.secret, limits)
    is_recorded = await db.run(record_outcome, claim=claim, outcome=outcome)
    facts = {"delivery_id": str(claim.delivery_id), "webhook_id": str(claim.webhook_id)}
    log.info("webhook_attempt", **facts, status=outcome.status_code, error=str(outcome.error), is_recorded=is_recorded)


async def _attempt(claim: Claim, secret: Secret, limits: Limits) -> Outcome:
    headers = _headers_of(claim, secret, now_s=int(time.time()))
    try:
        allowed = PrivateAddress.of(claim.url) if claim.allow_private_address else None
        answer = await send(
            "POST", claim.url, headers=headers, body=claim.body, limits=limits, allowed=allowed, on_chunk=_enough
        )
    except (OutboundError, ValueError) as exc:
        return Outcome(error=_error_of(exc))
    is_taken = 200 <= answer.status < 300
    return Outcome(answer.status, "" if is_taken else DeliveryError.HTTP_STATUS)


def _headers_of(claim: Claim, secret: Secret, *, now_s: int) -> dict[str, str]:
    message_id = str(claim.delivery_id)
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(now_s),
        "webhook-signature": signature_of(secret=secret, message_id=message_id, timestamp_s=now_s, body=claim.body),
    }


async def _enough(_chunk: bytes) -> bool:
    return True


def _error_of(exc: OutboundError | ValueError) -> DeliveryError:
    if isinstance(exc, ValueError) or (isinstance(exc, NotSent) and exc.reason in NOT_ALLOWED):
        return DeliveryError.ADDRESS_NOT_ALLOWED
    if isinstance(exc, NotSent):
        return DeliveryError.UNREACHABLE
    return DeliveryError.TIMEOUT if isinstance(exc, TimedOut) else DeliveryError.CONNECTION_LOST
