"""What webhooks are told of jobs and limits."""

from typing import Any

from django.db import transaction

from src.ai.models import ImageGeneration
from src.usage.models import LimitWarning
from src.webhooks.services.publishing import publish


def publish_end(generation: ImageGeneration) -> None:
    """How the job ended, in the transaction that ends it. A job that was unclear may end once more."""
    publish(
        event=f"job.{generation.status}",
        data={
            "job_id": str(generation.pk),
            "status": generation.status,
            "charged": generation.charged,
            "error_code": generation.error_code,
            "owner_id": generation.admin_id,
            "provider": generation.provider.slug,
            "model": generation.model.model_id,
            "key_source": generation.key_source,
            "requested": generation.n,
            "delivered": generation.outputs.count(),
            "cost_micros": generation.cost_micros,
            "cost_source": generation.cost_source,
        },
    )


@transaction.atomic
def publish_limit_warning(*, warning: LimitWarning, **_signal: Any) -> None:
    """In the transaction that writes the warning."""
    publish(
        event="limit.warning",
        data={
            "scope_kind": warning.scope_kind,
            "scope_id": warning.scope_id,
            "period": warning.period,
            "unit": warning.unit,
            "percent": warning.percent,
            "limit": warning.limit,
            "spent": warning.spent,
            "person_id": warning.person_id,
            "provider": warning.provider_slug,
        },
    )
