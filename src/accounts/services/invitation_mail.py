"""The letter that brings an invitation: one text in both languages, the inviter's first."""

from datetime import datetime

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation

from src.accounts.models import User
from src.core.messages import text_for
from src.core.text import isolated

log = structlog.get_logger("negareh.mail")


def mail_invitation(*, to: str, link: str, inviter: User, expires_at: datetime, language: str) -> bool:
    """Whether a mail server took it; False, too, where none is set up. Call outside any transaction."""
    if not settings.HAS_MAIL_SERVER:
        return False
    languages = sorted((code for code, _name in settings.LANGUAGES), key=lambda code: code != language)
    facts = {"name": isolated(display_name(inviter)), "link": link, "until": f"{expires_at:%Y-%m-%d %H:%M} UTC"}
    letter = EmailMessage(
        subject=" / ".join(_in(code, "invitation_subject") for code in languages),
        body="\n\n\n".join(_in(code, "invitation_letter", **facts) for code in languages),
        to=[to],
    )
    try:
        letter.send()
    except OSError as exc:
        # SMTP's errors are OSErrors; their text may quote the letter.
        log.warning("invitation_not_mailed", cause=type(exc).__name__)
        return False
    return True


def display_name(person: User) -> str:
    return person.get_full_name() or person.get_username()


def _in(language: str, code: str, **params: str) -> str:
    with translation.override(language):
        return text_for(code, **params)
