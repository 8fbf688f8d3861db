"""Invitations: who may make themself an account, and as what."""

from datetime import datetime

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from src.accounts.models.person import User


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self, *, now: datetime | None = None) -> "InvitationQuerySet":
        """Neither used, nor revoked, nor expired."""
        return self.filter(used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now or timezone.now())


class Invitation(models.Model):
    """One account to be made. The link's token is shown once, when made; only its hash is stored."""

    token_hash = models.CharField(max_length=64, unique=True)
    email = models.EmailField(blank=True)
    groups = models.ManyToManyField(Group, blank=True, related_name="+")
    is_super_admin = models.BooleanField(default=False)
    note = models.CharField(max_length=500, blank=True)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sent_invitations")
    accepted_by = models.OneToOneField(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="accepted_invitation"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="invitation_expires_after_creation"
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(revoked_at__isnull=True), name="invitation_used_or_revoked"
            ),
            models.CheckConstraint(
                condition=Q(accepted_by__isnull=True) | Q(used_at__isnull=False), name="invitation_accepted_is_used"
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"
