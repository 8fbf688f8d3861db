"""What must hold at the end, whatever was killed: each broken promise as a sentence."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.reliability.client import Submission
from tests.reliability.facts import Facts, JobFact
from tests.reliability.upstream import PaidCall

PRICE_MICROS = 40_000
"""Of one picture, at every model of these tests."""
UNFINISHED = ("reserved", "queued", "running")
LEDGER_OF = {"yes": ["release", "reserve", "settle"], "no": ["release", "reserve"], "unknown": ["reserve"]}
"""The kinds of a job's entries in each scope, by whether it was charged."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """`received` holds, by job, the pictures of the answers that were seen in the inbox."""

    facts: Facts
    paid: Sequence[PaidCall]
    submissions: Sequence[Submission] = ()
    received: Mapping[str, Collection[str]] = field(default_factory=dict)


def broken_promises(evidence: Evidence) -> list[str]:
    paid = defaultdict(list)
    for call in evidence.paid:
        paid[call.number].append(call.sha256)
    found = list(_of_the_books(evidence.facts))
    found += _of_submissions(evidence)
    found += _of_receipts(evidence)
    for job in evidence.facts.jobs:
        found += [f"{promise}: {job.id} (number {job.number})" for promise in _of_job(job, paid[job.number])]
    return found


def _of_the_books(facts: Facts) -> Iterator[str]:
    for difference in facts.differences:
        yield f"counter and ledger differ: {difference}"
    if facts.below_zero:
        yield f"{facts.below_zero} counters are below zero"


def _of_submissions(evidence: Evidence) -> Iterator[str]:
    known = {job.id for job in evidence.facts.jobs}
    for submission in evidence.submissions:
        yield from submission.failures
        if lost := submission.ids - known:
            yield f"accepted and lost: {sorted(lost)}"
        if len(submission.ids) > 1:
            yield f"one key, several jobs: {sorted(submission.ids)}"
        if submission.key and not submission.ids:
            yield f"never answered: number {submission.number}"
    for number, count in Counter(job.number for job in evidence.facts.jobs).items():
        if count > 1:
            yield f"ordered once, made {count} times: number {number}"


def _of_receipts(evidence: Evidence) -> Iterator[str]:
    kept = {job.id: {picture.sha256 for picture in job.pictures} for job in evidence.facts.jobs}
    for job_id, pictures in evidence.received.items():
        if missing := set(pictures) - kept.get(job_id, set()):
            yield f"{len(missing)} received pictures lost: {job_id}"


def _of_job(job: JobFact, paid: Sequence[str]) -> Iterator[str]:
    if job.status in UNFINISHED:
        yield f"not ended ({job.status})"
        return
    yield from _of_calls(job, paid)
    yield from _of_pictures(job, paid)
    yield from _of_entries(job)


def _of_calls(job: JobFact, paid: Sequence[str]) -> Iterator[str]:
    charges = Counter(call.charged for call in job.calls if call.is_sent)
    if len(paid) > sum(charges.values()):
        yield f"sent {len(paid)} times for {sum(charges.values())} calls"
    if charges["yes"] > len(paid):
        yield f"{charges['yes']} calls booked, {len(paid)} sent"
    if len(paid) > charges["yes"] + charges["unknown"]:
        yield "a call that was paid for is booked as free"
    if any(call.charged == "unknown" for call in job.calls) != (job.charged == "unknown"):
        yield "the job's charge is not its calls'"


def _of_pictures(job: JobFact, paid: Sequence[str]) -> Iterator[str]:
    if (job.status == "succeeded") != bool(job.pictures):
        yield f"{job.status} with {len(job.pictures)} pictures"
    sums = [picture.sha256 for picture in job.pictures]
    if set(sums) - set(paid) or len(set(sums)) < len(sums):
        yield "a picture that is not its own"
    if any(picture.stored_sha256 != picture.sha256 for picture in job.pictures):
        yield "a picture's file is gone or another"
    if sum(call.brought for call in job.calls) != len(job.pictures):
        yield "calls and pictures differ in number"


def _of_entries(job: JobFact) -> Iterator[str]:
    kinds = defaultdict(list)
    for entry in job.entries:
        kinds[entry.scope].append(entry.kind)
    if not kinds or any(sorted(each) != LEDGER_OF[job.charged] for each in kinds.values()):
        yield f"charged {job.charged}, but the ledger says {dict(kinds)}"
    count = len(job.pictures)
    for entry in job.entries:
        if entry.kind == "settle" and (entry.images, entry.micros) != (count, count * PRICE_MICROS):
            yield f"{entry.images} pictures for {entry.micros} micros booked, {count} came"
    if job.charged == "yes" and job.cost_micros != count * PRICE_MICROS:
        yield f"{count} pictures cost {job.cost_micros} micros"
