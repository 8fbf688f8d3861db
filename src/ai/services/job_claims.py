"""Who runs which job: claims with a lease and a fence, their renewal, and giving a job back."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from src.ai.models import AIProvider, GenerationStatus, ImageGeneration, ProviderCall
from src.ai.services.job_circuits import admit
from src.ai.services.job_events import note_state
from src.ai.services.tickets import Claim

LONGEST_SETBACK = timedelta(minutes=5)
MOST_LOOKED_AT = 1000


def lease() -> timedelta:
    return timedelta(seconds=settings.JOB_LEASE_S)


@transaction.atomic
def claim_job(*, generation_id: UUID) -> Claim | None:
    """None if somebody else runs it, it has ended, its provider is busy, or it has to wait."""
    now = timezone.now()
    generation = (
        ImageGeneration.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=generation_id).first()
    )
    if generation is None or not _is_claimable(generation, now):
        return None
    if generation.status == GenerationStatus.QUEUED and not _is_untouched_job_admitted(generation):
        return None
    generation.status = GenerationStatus.RUNNING
    generation.fence += 1
    generation.lease_until = now + lease()
    generation.started_at = generation.started_at or now
    generation.not_before = None
    generation.save(update_fields=["status", "fence", "lease_until", "started_at", "not_before"])
    note_state(generation)
    return Claim(generation.pk, generation.fence)


def _is_claimable(generation: ImageGeneration, now: datetime) -> bool:
    if generation.status == GenerationStatus.QUEUED:
        return generation.not_before is None or generation.not_before <= now
    has_lease = generation.lease_until is not None and generation.lease_until > now
    return generation.status == GenerationStatus.RUNNING and not has_lease


def _is_untouched_job_admitted(generation: ImageGeneration) -> bool:
    """Whether the provider has room for one more, and its circuit lets it through. What was sent already costs the
    provider nothing more, and is always let through."""
    if ProviderCall.objects.filter(generation=generation, sent_at__isnull=False).exists():
        return True
    # Held until commit, so that two cannot both take the last place.
    provider = AIProvider.objects.select_for_update(no_key=True).get(pk=generation.provider_id)
    running = ImageGeneration.objects.filter(provider=provider, status=GenerationStatus.RUNNING).count()
    if running >= room_of(provider):
        return False
    waits_until = admit(provider_id=provider.pk, key_fingerprint=key_fingerprint_of(generation, provider))
    if waits_until is not None:
        ImageGeneration.objects.filter(pk=generation.pk).update(not_before=waits_until)
        return False
    return True


def key_fingerprint_of(generation: ImageGeneration, provider: AIProvider) -> str:
    if generation.key_source == "shared":
        return provider.key_fingerprint
    own = provider.person_settings.filter(admin_id=generation.admin_id).first()
    return own.key_fingerprint if own else ""


def room_of(provider: AIProvider) -> int:
    return provider.max_jobs_at_once or settings.PROVIDER_JOBS_AT_ONCE


def find_claimable(*, limit: int, without: Collection[UUID] = ()) -> Sequence[UUID]:
    """Jobs that could run now, oldest first: stale ones, and of each provider as many queued ones as have room."""
    now = timezone.now()
    stale = Q(status=GenerationStatus.RUNNING) & (Q(lease_until__isnull=True) | Q(lease_until__lte=now))
    due = Q(status=GenerationStatus.QUEUED) & (Q(not_before__isnull=True) | Q(not_before__lte=now))
    room = _room_by_provider()
    full = [pk for pk, places in room.items() if places <= 0]
    rows = ImageGeneration.objects.filter(stale | (due & ~Q(provider_id__in=full))).exclude(pk__in=without)
    columns = ("pk", "status", "provider_id")
    found: list[UUID] = []
    for pk, status, provider_id in rows.order_by("created_at").values_list(*columns)[:MOST_LOOKED_AT]:
        if status == GenerationStatus.QUEUED:
            room[provider_id] -= 1
            if room[provider_id] < 0:
                continue
        found.append(pk)
        if len(found) == limit:
            break
    return found


def _room_by_provider() -> dict[int, int]:
    running = ImageGeneration.objects.filter(status=GenerationStatus.RUNNING).order_by().values_list("provider_id")
    counts = dict(running.annotate(Count("pk")))
    return {provider.pk: room_of(provider) - counts.get(provider.pk, 0) for provider in AIProvider.objects.all()}


def lock_owned(claim: Claim) -> ImageGeneration | None:
    """None if the lease was lost. Inside a transaction."""
    return ImageGeneration.objects.select_for_update(of=("self",)).filter(owned(claim)).first()


def owned(claim: Claim) -> Q:
    """The row, as long as it is the claimer's."""
    return Q(pk=claim.generation_id, fence=claim.fence, status=GenerationStatus.RUNNING)


def renew_leases(*, claims: Collection[Claim]) -> set[Claim]:
    """At once for all; returns those that are lost. A row that somebody else has locked is left to the next time: one
    that hangs must not cost the others their leases."""
    mine = Q(pk__in=[])
    for claim in claims:
        mine |= owned(claim)
    rows = ImageGeneration.objects.filter(mine)
    with transaction.atomic():
        free = list(rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
        renewed = rows.filter(pk__in=free).update(lease_until=timezone.now() + lease())
    if renewed == len(claims):
        return set()
    # A row that has ended meanwhile, by the one who holds it, is not lost.
    now_of = ImageGeneration.objects.filter(pk__in=[claim.generation_id for claim in claims])
    return set(claims) - {Claim(*row) for row in now_of.values_list("pk", "fence")}


@transaction.atomic
def give_back(*, claim: Claim, is_setback: bool = False) -> bool:
    """Into the queue again, at once or, after a setback, a while later. False if the lease was lost."""
    generation = lock_owned(claim)
    if generation is None:
        return False
    generation.status = GenerationStatus.QUEUED
    generation.lease_until = None
    if is_setback:
        generation.setbacks += 1
        pause = timedelta(seconds=2 ** min(generation.setbacks, 9))
        generation.not_before = timezone.now() + min(pause, LONGEST_SETBACK)
    generation.save(update_fields=["status", "lease_until", "setbacks", "not_before"])
    note_state(generation)
    return True
