"""Models entered and changed by hand, and the list of those a person may use."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from src.ai.access import AccessSubject, Explanation, ModelAccessState
from src.ai.models import AIModel, AIProvider, Origin
from src.ai.models.model import AIModelQuerySet
from src.ai.services.key_check import find_provider
from src.ai.specs import read_image_spec, read_pricing
from src.core.audit import difference, record
from src.core.errors import InvalidFields, NotFound


def create_model(*, provider_id: int, values: dict[str, Any], actor: Any | None) -> AIModel:
    """Raises NotFound, InvalidFields(model_id_taken, not_an_image_spec, not_pricing)."""
    provider = find_provider(provider_id)
    model = AIModel(provider=provider, origin=Origin.MANUAL, **values)
    _check_json(model)
    try:
        with transaction.atomic():
            model.save()
            _record("created", model, before={}, after=values, actor=actor)
    except IntegrityError as exc:
        raise InvalidFields.one("model_id", "model_id_taken") from exc
    return model


@transaction.atomic
def update_model(*, provider_id: int, model_pk: int, values: dict[str, Any], actor: Any | None) -> AIModel:
    """Change any fields of one model. Raises as `create_model`."""
    model = AIModel.objects.select_for_update().filter(pk=model_pk, provider_id=provider_id).first()
    if model is None:
        raise NotFound
    before, after = difference({name: getattr(model, name) for name in values}, values)
    for name, value in values.items():
        setattr(model, name, value)
    _check_json(model)
    try:
        model.save(update_fields=[*values, "updated_at"])
    except IntegrityError as exc:
        raise InvalidFields.one("model_id", "model_id_taken") from exc
    if after:
        _record("changed", model, before=before, after=after, actor=actor)
    return model


def _record(act: str, model: AIModel, *, before: dict[str, Any], after: dict[str, Any], actor: Any | None) -> None:
    record(
        f"model.{act}",
        actor=actor,
        object_type="model",
        object_id=model.pk,
        object_label=f"{model.provider.slug}/{model.model_id}",
        before=before,
        after=after,
    )


def _check_json(model: AIModel) -> None:
    try:
        if model.image_spec is not None:
            read_image_spec(model.image_spec)
    except msgspec.ValidationError as exc:
        raise InvalidFields.one("image_spec", "not_an_image_spec", problem=problem_of(exc)) from exc
    try:
        read_pricing(model.pricing)
    except (msgspec.ValidationError, ArithmeticError) as exc:
        raise InvalidFields.one("pricing", "not_pricing", problem=problem_of(exc)) from exc


def list_usable_models(*, admin: Any) -> tuple[AIModelQuerySet, dict[int, Explanation]]:
    """The models this person may use now, and the state by provider id (which is each model's, too).

    The states are decided per provider, in memory; the models are filtered in the database.
    """
    subject = AccessSubject.of(admin)
    states = {
        provider.pk: ModelAccessState.explain(provider, None, subject) for provider in AIProvider.objects.active()
    }
    usable = {pk: found for pk, found in states.items() if found.state.key_source}
    rows = AIModel.objects.usable_on(datetime.now(UTC).date())
    return rows.filter(provider__in=usable).select_related("provider"), usable


def problem_of(exc: Exception) -> str:
    """What msgspec says of the caller's own JSON (a path and an expected type); nothing of ours is in it."""
    return exc.args[0] if isinstance(exc, msgspec.ValidationError) else "price"
