"""Webhooks are told of limits that are nearly or fully used, in the transaction that used them."""

import pytest
from django.db import transaction

from src.usage.scopes import WHOLE_TEAM, ScopeLimit
from src.usage.services import note_warnings
from src.webhooks.models import WebhookDelivery
from tests.usage.conftest import spent, without_numbers
from tests.webhooks.rows import make_webhook

BUDGET = ScopeLimit(WHOLE_TEAM, max_micros=100)


def use_the_budget() -> None:
    made = spent(without_numbers(BUDGET), micros=80)
    note_warnings(movement=made, limits=[BUDGET])


def told() -> list[tuple[str, int]]:
    return [(row.event, row.payload["percent"]) for row in WebhookDelivery.objects.all()]


def test_the_message_is_there_before_the_commit(transactional_db):
    make_webhook(events=["limit.warning"])

    with transaction.atomic():
        use_the_budget()

        assert told() == [("limit.warning", 80)]


def test_what_is_rolled_back_is_not_told(transactional_db):
    make_webhook(events=["limit.warning"])

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        use_the_budget()
        raise ZeroDivisionError

    assert told() == []
