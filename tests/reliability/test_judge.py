"""The judge of the other tests finds every promise that is broken."""

import msgspec
import pytest

from tests.reliability.client import Submission
from tests.reliability.facts import CallFact, EntryFact, Facts, JobFact, PictureFact
from tests.reliability.judge import Evidence, broken_promises
from tests.reliability.upstream import PaidCall

PICTURE, OTHER = "aa", "bb"
GOOD_CALL = CallFact(index=0, status="received", is_sent=True, charged="yes", brought=1)
GOOD_PICTURE = PictureFact(index=0, sha256=PICTURE, stored_sha256=PICTURE)
ENTRIES = [EntryFact(kind=kind, scope="team:all", images=1, micros=40_000) for kind in ("reserve", "settle", "release")]
GOOD_JOB = JobFact(
    id="job-1",
    number=1,
    status="succeeded",
    charged="yes",
    cost_micros=40_000,
    calls=[GOOD_CALL],
    pictures=[GOOD_PICTURE],
    entries=ENTRIES,
)
NO_CALL = msgspec.structs.replace(GOOD_CALL, status="failed", charged="no", brought=0)
FREE_JOB = msgspec.structs.replace(
    GOOD_JOB,
    status="failed",
    charged="no",
    cost_micros=None,
    calls=[NO_CALL],
    pictures=[],
    entries=[ENTRIES[0], ENTRIES[2]],
)
UNCLEAR_JOB = msgspec.structs.replace(
    FREE_JOB,
    status="unknown",
    charged="unknown",
    calls=[msgspec.structs.replace(NO_CALL, charged="unknown")],
    entries=ENTRIES[:1],
)
ONCE = (PaidCall(1, PICTURE),)


def found(*jobs: JobFact, paid=ONCE, differences=(), below_zero=0, **evidence) -> str:
    facts = Facts(jobs=list(jobs), differences=list(differences), below_zero=below_zero, unowned_files=0)
    return "; ".join(broken_promises(Evidence(facts=facts, paid=paid, **evidence)))


def changed(fact, **changes):
    return msgspec.structs.replace(fact, **changes)


@pytest.mark.parametrize(
    ("job", "paid"),
    [(GOOD_JOB, ONCE), (FREE_JOB, ()), (UNCLEAR_JOB, ONCE), (UNCLEAR_JOB, ())],
    ids=["succeeded", "not sent", "unclear and sent", "unclear and not sent"],
)
def test_what_is_well_is_let_pass(job, paid):
    assert found(job, paid=paid, received={}, submissions=[Submission(1, {}, ids={"job-1"})]) == ""


@pytest.mark.parametrize(
    ("job", "paid", "promise"),
    [
        (changed(GOOD_JOB, status="running"), ONCE, "not ended"),
        (GOOD_JOB, ONCE * 2, "sent 2 times for 1 calls"),
        (GOOD_JOB, (), "1 calls booked, 0 sent"),
        (FREE_JOB, ONCE, "booked as free"),
        (changed(UNCLEAR_JOB, status="failed", charged="no", entries=FREE_JOB.entries), (), "not its calls'"),
        (changed(GOOD_JOB, pictures=[]), ONCE, "succeeded with 0 pictures"),
        (changed(FREE_JOB, pictures=[GOOD_PICTURE]), (), "failed with 1 pictures"),
        (GOOD_JOB, (PaidCall(1, OTHER),), "not its own"),
        (GOOD_JOB, (PaidCall(2, PICTURE),), "not its own"),
        (changed(GOOD_JOB, pictures=[GOOD_PICTURE] * 2), ONCE, "not its own"),
        (changed(GOOD_JOB, pictures=[changed(GOOD_PICTURE, stored_sha256="")]), ONCE, "file is gone"),
        (changed(GOOD_JOB, calls=[changed(GOOD_CALL, brought=2)]), ONCE, "differ in number"),
        (changed(GOOD_JOB, entries=ENTRIES[:1]), ONCE, "the ledger says"),
        (changed(GOOD_JOB, entries=[]), ONCE, "the ledger says"),
        (changed(FREE_JOB, entries=ENTRIES), (), "the ledger says"),
        (changed(UNCLEAR_JOB, entries=FREE_JOB.entries), ONCE, "the ledger says"),
        (changed(GOOD_JOB, entries=[changed(each, micros=1) for each in ENTRIES]), ONCE, "for 1 micros booked"),
        (changed(GOOD_JOB, cost_micros=1), ONCE, "cost 1 micros"),
    ],
)
def test_a_job_that_breaks_a_promise_is_named(job, paid, promise):
    assert promise in found(job, paid=paid)


@pytest.mark.parametrize(
    ("evidence", "promise"),
    [
        ({"differences": ["team:all"]}, "counter and ledger differ: team:all"),
        ({"below_zero": 2}, "2 counters are below zero"),
        ({"received": {"job-1": {PICTURE, OTHER}}}, "1 received pictures lost: job-1"),
        ({"received": {"job-2": {PICTURE}}}, "1 received pictures lost: job-2"),
        ({"submissions": [Submission(1, {}, ids={"job-2"})]}, "accepted and lost: ['job-2']"),
        ({"submissions": [Submission(1, {}, ids={"job-1", "job-2"})]}, "one key, several jobs"),
        ({"submissions": [Submission(1, {}, key="k")]}, "never answered: number 1"),
        ({"submissions": [Submission(1, {}, failures=["1: 500 internal_error"])]}, "500 internal_error"),
    ],
)
def test_what_is_not_one_jobs_alone_is_named(evidence, promise):
    assert promise in found(GOOD_JOB, **evidence)


def test_a_request_that_was_made_twice_is_named():
    assert "made 2 times: number 1" in found(GOOD_JOB, changed(GOOD_JOB, id="job-2"), paid=ONCE * 2)
