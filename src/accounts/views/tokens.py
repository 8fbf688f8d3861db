"""One's own API tokens."""

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from src.accounts.models import ApiToken
from src.accounts.pagination import NewestFirst
from src.accounts.permissions import AnyActivePerson
from src.accounts.serializers.tokens import ApiTokenSerializer, CreateApiTokenSerializer, NewApiTokenSerializer
from src.accounts.services.tokens import create_api_token, revoke_api_token
from src.accounts.views.caller import person_of, token_of
from src.core.envelope import success
from src.core.filters import StrictFilterBackend
from src.core.schema import envelope_of
from src.core.serializers import take_no_fields
from src.core.token_scopes import TOKENS


class ApiTokenListView(GenericAPIView):
    queryset = ApiToken.objects.none()
    serializer_class = ApiTokenSerializer
    permission_classes = [AnyActivePerson]
    filter_backends = [StrictFilterBackend]
    pagination_class = NewestFirst

    def get_required_scope(self) -> str:
        return TOKENS

    @extend_schema(responses=envelope_of(ApiTokenSerializer, paged=True))
    def get(self, request: Request) -> Response:
        """One's own tokens, newest first, the revoked ones too."""
        page = self.paginate_queryset(self.filter_queryset(ApiToken.objects.filter(user=person_of(request))))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(request=CreateApiTokenSerializer, responses={201: envelope_of(NewApiTokenSerializer)})
    def post(self, request: Request) -> Response:
        """Make a token; its secret is in this answer and never shown again. A token gives on only its own scopes,
        and no longer than it lasts itself."""
        serializer = CreateApiTokenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = create_api_token(
            user=person_of(request), actor=person_of(request), granted_by=token_of(request), **serializer.validated_data
        )
        return success("token_created", NewApiTokenSerializer(made).data, status=201)


class ApiTokenView(GenericAPIView):
    queryset = ApiToken.objects.none()
    serializer_class = ApiTokenSerializer
    permission_classes = [AnyActivePerson]

    def get_required_scope(self) -> str:
        return TOKENS

    @extend_schema(request=None, responses={200: envelope_of(ApiTokenSerializer)})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke one's own token, for good."""
        take_no_fields(request)
        token = revoke_api_token(user=person_of(request), token_id=token_id)
        return success("token_revoked", ApiTokenSerializer(token).data)
