"""Addresses below `/api/webhooks/`."""

from django.urls import path

from src.webhooks import views

urlpatterns = [
    path("", views.WebhookListView.as_view()),
    path("<uuid:webhook_id>/", views.WebhookView.as_view()),
    path("<uuid:webhook_id>/test/", views.WebhookTestView.as_view()),
    path("<uuid:webhook_id>/deliveries/", views.WebhookDeliveryListView.as_view()),
    path("<uuid:webhook_id>/deliveries/<uuid:delivery_id>/redeliver/", views.WebhookRedeliverView.as_view()),
]
