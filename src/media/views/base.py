"""What the views of the library share."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from src.core.envelope import success
from src.core.token_scopes import MEDIA_READ, MEDIA_WRITE, check_token_scope
from src.media.models import MediaAsset
from src.media.serializers.assets import MediaAssetSerializer
from src.media.services.library import lineage_of
from src.media.services.publishing import describe_link, link_of


class MediaView(APIView):
    """What any signed-in person may ask; what is there for them, the services decide."""

    permission_classes = [IsAuthenticated]

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        check_token_scope(request, self.get_required_scope(request))

    def get_required_scope(self, request: Request) -> str:
        return MEDIA_READ if request.method in SAFE_METHODS else MEDIA_WRITE


def show_asset(request: Request, asset: MediaAsset, code: str = "ok", *, status: int = 200) -> Response:
    """One picture with all that is known of it; `asset` comes from `find_listed_asset`."""
    link = link_of(asset)
    context: dict[str, Any] = {
        "request": request,
        "lineage": lineage_of(asset, request.user),
        "link": describe_link(link, asset, base_url=base_url_of(request)) if link else None,
    }
    return success(code, MediaAssetSerializer(asset, context=context).data, status=status)


def base_url_of(request: Request) -> str:
    return request.build_absolute_uri("/").rstrip("/")
