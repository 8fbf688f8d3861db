"""What providers can do, and which of them a person could use."""

from typing import Any

from src.ai.access import AccessSubject, ModelAccessState
from src.ai.models import AIModel, AIProvider, Capability
from src.ai.providers import get_adapter
from src.ai.services.access_answers import describe_access
from src.core.errors import InvalidFields

# What a person can do without a super admin.
PERSONAL_REMEDIES = ("enter_personal_key", "switch_personal_key_on")


def describe_capabilities(*, provider_slug: str | None = None) -> list[dict[str, Any]]:
    """Per provider: what its adapter speaks and what its active models can do. Two queries."""
    providers = AIProvider.objects.all()
    if provider_slug:
        # A null character in the text of a query is an error to PostgreSQL.
        providers = providers.filter(slug=provider_slug) if "\x00" not in provider_slug else providers.none()
        if not providers:
            raise InvalidFields.one("provider", "unknown_provider")
    counts: dict[int, dict[str, int]] = {}
    rows = AIModel.objects.filter(provider__in=providers, is_active=True)
    for provider_id, capabilities in rows.values_list("provider_id", "capabilities"):
        found = counts.setdefault(provider_id, {})
        for name, has_it in capabilities.items():
            if has_it is True:
                found[name] = found.get(name, 0) + 1
    return [_describe_one(provider, counts.get(provider.pk, {})) for provider in providers]


def _describe_one(provider: AIProvider, models_by_capability: dict[str, int]) -> dict[str, Any]:
    adapter = get_adapter(provider.adapter)
    return {
        "id": provider.pk,
        "slug": provider.slug,
        "name": provider.label,
        "is_active": provider.is_active,
        "adapter": provider.adapter,
        "adapter_is_built": adapter is not None,
        "makes_images": bool(adapter and adapter.makes_images and models_by_capability.get("image")),
        "edits_images": bool(adapter and adapter.edits_images and models_by_capability.get("image_edit")),
        "takes_mask": bool(adapter and adapter.takes_mask),
        "max_references": adapter.max_references if adapter else 0,
        "streams_previews": bool(adapter and adapter.streams_previews),
        "parameters": sorted(adapter.parameters) if adapter else [],
        "capabilities": [name for name in Capability.values if name in models_by_capability],
        "models_by_capability": models_by_capability,
    }


def list_available_providers(*, admin: Any) -> list[dict[str, Any]]:
    """Active providers that this person could use: now (with which key), or after entering a key of their own."""
    subject = AccessSubject.of(admin)
    listed = []
    for provider in AIProvider.objects.active().with_model_counts():
        found = ModelAccessState.explain(provider, None, subject)
        could_use = found.state.key_source or found.remedy in PERSONAL_REMEDIES
        if could_use:
            listed.append(
                {
                    "id": provider.pk,
                    "slug": provider.slug,
                    "name": provider.label,
                    "description": provider.description,
                    **describe_access(found),
                    "active_models_count": provider.active_models_count,
                }
            )
    return listed
