"""Rows that must not be: the database itself refuses them, whatever code writes them."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from src.accounts.models import ApiToken, AuditEntry, Invitation, User
from src.ai.models import (
    AdminProviderSettings,
    AIModel,
    AIProvider,
    GenerationOutput,
    ImageGeneration,
    JobEvent,
    JobFeed,
    ProviderCall,
    ProviderCircuit,
    QueueGate,
)
from src.media.models import Collection, Favourite, MediaAsset, PublishedLink, Rendition, Tag
from src.usage.models import Counter, LedgerEntry, LimitWarning, StandingLimit
from src.webhooks.models import Webhook

SAME = UUID(int=1)
KEY = {"key_status": "valid", "key_sealed": "v1.a.b", "key_fingerprint": "f", "key_last4": "good"}
SIZE = {"mime_type": "image/png", "width": 8, "height": 8, "size_bytes": 9, "sha256": "s"}


class Rows:
    """A valid row of every table, by the name of its model, made when first asked for."""

    def __init__(self) -> None:
        self._first: dict[type[models.Model], models.Model] = {}
        self._events = 0

    def first(self, table: type[models.Model]) -> Any:
        if table not in self._first:
            self._first[table] = self.make(table)
        return self._first[table]

    def make(self, table: type[models.Model], **fields: Any) -> Any:
        return table._default_manager.create(**{**getattr(self, f"_{table.__name__}")(), **fields})

    def _User(self) -> dict[str, Any]:
        return {"username": uuid4().hex}

    def _ApiToken(self) -> dict[str, Any]:
        return {"user": self.first(User), "name": "n", "secret_hash": uuid4().hex, "last4": "abcd"}

    def _AuditEntry(self) -> dict[str, Any]:
        return {"channel": "system", "action": "thing.done", "object_type": "thing"}

    def _Invitation(self) -> dict[str, Any]:
        later = timezone.now() + timedelta(days=7)
        return {"invited_by": self.first(User), "token_hash": uuid4().hex, "expires_at": later}

    def _AIProvider(self) -> dict[str, Any]:
        return {"slug": uuid4().hex, "name": "n", "adapter": "openai"}

    def _AdminProviderSettings(self) -> dict[str, Any]:
        return {"admin": self.make(User), "provider": self.first(AIProvider)}

    def _AIModel(self) -> dict[str, Any]:
        return {"provider": self.first(AIProvider), "model_id": uuid4().hex}

    def _ImageGeneration(self) -> dict[str, Any]:
        owners = {"admin": self.first(User), "provider": self.first(AIProvider), "model": self.first(AIModel)}
        return {**owners, "key_source": "shared", "prompt": "p", "n": 1}

    def _ProviderCall(self) -> dict[str, Any]:
        return {"generation": self.make(ImageGeneration)}

    def _GenerationOutput(self) -> dict[str, Any]:
        return {"generation": self.make(ImageGeneration), "index": 0, **SIZE}

    def _JobFeed(self) -> dict[str, Any]:
        return {"admin": self.make(User)}

    def _JobEvent(self) -> dict[str, Any]:
        self._events += 1
        generation = self.first(ImageGeneration)
        return {"admin": generation.admin, "seq": self._events, "generation": generation, "kind": "state"}

    def _QueueGate(self) -> dict[str, Any]:
        return {"name": uuid4().hex[:16]}

    def _ProviderCircuit(self) -> dict[str, Any]:
        return {"provider": self.first(AIProvider), "key_fingerprint": uuid4().hex}

    def _MediaAsset(self) -> dict[str, Any]:
        return {"owner": self.first(User), "file_name": uuid4().hex, "source": "generated", **SIZE}

    def _Tag(self) -> dict[str, Any]:
        return {"name": "n", "key": uuid4().hex}

    def _Collection(self) -> dict[str, Any]:
        return {"owner": self.first(User), "name": "n", "key": uuid4().hex}

    def _Favourite(self) -> dict[str, Any]:
        return {"user": self.first(User), "asset": self.make(MediaAsset)}

    def _PublishedLink(self) -> dict[str, Any]:
        return {"asset": self.make(MediaAsset), "token": uuid4().hex, "created_by": self.first(User)}

    def _Rendition(self) -> dict[str, Any]:
        extent = {"size": 320, "format": "webp", "width": 8, "height": 8, "size_bytes": 9}
        return {"asset": self.make(MediaAsset), "file_name": uuid4().hex, **extent}

    def _LedgerEntry(self) -> dict[str, Any]:
        scope = {"scope_kind": "provider", "scope_id": "1", "period": "2026-11", "day": "2026-11-24"}
        return {
            "kind": "reserve",
            "generation_id": uuid4(),
            "images": 1,
            "person_id": 1,
            "key_source": "shared",
        } | scope

    def _Counter(self) -> dict[str, Any]:
        return {"scope_kind": "provider", "scope_id": uuid4().hex, "period": "2026-11"}

    def _Webhook(self) -> dict[str, Any]:
        return {"url": "https://receiver.example/", "key_sealed": "v1.a.b", "events": ["job.failed"]}

    def _WebhookDelivery(self) -> dict[str, Any]:
        return {"webhook": self.first(Webhook), "event": "job.failed", "next_attempt_at": timezone.now()}

    def _StandingLimit(self) -> dict[str, Any]:
        return {"scope_kind": "person_day", "scope_id": uuid4().hex}

    def _LimitWarning(self) -> dict[str, Any]:
        scope = {"scope_kind": "provider", "scope_id": uuid4().hex, "period": "2026-11"}
        return {**scope, "unit": "micros", "percent": 80, "limit": 10, "spent": 8}


@pytest.fixture
def rows(db) -> Rows:
    return Rows()


OWN_TABLES = [
    table for label in ("accounts", "ai", "media", "usage") for table in apps.get_app_config(label).get_models()
]


@pytest.mark.parametrize("table", OWN_TABLES, ids=lambda table: table.__name__)
def test_a_right_row_is_stored(rows, table):
    assert rows.make(table).pk


WRONG = {
    "api_token_expires_after_creation": (ApiToken, {"expires_at": timezone.now() - timedelta(days=1)}),
    "person_has_a_username": (User, {"username": ""}),
    "audit_entry_channel_known": (AuditEntry, {"channel": "rumour"}),
    "audit_entry_token_only_with_its_channel": (AuditEntry, {"token_name": "laptop"}),
    "audit_entry_actor_whole_or_absent": (AuditEntry, {"actor_id": 1}),
    "audit_entry_says_what": (AuditEntry, {"action": ""}),
    "invitation_expires_after_creation": (Invitation, {"expires_at": timezone.now() - timedelta(days=1)}),
    "invitation_used_or_revoked": (Invitation, {"used_at": timezone.now(), "revoked_at": timezone.now()}),
    "provider_budget_not_negative": (AIProvider, {"monthly_budget_micros": -1}),
    "provider_unknown_price_policy_known": (AIProvider, {"unknown_price_policy": "ask"}),
    "provider_runs_a_job_at_least": (AIProvider, {"max_jobs_at_once": 0}),
    "provider_has_slug_and_adapter": (AIProvider, {"adapter": ""}),
    "person_settings_budget_not_negative": (AdminProviderSettings, {"monthly_budget_micros": -1}),
    "model_has_an_id": (AIModel, {"model_id": ""}),
    "model_origin_known": (AIModel, {"origin": "guessed"}),
    "generation_n_in_range": (ImageGeneration, {"n": 11}),
    "generation_status_known": (ImageGeneration, {"status": "done"}),
    "generation_charged_known": (ImageGeneration, {"charged": "maybe"}),
    "generation_key_source_known": (ImageGeneration, {"key_source": "stolen"}),
    "generation_money_not_negative": (ImageGeneration, {"reserved_micros": -1}),
    "generation_cost_source_fits_cost": (ImageGeneration, {"cost_source": "catalogue"}),
    "generation_unknown_is_charged_unknown": (ImageGeneration, {"status": "unknown", "charged": "no"}),
    "generation_visibility_known": (ImageGeneration, {"visibility": "public"}),
    "provider_call_charged_known": (ProviderCall, {"charged": "maybe"}),
    "provider_call_cost_not_negative": (ProviderCall, {"cost_micros": -1}),
    "provider_call_asks_for_a_picture": (ProviderCall, {"asked": 0}),
    "job_event_kind_known": (JobEvent, {"kind": "rumour"}),
    "generation_output_has_a_size": (GenerationOutput, {"width": 0}),
    "generation_output_cost_not_negative": (GenerationOutput, {"cost_micros": -1}),
    "ledger_entry_kind_known": (LedgerEntry, {"kind": "lose"}),
    "ledger_entry_key_source_known": (LedgerEntry, {"key_source": "stolen"}),
    "provider_call_status_known": (ProviderCall, {"status": "lost", "sent_at": timezone.now()}),
    "provider_call_sent_has_a_moment": (ProviderCall, {"status": "sent"}),
    "media_asset_has_a_size": (MediaAsset, {"width": 0}),
    "media_asset_visibility_known": (MediaAsset, {"visibility": "public"}),
    "media_asset_source_known": (MediaAsset, {"source": "found"}),
    "media_asset_cost_not_negative": (MediaAsset, {"cost_micros": -1}),
    "media_tag_has_a_name": (Tag, {"name": ""}),
    "media_collection_has_a_name": (Collection, {"key": ""}),
    "media_collection_visibility_known": (Collection, {"visibility": "public"}),
    "media_published_link_has_a_token": (PublishedLink, {"token": ""}),
    "media_rendition_size_known": (Rendition, {"size": 640}),
    "media_rendition_format_known": (Rendition, {"format": "gif"}),
    "media_rendition_has_a_size": (Rendition, {"height": 0}),
    "ledger_entry_micros_not_negative": (LedgerEntry, {"micros": -1}),
    "counter_not_negative": (Counter, {"reserved_images": -1}),
    "standing_limit_micros_not_negative": (StandingLimit, {"max_micros": -1}),
    "limit_warning_unit_known": (LimitWarning, {"unit": "tokens"}),
    "limit_warning_percent_known": (LimitWarning, {"percent": 90}),
    "limit_warning_not_negative": (LimitWarning, {"limit": -1}),
}
FURTHER_WRONG = [
    (AuditEntry, {"actor_name": "somebody"}),
    (AuditEntry, {"object_type": ""}),
    (Tag, {"key": ""}),
    (Collection, {"name": ""}),
    (Rendition, {"width": 0}),
    (Rendition, {"size_bytes": 0}),
    (AIProvider, {"slug": ""}),
    (ImageGeneration, {"n": 0}),
    (ImageGeneration, {"cost_micros": -1, "cost_source": "catalogue"}),
    (ImageGeneration, {"cost_micros": 1}),
    (ImageGeneration, {"cost_micros": 1, "cost_source": "guessed"}),
    (ProviderCall, {"status": "received"}),
    (ProviderCall, {"status": "unknown"}),
    (MediaAsset, {"height": 0}),
    (MediaAsset, {"size_bytes": 0}),
    (Counter, {"spent_images": -1}),
    (Counter, {"reserved_micros": -1}),
    (Counter, {"spent_micros": -1}),
    (AdminProviderSettings, {"monthly_limit": -1}),
    (StandingLimit, {"max_images": -1}),
    (LimitWarning, {"spent": -1}),
    (LedgerEntry, {"images": -1}),
    (JobFeed, {"last_seq": -1}),
    (JobEvent, {"seq": -1}),
    (ImageGeneration, {"fence": -1}),
    (ImageGeneration, {"setbacks": -1}),
    (ProviderCall, {"brought": -1}),
    (ProviderCall, {"attempt": -1}),
    (ProviderCircuit, {"failures": -1}),
    (ProviderCircuit, {"times_opened": -1}),
    (AIProvider, {"total_cost_micros": -1}),
]


@pytest.mark.parametrize("constraint", WRONG)
def test_a_wrong_row_is_refused_by_its_constraint(rows, constraint):
    table, fields = WRONG[constraint]
    rows.first(table)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        rows.make(table, **fields)


@pytest.mark.parametrize(("table", "fields"), FURTHER_WRONG, ids=str)
def test_a_row_that_is_wrong_in_another_way_is_refused(rows, table, fields):
    rows.first(table)

    with pytest.raises(IntegrityError, match="(?i)check constraint"), transaction.atomic():
        rows.make(table, **fields)


HALF_KEYS = [
    {"key_sealed": ""},
    {"key_fingerprint": ""},
    {"key_status": "unset"},
    {"key_status": "trusted"},
    {"key_status": ""},
]


@pytest.mark.parametrize("half", HALF_KEYS, ids=str)
@pytest.mark.parametrize("table", [AIProvider, AdminProviderSettings], ids=lambda table: table.__name__)
def test_half_a_key_is_refused(rows, table, half):
    assert rows.make(table, **KEY).has_key

    with pytest.raises(IntegrityError, match="key_whole_or_absent"), transaction.atomic():
        rows.make(table, **{**KEY, **half})


@pytest.mark.parametrize("left", ["key_sealed", "key_fingerprint", "key_last4"])
@pytest.mark.parametrize("table", [AIProvider, AdminProviderSettings], ids=lambda table: table.__name__)
def test_an_unset_key_leaves_nothing_behind(rows, table, left):
    with pytest.raises(IntegrityError, match="key_whole_or_absent"), transaction.atomic():
        rows.make(table, **{left: KEY[left]})


TWICE = {
    "media_collection_once_per_owner_name": (Collection, {"owner": User, "key": "same"}),
    "media_favourite_once_per_person_asset": (Favourite, {"asset": MediaAsset}),
    "media_published_link_one_live_per_asset": (PublishedLink, {"asset": MediaAsset}),
    "media_rendition_once_per_size_format": (Rendition, {"asset": MediaAsset}),
    "model_id_once_per_provider": (AIModel, {"model_id": "same"}),
    "person_settings_once_per_person_provider": (AdminProviderSettings, {"admin": User}),
    "generation_once_per_idempotency_key": (ImageGeneration, {"idempotency_key": "same"}),
    "provider_call_once_per_attempt": (ProviderCall, {"generation": ImageGeneration}),
    "job_event_once_per_number": (JobEvent, {"seq": 99}),
    "circuit_once_per_provider_and_key": (ProviderCircuit, {"key_fingerprint": ""}),
    "generation_output_once_per_index": (GenerationOutput, {"generation": ImageGeneration}),
    "ledger_entry_once_per_generation_scope_kind": (LedgerEntry, {"generation_id": SAME}),
    "counter_once_per_scope_period": (Counter, {"scope_id": "same"}),
    "standing_limit_once_per_scope": (StandingLimit, {"scope_id": "same"}),
    "limit_warning_once_per_scope_period_unit_percent": (LimitWarning, {"scope_id": "same"}),
}
FURTHER_TWICE = [
    (Tag, {"key": "same"}),
    (PublishedLink, {"token": "same"}),
    (Rendition, {"file_name": "same"}),
    (User, {"username": "same"}),
    (ApiToken, {"secret_hash": "same"}),
    (Invitation, {"token_hash": "same"}),
    (AIProvider, {"slug": "same"}),
    (AIProvider, {"vault_id": SAME}),
    (AdminProviderSettings, {"vault_id": SAME}),
    (MediaAsset, {"file_name": "same"}),
    (GenerationOutput, {"asset": MediaAsset}),
    (JobFeed, {"admin": User}),
    (QueueGate, {"name": "same"}),
]


@pytest.mark.parametrize(("table", "same"), [*TWICE.values(), *FURTHER_TWICE], ids=str)
def test_a_row_that_is_there_already_is_refused(rows, table, same):
    fields = {name: rows.first(value) if isinstance(value, type) else value for name, value in same.items()}
    rows.make(table, **fields)

    with pytest.raises(IntegrityError, match="(?i)unique"), transaction.atomic():
        rows.make(table, **fields)


def test_a_picture_is_in_the_library_or_in_the_inbox(rows):
    with pytest.raises(IntegrityError, match="generation_output_in_one_place"), transaction.atomic():
        rows.make(GenerationOutput, asset=rows.first(MediaAsset), inbox_path="aa/bb/result-0.png")


def test_an_invitation_that_somebody_accepted_is_used(rows):
    with pytest.raises(IntegrityError, match="invitation_accepted_is_used"), transaction.atomic():
        rows.make(Invitation, accepted_by=rows.first(User))


def test_generations_without_an_idempotency_key_are_as_many_as_one_likes(rows):
    assert rows.make(ImageGeneration).pk != rows.make(ImageGeneration).pk


@pytest.mark.parametrize("table", [AIProvider, AIModel])
def test_history_is_not_deleted_with_its_provider_or_model(rows, table):
    rows.first(ImageGeneration)

    with pytest.raises(models.ProtectedError):
        rows.first(table).delete()


def test_every_constraint_has_its_wrong_row():
    named = {constraint.name for table in OWN_TABLES for constraint in table._meta.constraints}
    whole_keys = {"provider_key_whole_or_absent", "person_settings_key_whole_or_absent"}

    assert named == {*WRONG, *TWICE, *whole_keys, "generation_output_in_one_place", "invitation_accepted_is_used"}
