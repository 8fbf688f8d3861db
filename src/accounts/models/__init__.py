"""Rows of people, their tokens and invitations, and of what was done."""

from src.accounts.models.audit import AuditEntry, EntryIsFinal
from src.accounts.models.invitation import Invitation
from src.accounts.models.person import User
from src.accounts.models.token import ApiToken

__all__ = ["ApiToken", "AuditEntry", "EntryIsFinal", "Invitation", "User"]
