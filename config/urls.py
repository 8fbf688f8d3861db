"""Every address of the server."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from src.accounts.views.invite_page import invite, welcome
from src.core.health import livez, readyz
from src.core.unrouted import bad_request, forbidden, not_found, server_error

urlpatterns = [
    path("livez", livez),
    path("admin/", admin.site.urls),
    path("readyz", readyz),
    path("api/schema/", SpectacularAPIView.as_view(permission_classes=[]), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(permission_classes=[], url_name="schema")),
    path("invite/welcome", welcome, name="welcome"),
    path("invite/<str:token>", invite, name="invite"),
    path("api/accounts/", include("src.accounts.urls")),
    path("api/media/", include("src.media.urls")),
    path("api/usage/", include("src.usage.urls")),
    path("p/", include("src.media.public_urls")),
    path("api/ai/admin/", include("src.ai.urls")),
    path("api/webhooks/", include("src.webhooks.urls")),
]

handler400 = bad_request
handler403 = forbidden
handler404 = not_found
handler500 = server_error
