"""The names of what webhooks tell."""

TEST_EVENT = "webhook.test"
EVENTS = (
    "job.succeeded",
    "job.refused",
    "job.failed",
    "job.unknown",
    "job.cancelled",
    "limit.warning",
    TEST_EVENT,
)
