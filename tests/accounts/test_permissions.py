import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from src.accounts.permissions import (
    AiImageManagerAccess,
    AiManagerAccess,
    PermissionValidator,
    ScopedPermission,
    SuperAdminOnly,
)

pytestmark = pytest.mark.urls(__name__)

EVERYONE = {"super_admin", "ai_manager", "media_manager", "stranger"}


class ScopedView(APIView):
    def get_required_scope(self) -> str:
        return "usage"

    def get(self, request):
        return Response({"ok": True})


def view_for(permission):
    return ScopedView.as_view(permission_classes=[permission])


urlpatterns = [
    path("super/", view_for(SuperAdminOnly)),
    path("manage/", view_for(AiManagerAccess)),
    path("images/", view_for(AiImageManagerAccess)),
    path("default/", ScopedView.as_view()),
]


@pytest.fixture
def person(request, db):
    return request.getfixturevalue


@pytest.mark.parametrize(
    ("permission", "holders"),
    [
        ("ai.manage", {"super_admin", "ai_manager"}),
        ("ai.image.manage", {"super_admin", "ai_manager"}),
        ("media.manage", {"super_admin", "media_manager"}),
        ("no.such", {"super_admin"}),
    ],
)
def test_who_holds_a_permission(person, permission, holders):
    found = {name for name in EVERYONE if PermissionValidator.has_permission(person(name), permission)}

    assert found == holders


@pytest.mark.parametrize("name", sorted(EVERYONE))
def test_nobody_inactive_holds_any(person, name):
    user = person(name)
    user.is_active = False

    assert not PermissionValidator.has_permission(user, "ai.manage")


@pytest.mark.parametrize("nobody", [None, AnonymousUser(), "super", object()])
def test_nobody_at_all_holds_any(nobody):
    assert not PermissionValidator.has_permission(nobody, "ai.manage")


def test_being_staff_gives_nothing(stranger):
    stranger.is_staff = True

    assert not PermissionValidator.has_permission(stranger, "ai.manage")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("/super/", {"super_admin"}),
        ("/default/", {"super_admin"}),
        ("/manage/", {"super_admin", "ai_manager"}),
        ("/images/", {"super_admin", "ai_manager"}),
    ],
)
def test_whom_each_class_lets_in(person, client_of, url, allowed):
    statuses = {name: client_of(person(name)).get(url).status_code for name in EVERYONE}

    assert statuses == {name: 200 if name in allowed else 403 for name in EVERYONE}
    assert client_of().get(url).status_code == 401


def test_one_of_the_two_permissions_is_not_the_other(stranger, client_of):
    stranger.user_permissions.add(Permission.objects.get(codename="manage", content_type__app_label="ai"))

    assert client_of(stranger).get("/manage/").status_code == 200
    assert client_of(stranger).get("/images/").status_code == 403


def test_a_token_needs_the_views_scope_besides_its_persons_permission(super_admin, stranger, client_of):
    assert client_of(super_admin, scopes=["usage"]).get("/super/").status_code == 200
    assert client_of(super_admin, scopes=["images"]).get("/super/").json()["errors"].keys() == {"scope"}
    assert client_of(stranger, scopes=["usage"]).get("/super/").json()["errors"] == {}


def test_a_class_must_say_whom_it_allows():
    with pytest.raises(TypeError, match="ScopedPermission"):
        ScopedPermission().is_allowed(None, None)
