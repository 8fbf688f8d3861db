"""What any signed-in person may ask of usage; how much of it is there for them, the services decide."""

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from src.core.token_scopes import USAGE, check_token_scope


class UsageView(APIView):
    permission_classes = [IsAuthenticated]

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        check_token_scope(request, USAGE)
