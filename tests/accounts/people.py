"""What tests of people, tokens, invitations and the audit table share."""

from typing import Any

from rest_framework.test import APIClient

from src.accounts.models import AuditEntry, Invitation, User
from src.accounts.services.invitations import invite_person

ROOT = "/api/accounts/"
PASSWORD = "برف‌وباران-7391"


def entries(**fields: Any) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(**fields).order_by("id"))


def invite(inviter: User, **wishes: Any) -> tuple[Invitation, str]:
    """The invitation, and the token of its link."""
    sent = invite_person(inviter=inviter, link_of=str, language="fa", **wishes)
    return sent.invitation, sent.link


def signed_in(user: User) -> APIClient:
    """A client with a real session, by the session middleware."""
    client = APIClient(headers={"accept-language": "en"})
    client.force_login(user)
    return client
