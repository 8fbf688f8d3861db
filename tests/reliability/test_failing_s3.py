"""Library and inbox in a bucket whose service answers 500 while a picture is stored: it is paid for once, and ends
later."""

from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.reliability.conftest import CELERY_POSTGRES, EMBEDDED_SQLITE, each_of
from tests.reliability.failing_proxy import FailingProxy
from tests.reliability.judge import Evidence, broken_promises
from tests.reliability.processes import until
from tests.reliability.switches import IS_SOAK, switched_on
from tests.reliability.world import World

pytestmark = [switched_on, pytest.mark.reliability]
PLACES = (EMBEDDED_SQLITE, CELERY_POSTGRES) if IS_SOAK else (EMBEDDED_SQLITE,)
BUCKET = "negareh"
KEYS = {"aws_access_key_id": "test-access", "aws_secret_access_key": "test-secret", "region_name": "us-east-1"}


@pytest.fixture(scope="module")
def service() -> Iterator[FailingProxy]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    with FailingProxy(f"http://{host}:{port}") as proxy:
        yield proxy
    moto.stop()


@pytest.fixture(params=each_of(*PLACES))
def world(request, world_at, service: FailingProxy) -> Iterator[World]:
    """At the end nothing promised is broken."""
    boto3.resource("s3", endpoint_url=service.url, **KEYS).create_bucket(Bucket=BUCKET)
    bucket = {
        "MEDIA_S3_BUCKET": BUCKET,
        "MEDIA_S3_ENDPOINT_URL": service.url,
        "MEDIA_S3_REGION": KEYS["region_name"],
        "MEDIA_S3_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
        "MEDIA_S3_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        "MEDIA_S3_PREFIX": "library",
        "INBOX_S3_PREFIX": "inbox",
    }
    with world_at(request.param, **bucket) as running:
        yield running
        running.wait_until_settled()
        assert broken_promises(Evidence(facts=running.facts(), paid=running.upstream.paid)) == []


def test_while_the_bucket_takes_nothing_the_answer_lies_here_and_is_not_asked_for_again(world, service):
    service.is_failing = True
    submission = world.client.submit()
    until(lambda: world.job(submission).setbacks >= 1, 60, "the job is set back")

    held = world.job(submission)
    assert (held.status, held.call, held.charged, len(world.upstream.paid)) == ("queued", "received", "unknown", 1)
    assert len(list(world.inbox.glob("??/*/call-0.body"))) == 1
    assert service.refused

    service.is_failing = False
    assert world.wait_for_status(submission, "succeeded").charged == "yes"
    assert len(world.upstream.paid) == 1
    until(lambda: not list(world.inbox.glob("??/*/call-*.body")), 20, "nothing is left here")
    world.note_figures(
        "s3_answers_500",
        refused=service.refused,
        call="received",
        ends="succeeded",
        paid_calls=1,
    )
