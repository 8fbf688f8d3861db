"""People."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

from src.core.text import normalise

SESSION_HASH_SALT = "src.accounts.models.person.User.session"


class PersonQuerySet(models.QuerySet["User"]):
    def super_admins(self) -> "PersonQuerySet":
        """Those who can sign in."""
        return self.filter(is_superuser=True, is_active=True)

    def search(self, text: str) -> "PersonQuerySet":
        """Whose username, names and e-mail hold every word of `text`; `%` and `_` are plain characters."""
        found = self
        for word in normalise(text).split():
            found = found.filter(search_text__contains=word)
        return found


class PersonManager(UserManager["User"].from_queryset(PersonQuerySet)):  # type: ignore[misc]
    use_in_migrations = False


class PersonSearchField(models.TextField):
    """Written from the row itself at each save, like `auto_now`, since Django's own commands make people too."""

    def pre_save(self, model_instance: Any, add: bool) -> str:
        texts = (getattr(model_instance, name) for name in ("username", "first_name", "last_name", "email"))
        value = "\n".join(normalise(text) for text in texts if text)
        setattr(model_instance, self.attname, value)
        return value


class User(AbstractUser):
    """A person. `is_superuser` is a super admin, who holds every permission; the others get theirs by groups.

    Sessions carry a hash of `session_epoch`: raising it ends every session there is, for good.
    """

    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    search_text = PersonSearchField(blank=True, default="", editable=False)

    objects = PersonManager()  # type: ignore[misc]

    class Meta(AbstractUser.Meta):
        constraints = [models.CheckConstraint(condition=~Q(username=""), name="person_has_a_username")]

    def get_session_auth_hash(self) -> str:
        return self._session_hash(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(secret)

    def _session_hash(self, secret: str | bytes) -> str:
        value = f"{self.session_epoch}|{self.password}"
        return salted_hmac(SESSION_HASH_SALT, value, secret=secret, algorithm="sha256").hexdigest()
