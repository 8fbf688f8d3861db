"""People, for super admins; and who is asking, for everybody."""

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from src.accounts.filters import PersonFilter
from src.accounts.models import User
from src.accounts.pagination import ByUsername
from src.accounts.permissions import AnyActivePerson, SuperAdminOnly
from src.accounts.serializers.people import ChangePersonSerializer, MeSerializer, PersonSerializer
from src.accounts.services.me import describe_me
from src.accounts.services.people import end_sessions, find_person, list_people, update_person
from src.accounts.views.caller import person_of, token_of
from src.core.envelope import success
from src.core.filters import StrictFilterBackend
from src.core.schema import envelope_of
from src.core.serializers import take_no_fields
from src.core.token_scopes import PEOPLE


class PeopleView(APIView):
    permission_classes = [SuperAdminOnly]

    def get_required_scope(self) -> str:
        return PEOPLE


class PersonListView(PeopleView, GenericAPIView):
    queryset = User.objects.none()
    serializer_class = PersonSerializer
    filter_backends = [StrictFilterBackend]
    filterset_class = PersonFilter
    pagination_class = ByUsername

    @extend_schema(responses=envelope_of(PersonSerializer, paged=True))
    def get(self, request: Request) -> Response:
        """Everybody, by username. `search` looks in username, names and e-mail."""
        page = self.paginate_queryset(self.filter_queryset(list_people()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class PersonView(PeopleView):
    @extend_schema(responses=envelope_of(PersonSerializer))
    def get(self, request: Request, person_id: int) -> Response:
        """One person."""
        return success("ok", PersonSerializer(find_person(person_id)).data)

    @extend_schema(request=ChangePersonSerializer, responses=envelope_of(PersonSerializer))
    def patch(self, request: Request, person_id: int) -> Response:
        """Change any fields; `groups` are names. Switching off ends sessions, tokens and open invitations for good."""
        serializer = ChangePersonSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        person = update_person(person_id=person_id, changes=serializer.validated_data, actor=person_of(request))
        return success("person_updated", PersonSerializer(person).data)


class PersonEndSessionsView(PeopleView):
    @extend_schema(request=None, responses=envelope_of(PersonSerializer))
    def post(self, request: Request, person_id: int) -> Response:
        """Sign the person out everywhere; tokens stay."""
        take_no_fields(request)
        person = end_sessions(person_id=person_id, actor=person_of(request))
        return success("sessions_ended", PersonSerializer(person).data)


class MeView(APIView):
    permission_classes = [AnyActivePerson]

    def get_required_scope(self) -> None:
        """Any token may ask whose it is."""

    @extend_schema(responses=envelope_of(MeSerializer))
    def get(self, request: Request) -> Response:
        """Who is asking, and what they may do."""
        return success("ok", MeSerializer(describe_me(user=person_of(request), token=token_of(request))).data)
