"""Addresses below `/api/accounts/`."""

from django.urls import path

from src.accounts.views import audit, invitations, people, tokens

urlpatterns = [
    path("me/", people.MeView.as_view()),
    path("tokens/", tokens.ApiTokenListView.as_view()),
    path("tokens/<int:token_id>/", tokens.ApiTokenView.as_view()),
    path("people/", people.PersonListView.as_view()),
    path("people/<int:person_id>/", people.PersonView.as_view()),
    path("people/<int:person_id>/end-sessions/", people.PersonEndSessionsView.as_view()),
    path("invitations/", invitations.InvitationListView.as_view()),
    path("invitations/accept/", invitations.InvitationAcceptView.as_view()),
    path("invitations/<int:invitation_id>/", invitations.InvitationView.as_view()),
    path("audit/", audit.AuditListView.as_view()),
    path("audit/export/", audit.AuditExportView.as_view()),
]
