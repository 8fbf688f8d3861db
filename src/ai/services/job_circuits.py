"""The circuit breaker: a service that is down for a key is left alone for a while, by all processes alike.

Closed: every job goes through. CIRCUIT_FAILURES outages in a row, each at most CIRCUIT_WINDOW_S after the one before,
open it. Open: none goes through. After CIRCUIT_OPEN_S one job, the probe, tries; an outage opens it again for twice
as long, up to CIRCUIT_MAX_OPEN_S. Any other answer closes it.
"""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from src.ai.models import ProviderCircuit

log = structlog.get_logger("negareh.circuits")

PROBE_MARGIN = timedelta(seconds=15)
"""A probe has this much more than its call may take, so that a call that ends by the clock still counts as one."""
MOST_DOUBLINGS = 16
LOOK_AGAIN = timedelta(seconds=5)
"""How long a job waits at a time while another one is the probe."""
IS_CHANGED = Q(failures__gt=0) | Q(opens_again_at__isnull=False)


def retry_moment(*, provider_id: int, key_fingerprint: str) -> datetime | None:
    """While the circuit is open: the moment from which it is tried again."""
    return (
        _circuits(provider_id, key_fingerprint)
        .filter(opens_again_at__gt=timezone.now())
        .values_list("opens_again_at", flat=True)
        .first()
    )


def admit(*, provider_id: int, key_fingerprint: str) -> datetime | None:
    """None if a job may go on, be it as the probe; else the moment until which it waits.

    In the transaction of the job's claim: if that is rolled back, so is the probe.
    """
    now = timezone.now()
    circuit = _circuits(provider_id, key_fingerprint).first()
    if circuit is None or circuit.opens_again_at is None:
        return None
    if circuit.opens_again_at <= now:
        if _take_probe(circuit, now):
            return None
        circuit.refresh_from_db()
        if circuit.opens_again_at is None:
            return None
    return max(circuit.opens_again_at, min(circuit.probe_until or now, now + LOOK_AGAIN))


def _take_probe(circuit: ProviderCircuit, now: datetime) -> bool:
    free = Q(probe_until__isnull=True) | Q(probe_until__lte=now)
    due = ProviderCircuit.objects.filter(free, pk=circuit.pk, opens_again_at__lte=now)
    ends_at = now + timedelta(seconds=settings.PROVIDER_TIMEOUT_S) + PROBE_MARGIN
    return due.update(probe_until=ends_at) == 1


def note_answer(*, provider_id: int, key_fingerprint: str) -> None:
    """A call ended with an answer, whatever it said: the service is there. One query where all was well before."""
    changed = _circuits(provider_id, key_fingerprint).filter(IS_CHANGED)
    if not changed.exists():
        return
    changed.update(failures=0, last_failure_at=None, times_opened=0, opens_again_at=None, probe_until=None)


def note_no_call(*, provider_id: int, key_fingerprint: str) -> None:
    """An admitted job was stopped before it called: if it was the probe, another one may try."""
    probed = _circuits(provider_id, key_fingerprint).filter(probe_until__isnull=False)
    if probed.exists():
        probed.update(probe_until=None)


@transaction.atomic
def note_outage(*, provider_id: int, key_fingerprint: str) -> None:
    """A call found the service down. Calls that began before the circuit opened change nothing while it is open."""
    circuit, _ = ProviderCircuit.objects.select_for_update(of=("self",)).get_or_create(
        provider_id=provider_id, key_fingerprint=key_fingerprint
    )
    now = timezone.now()
    if circuit.opens_again_at is None:
        _count(circuit, now)
    elif circuit.opens_again_at <= now and circuit.probe_until is not None:
        _open(circuit, now)
    else:
        return
    circuit.save()


def _count(circuit: ProviderCircuit, now: datetime) -> None:
    window = timedelta(seconds=settings.CIRCUIT_WINDOW_S)
    is_in_a_row = circuit.last_failure_at is not None and now - circuit.last_failure_at <= window
    circuit.failures = circuit.failures + 1 if is_in_a_row else 1
    circuit.last_failure_at = now
    if circuit.failures >= settings.CIRCUIT_FAILURES:
        _open(circuit, now)


def _open(circuit: ProviderCircuit, now: datetime) -> None:
    seconds = min(settings.CIRCUIT_OPEN_S * 2 ** min(circuit.times_opened, MOST_DOUBLINGS), settings.CIRCUIT_MAX_OPEN_S)
    circuit.times_opened += 1
    circuit.last_failure_at = now
    circuit.opens_again_at, circuit.probe_until = now + timedelta(seconds=seconds), None
    log.warning("circuit_opened", provider_id=circuit.provider_id, times_opened=circuit.times_opened, seconds=seconds)


def _circuits(provider_id: int, key_fingerprint: str) -> QuerySet[ProviderCircuit]:
    """One or none."""
    return ProviderCircuit.objects.filter(provider_id=provider_id, key_fingerprint=key_fingerprint)
