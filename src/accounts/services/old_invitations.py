"""Invitations that are over for long enough."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from src.accounts.models import Invitation

LIFETIME = timedelta(days=30)


def purge_invitations(*, older_than: timedelta = LIFETIME, dry_run: bool = False) -> int:
    """Remove those used, revoked or expired so long ago; what they led to stays in the audit table. How many."""
    limit = timezone.now() - older_than
    over = Invitation.objects.filter(Q(used_at__lt=limit) | Q(revoked_at__lt=limit) | Q(expires_at__lt=limit))
    if dry_run:
        return over.count()
    return over.delete()[1].get("accounts.Invitation", 0)
