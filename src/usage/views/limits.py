"""Limits of the team and of people's days, for super admins; and what is left, for everybody."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from src.core.envelope import success
from src.core.schema import envelope_of
from src.core.token_scopes import SETTINGS
from src.usage.serializers.limits import (
    ChangePersonLimitSerializer,
    ChangeTeamLimitsSerializer,
    OwnLimitsSerializer,
    PersonLimitSerializer,
    TeamLimitsSerializer,
)
from src.usage.services.own_limits import describe_own_limits
from src.usage.services.standing_limits import (
    change_person_limit,
    change_team_limits,
    describe_person_limit,
    describe_team_limits,
)
from src.usage.views.base import UsageView


class LimitsView(APIView):
    """With the default permission of the whole API: super admins."""

    def get_required_scope(self) -> str:
        return SETTINGS


class TeamLimitsView(LimitsView):
    @extend_schema(responses=envelope_of(TeamLimitsSerializer))
    def get(self, request: Request) -> Response:
        """The team's budget of a month, and how many pictures each person may make a day with shared keys."""
        return success("ok", describe_team_limits())

    @extend_schema(request=ChangeTeamLimitsSerializer, responses=envelope_of(TeamLimitsSerializer))
    def patch(self, request: Request) -> Response:
        """Change either; null is no limit. It holds from the next request on."""
        serializer = ChangeTeamLimitsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return success("team_limits_saved", change_team_limits(changes=serializer.validated_data, actor=request.user))


class PersonDayLimitView(LimitsView):
    @extend_schema(responses=envelope_of(PersonLimitSerializer))
    def get(self, request: Request, user_id: int) -> Response:
        """How many pictures a person may make a day with shared keys."""
        return success("ok", describe_person_limit(person_id=user_id))

    @extend_schema(request=ChangePersonLimitSerializer, responses=envelope_of(PersonLimitSerializer))
    def patch(self, request: Request, user_id: int) -> Response:
        """Give the person a limit of their own, or everyone's again with `is_default` true."""
        serializer = ChangePersonLimitSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        limit = change_person_limit(person_id=user_id, actor=request.user, **serializer.validated_data)
        return success("person_limit_saved", limit)


class OwnLimitsView(UsageView):
    @extend_schema(responses=envelope_of(OwnLimitsSerializer))
    def get(self, request: Request) -> Response:
        """What is left for oneself with shared keys, today and this month. Limits at single providers are with one's
        own settings."""
        limits = describe_own_limits(person=request.user)
        return success("ok", OwnLimitsSerializer(limits).data)
