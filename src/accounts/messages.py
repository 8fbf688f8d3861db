"""Messages of people, tokens and invitations: code -> lazy text."""

from django.utils.translation import gettext_lazy as _

ACCOUNTS_SUCCESS = {
    "token_created": _("The token was made. Copy it now: it is not shown again."),
    "token_revoked": _("The token was revoked and is no longer accepted."),
    "person_updated": _("The person was saved."),
    "sessions_ended": _("The person was signed out everywhere."),
    "invitation_created": _("The invitation was made. Copy the link now: it is not shown again."),
    "invitation_revoked": _("The invitation was revoked."),
    "invitation_accepted": _("The account was made. Sign in with it."),
}

ACCOUNTS_ERRORS = {
    "unknown_scope": _("There is no scope %(scope)s."),
    "scope_not_held": _("A token gives on only its own scopes, and %(scope)s is not among them."),
    "in_the_past": _("This moment has passed."),
    "later_than_own_token": _("The token that asks for this expires at %(limit)s; the new one must not outlive it."),
    "too_many_tokens": _("A person has at most %(limit)s tokens. Revoke one first."),
    "unknown_group": _("There is no group %(group)s."),
    "last_super_admin": _("This is the last active super admin. Make somebody else one first."),
    "not_on_yourself": _("You cannot switch off your own account."),
    "invitation_not_usable": _("This invitation cannot be used. Ask for a new one."),
    "username_taken": _("Somebody else has this username."),
    "username_invalid": _("Use letters, digits and @.+-_ only, at most 150 characters."),
    "password_too_short": _("The password needs at least %(min_length)s characters."),
    "password_too_common": _("Too many people use this password."),
    "password_entirely_numeric": _("The password must not consist of digits only."),
    "password_too_similar": _("The password is too much like your name, username or e-mail."),
    "password_refused": _("This password is not allowed here. Choose another one."),
    "passwords_differ": _("The two passwords differ."),
}

INVITATION_LETTER = {
    "invitation_subject": _("Your invitation to Negareh"),
    "invitation_letter": _(
        "Hello,\n\n%(name)s invites you to Negareh, the team's workshop for AI pictures. Open this link to make your "
        "account:\n\n%(link)s\n\nIt works once, until %(until)s. If you expected no invitation, ignore this letter."
    ),
}

INVITATION_PAGE = {
    "invite_title": _("Join Negareh"),
    "invite_intro": _("%(name)s invites you to Negareh, the team's workshop for AI pictures. Make your account here."),
    "invite_username": _("Username"),
    "invite_username_hint": _("With this you sign in: letters, digits and @.+-_"),
    "invite_first_name": _("First name (optional)"),
    "invite_last_name": _("Last name (optional)"),
    "invite_password": _("Password"),
    "invite_password_hint": _("A long phrase is best; digits alone are not enough."),
    "invite_password_again": _("Password, once more"),
    "invite_submit": _("Make my account"),
    "invite_dead_title": _("This invitation cannot be used"),
    "invite_dead_text": _(
        "It may have been used or revoked already, or have expired. Ask the person who sent it for a new one."
    ),
    "welcome_title": _("Welcome to Negareh"),
    "welcome_text": _("Your account is ready. You are signed in as %(name)s."),
    "welcome_abilities": _("What you can do"),
    "welcome_docs": _("How it is done: the API and its documents"),
    "can_everything": _("Set up providers and keys, invite people, and see costs and the audit table"),
    "can_see_models": _("See which models there are and what they cost"),
    "can_generate": _("Generate pictures, with the team's key or your own"),
    "can_manage_media": _("Look after the picture library: edit, publish and tidy up every picture"),
    "can_ask": _("Nothing yet: ask a super admin to add you to a group"),
}
