"""The form on the invitation's page."""

from typing import Any

from django import forms

from src.accounts.messages import INVITATION_PAGE
from src.accounts.models import User
from src.accounts.services.invitations import accept_invitation, find_account_problems
from src.core.errors import FieldError, InvalidFields
from src.core.messages import text_for

PASSWORD_MAX_CHARS = 4096
ACCOUNT_NAME = {"autocomplete": "username", "dir": "ltr", "autocapitalize": "none", "spellcheck": "false"}


def _text(label: str, *, autocomplete: str, required: bool) -> forms.CharField:
    attrs = {"autocomplete": autocomplete, "dir": "auto", "class": "input"}
    widget = forms.TextInput(attrs=attrs)
    return forms.CharField(label=INVITATION_PAGE[label], max_length=150, required=required, widget=widget)


def _password(label: str, **options: Any) -> forms.CharField:
    attrs = {"autocomplete": "new-password", "dir": "ltr", "class": "input"}
    widget = forms.PasswordInput(attrs=attrs)
    return forms.CharField(
        label=INVITATION_PAGE[label], max_length=PASSWORD_MAX_CHARS, strip=False, widget=widget, **options
    )


class JoinForm(forms.Form):
    """Passwords are not written back into the page; all else is."""

    username = forms.CharField(
        label=INVITATION_PAGE["invite_username"],
        help_text=INVITATION_PAGE["invite_username_hint"],
        max_length=150,
        widget=forms.TextInput(attrs={**ACCOUNT_NAME, "class": "input"}),
    )
    first_name = _text("invite_first_name", autocomplete="given-name", required=False)
    last_name = _text("invite_last_name", autocomplete="family-name", required=False)
    password = _password("invite_password", help_text=INVITATION_PAGE["invite_password_hint"])
    password_again = _password("invite_password_again")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "password" in values and "password_again" in values and values["password"] != values["password_again"]:
            self.add_error("password_again", text_for("passwords_differ"))
        if "username" in values and "password" in values:
            names = {name: values.get(name, "") for name in ("first_name", "last_name")}
            person = User(username=User.normalize_username(values["username"]), **names)
            self._show(find_account_problems(person, values["password"]))
        return values

    def accept(self, token: str) -> User | None:
        """The new person; None with what is wrong at the fields. Raises NotFound(invitation_not_usable)."""
        if not self.is_valid():
            return None
        values = dict(self.cleaned_data)
        del values["password_again"]
        try:
            return accept_invitation(token=token, **values)
        except InvalidFields as exc:
            self._show(exc.fields)
            return None

    def _show(self, problems: dict[str, list[FieldError]]) -> None:
        for name, errors in problems.items():
            for error in errors:
                self.add_error(name, text_for(error.code, **error.params))
