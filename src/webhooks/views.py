"""Webhooks, for super admins alone: the settings' default permission."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from src.core.envelope import success
from src.core.filters import StrictFilterBackend
from src.core.schema import NOTHING, envelope_of
from src.core.serializers import take_no_fields
from src.core.token_scopes import WEBHOOKS
from src.webhooks.filters import DeliveryFilter
from src.webhooks.models import Webhook, WebhookDelivery
from src.webhooks.pagination import NewestFirst
from src.webhooks.serializers import (
    ChangeWebhookSerializer,
    CreateWebhookSerializer,
    SavedWebhookSerializer,
    WebhookDeliverySerializer,
    WebhookSerializer,
)
from src.webhooks.services.deliveries import list_deliveries, redeliver
from src.webhooks.services.publishing import publish_test
from src.webhooks.services.webhooks import change_webhook, create_webhook, delete_webhook, find_webhook, list_webhooks


class WebhooksView(APIView):
    def get_required_scope(self) -> str:
        return WEBHOOKS


class WebhookListView(WebhooksView, GenericAPIView):
    queryset = Webhook.objects.none()
    serializer_class = WebhookSerializer
    filter_backends = [StrictFilterBackend]
    pagination_class = NewestFirst

    @extend_schema(responses=envelope_of(WebhookSerializer, paged=True))
    def get(self, request: Request) -> Response:
        """All webhooks, newest first, without their secrets."""
        page = self.paginate_queryset(self.filter_queryset(list_webhooks()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(request=CreateWebhookSerializer, responses={201: envelope_of(SavedWebhookSerializer)})
    def post(self, request: Request) -> Response:
        """Make a webhook; its secret is in this answer and never shown again. It must be https at a public address,
        unless `allow_private_address` allows just this host and port."""
        serializer = CreateWebhookSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        saved = create_webhook(actor=request.user, **serializer.validated_data)
        return success("webhook_created", SavedWebhookSerializer(saved).data, status=201)


class WebhookView(WebhooksView):
    @extend_schema(responses=envelope_of(WebhookSerializer))
    def get(self, request: Request, webhook_id: UUID) -> Response:
        """One webhook, without its secret."""
        return success("ok", WebhookSerializer(find_webhook(webhook_id)).data)

    @extend_schema(request=ChangeWebhookSerializer, responses=envelope_of(SavedWebhookSerializer))
    def patch(self, request: Request, webhook_id: UUID) -> Response:
        """Change any fields. With `rotate_secret` the new secret is in this answer and never shown again; switching
        off gives up the messages that wait."""
        serializer = ChangeWebhookSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields, rotate_secret = serializer.split()
        saved = change_webhook(webhook_id=webhook_id, changes=fields, rotate_secret=rotate_secret, actor=request.user)
        code = "webhook_secret_rotated" if saved.secret else "webhook_updated"
        return success(code, SavedWebhookSerializer(saved).data)

    @extend_schema(request=None, responses={200: NOTHING})
    def delete(self, request: Request, webhook_id: UUID) -> Response:
        """Delete a webhook with the record of its deliveries."""
        take_no_fields(request)
        delete_webhook(webhook_id=webhook_id, actor=request.user)
        return success("webhook_deleted")


class WebhookTestView(WebhooksView):
    @extend_schema(request=None, responses={202: envelope_of(WebhookDeliverySerializer)})
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Put a `webhook.test` in line for this webhook, whatever events it wants."""
        take_no_fields(request)
        delivery = publish_test(webhook_id=webhook_id, actor=request.user)
        return success("webhook_test_queued", WebhookDeliverySerializer(delivery).data, status=202)


class WebhookDeliveryListView(WebhooksView, GenericAPIView):
    queryset = WebhookDelivery.objects.none()
    serializer_class = WebhookDeliverySerializer
    filter_backends = [StrictFilterBackend]
    filterset_class = DeliveryFilter
    pagination_class = NewestFirst

    @extend_schema(responses=envelope_of(WebhookDeliverySerializer, paged=True))
    def get(self, request: Request, webhook_id: UUID) -> Response:
        """The messages of one webhook, newest first; finished ones are kept for 30 days."""
        page = self.paginate_queryset(self.filter_queryset(list_deliveries(webhook_id)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class WebhookRedeliverView(WebhooksView):
    @extend_schema(request=None, responses={202: envelope_of(WebhookDeliverySerializer)})
    def post(self, request: Request, webhook_id: UUID, delivery_id: UUID) -> Response:
        """Put a message that was delivered or given up in line again, under the same id."""
        take_no_fields(request)
        delivery = redeliver(webhook_id=webhook_id, delivery_id=delivery_id, actor=request.user)
        return success("webhook_delivery_queued", WebhookDeliverySerializer(delivery).data, status=202)
