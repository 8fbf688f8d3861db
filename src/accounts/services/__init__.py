"""What is done with people, tokens, invitations and the audit table."""

from src.accounts.services.tokens import create_api_token, find_api_token, note_token_use

__all__ = ["create_api_token", "find_api_token", "note_token_use"]
