"""Filters of deliveries; they run in the database."""

from django_filters import rest_framework as filters

from src.webhooks.events import EVENTS
from src.webhooks.models import DeliveryStatus, WebhookDelivery


class DeliveryFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=DeliveryStatus.choices)
    event = filters.ChoiceFilter(choices=[(name, name) for name in EVENTS])

    class Meta:
        model = WebhookDelivery
        fields: list[str] = []
