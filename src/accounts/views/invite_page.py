"""The page that an invitation's link opens: a form, and what the new person can do."""

from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from src.accounts.forms import JoinForm
from src.accounts.services.invitation_mail import display_name
from src.accounts.services.invitations import find_invitation
from src.accounts.services.me import held_permissions
from src.core.errors import NotFound
from src.core.text import isolated

# The referrer is the origin alone, never the path, which holds the token. `no-referrer` would say so too, but under
# it browsers post forms with `Origin: null`, which Django's CSRF check refuses.
HEADERS = {
    "Referrer-Policy": "strict-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Robots-Tag": "noindex",
}
ABILITIES = {"ai.manage": "can_see_models", "ai.image.manage": "can_generate", "media.manage": "can_manage_media"}


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """Unknown, used, revoked and expired invitations are one and the same page, with 404."""
    try:
        invitation = find_invitation(token)
        form = JoinForm(request.POST if request.method == "POST" else None, label_suffix="")
        person = form.accept(token) if request.method == "POST" else None
    except NotFound:
        return _page(request, "accounts/invite_dead.html", {}, status=404)
    if person is not None:
        login(request, person)
        return redirect(reverse("welcome"))
    context = {"form": form, "inviter": isolated(display_name(invitation.invited_by))}
    return _page(request, "accounts/invite.html", context, status=400 if form.is_bound else 200)


@never_cache
@require_GET
def welcome(request: HttpRequest) -> HttpResponse:
    """What the person who is signed in can do."""
    if not request.user.is_authenticated:
        raise Http404
    held = held_permissions(request.user)
    abilities = [code for permission, code in ABILITIES.items() if permission in held] or ["can_ask"]
    if request.user.is_superuser:
        abilities.insert(0, "can_everything")
    return _page(
        request, "accounts/welcome.html", {"abilities": abilities, "username": isolated(request.user.username)}
    )


def _page(request: HttpRequest, template: str, context: dict, *, status: int = 200) -> HttpResponse:
    response = render(request, template, context, status=status)
    for name, value in HEADERS.items():
        response[name] = value
    return response
