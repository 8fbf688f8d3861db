"""The letter that tells super admins of warnings: one text in both languages, the site's first."""

from collections.abc import Mapping, Sequence

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.utils import translation

from src.core import db
from src.core.messages import text_for
from src.usage.models import LimitWarning
from src.usage.people import names_of
from src.usage.services.warning_texts import text_of_warning

log = structlog.get_logger("negareh.mail")


def mail_warnings(warnings: Sequence[LimitWarning]) -> None:
    """One letter to each active super admin who has an address, where a mail server is set up.

    Call outside any transaction. The mail server is asked in a thread of its own; each letter that it does not take is
    logged, and keeps back no other.
    """
    if not settings.HAS_MAIL_SERVER:
        return
    people = get_user_model()._default_manager.filter(is_superuser=True, is_active=True).exclude(email="")
    addresses = list(people.order_by("pk").values_list("email", flat=True))
    if not addresses:
        return
    names = names_of({each.person_id for each in warnings if each.person_id is not None})
    languages = sorted((code for code, _name in settings.LANGUAGES), key=lambda code: code != settings.LANGUAGE_CODE)
    subject = " / ".join(_subject(code) for code in languages)
    body = "\n\n\n".join(_body(code, warnings, names) for code in languages)
    letters = [EmailMessage(subject=subject, body=body, to=[address]) for address in addresses]
    db.PATIENT_POOL.submit(_send, letters)


def _send(letters: list[EmailMessage]) -> None:
    for letter in letters:
        try:
            letter.send()
        except (OSError, ValueError) as exc:
            # SMTP's errors are OSErrors, those of wrong addresses ValueErrors; their texts may quote the letter.
            log.warning("limit_warning_not_mailed", cause=type(exc).__name__)


def _subject(language: str) -> str:
    with translation.override(language):
        return text_for("limit_warning_subject")


def _body(language: str, warnings: Sequence[LimitWarning], names: Mapping[int, str]) -> str:
    with translation.override(language):
        texts = [text_of_warning(each, person=names.get(each.person_id or 0, "")) for each in warnings]
        return "\n".join([text_for("limit_warning_letter"), "", *texts])
