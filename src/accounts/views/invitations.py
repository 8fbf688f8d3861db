"""Invitations: made by super admins, accepted by whoever holds the link."""

from django.urls import reverse
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from src.accounts.models import Invitation
from src.accounts.pagination import NewestFirst
from src.accounts.serializers.invitations import (
    AcceptInvitationSerializer,
    InvitationSerializer,
    InviteSerializer,
    JoinedSerializer,
    SentInvitationSerializer,
)
from src.accounts.services.invitations import (
    accept_invitation,
    invite_person,
    list_pending_invitations,
    revoke_invitation,
)
from src.accounts.views.caller import person_of
from src.accounts.views.people import PeopleView
from src.core.envelope import success
from src.core.filters import StrictFilterBackend
from src.core.schema import NOTHING, envelope_of
from src.core.serializers import take_no_fields


class InvitationListView(PeopleView, GenericAPIView):
    queryset = Invitation.objects.none()
    serializer_class = InvitationSerializer
    filter_backends = [StrictFilterBackend]
    pagination_class = NewestFirst

    @extend_schema(responses=envelope_of(InvitationSerializer, paged=True))
    def get(self, request: Request) -> Response:
        """The invitations that are still open, newest first, without their links."""
        page = self.paginate_queryset(self.filter_queryset(list_pending_invitations()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(request=InviteSerializer, responses={201: envelope_of(SentInvitationSerializer)})
    def post(self, request: Request) -> Response:
        """Make a link that makes one account within seven days; it is in this answer and never shown again. It is
        mailed to `email` where a mail server is set up."""
        serializer = InviteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        sent = invite_person(
            inviter=person_of(request),
            link_of=lambda token: request.build_absolute_uri(reverse("invite", args=[token])),
            language=get_language() or "",
            **serializer.validated_data,
        )
        return success("invitation_created", SentInvitationSerializer(sent).data, status=201)


class InvitationView(PeopleView):
    @extend_schema(request=None, responses={200: NOTHING})
    def delete(self, request: Request, invitation_id: int) -> Response:
        """Revoke an open invitation."""
        take_no_fields(request)
        revoke_invitation(invitation_id=invitation_id, actor=person_of(request))
        return success("invitation_revoked")


class InvitationAcceptView(APIView):
    """The token of 256 random bits is the permission, so there is nothing to guess and no throttle."""

    permission_classes = [AllowAny]
    authentication_classes = []

    def get_required_scope(self) -> None:
        """None is asked: nobody is signed in."""

    @extend_schema(request=AcceptInvitationSerializer, responses={201: envelope_of(JoinedSerializer)}, auth=[])
    def post(self, request: Request) -> Response:
        """Make one's account with the token of an invitation. Open to anybody who has one."""
        serializer = AcceptInvitationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        person = accept_invitation(**serializer.validated_data)
        return success("invitation_accepted", JoinedSerializer(person).data, status=201)
