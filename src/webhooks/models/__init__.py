from src.webhooks.models.delivery import DeliveryError, DeliveryStatus, WebhookDelivery
from src.webhooks.models.webhook import Webhook

__all__ = ["DeliveryError", "DeliveryStatus", "Webhook", "WebhookDelivery"]
