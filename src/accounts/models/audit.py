"""What was done, by whom: rows that are written once and never again."""

from typing import Any, NoReturn

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from src.core.channel import Channel

CHANNELS = [channel.value for channel in Channel]


class EntryIsFinal(Exception):
    """An audit entry is neither changed nor deleted."""


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise EntryIsFinal

    def delete(self) -> NoReturn:
        raise EntryIsFinal

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise EntryIsFinal

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Closed as well: with `update_conflicts` it changes rows."""
        raise EntryIsFinal

    def _raw_delete(self, using: str | None) -> NoReturn:
        """By which Django deletes without asking for the rows."""
        raise EntryIsFinal


class AuditEntry(models.Model):
    """One act. It names its actor without a foreign key, so that it outlives the person's row.

    `before` and `after` hold what changed, by field. `action` is `<object>.<past participle>`, as `provider_key.set`.
    """

    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    actor_name = models.CharField(max_length=150, blank=True, db_index=True)
    channel = models.CharField(max_length=8, choices=[(name, name) for name in CHANNELS])
    token_name = models.CharField(max_length=100, blank=True)
    action = models.CharField(max_length=64, db_index=True)
    object_type = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64, blank=True)
    object_label = models.CharField(max_length=200, blank=True)
    before = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    request_id = models.CharField(max_length=64, blank=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        base_manager_name = "objects"
        default_permissions = ()
        indexes = [models.Index(fields=["object_type", "object_id"], name="audit_entry_of_object")]
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=CHANNELS), name="audit_entry_channel_known"),
            models.CheckConstraint(
                condition=Q(token_name="") | Q(channel=Channel.TOKEN.value),
                name="audit_entry_token_only_with_its_channel",
            ),
            models.CheckConstraint(
                condition=Q(actor_id__isnull=True, actor_name="") | (Q(actor_id__isnull=False) & ~Q(actor_name="")),
                name="audit_entry_actor_whole_or_absent",
            ),
            models.CheckConstraint(condition=~Q(action="") & ~Q(object_type=""), name="audit_entry_says_what"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Inserts only. Raises EntryIsFinal."""
        if not self._state.adding:
            raise EntryIsFinal
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise EntryIsFinal
