import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from src.core.groups import AI_MANAGERS, MEDIA_MANAGERS, grant_to_group

pytestmark = pytest.mark.django_db


def permissions_of(group_name):
    held = Permission.objects.filter(group__name=group_name).values_list("content_type__app_label", "codename")
    return {f"{app_label}.{codename}" for app_label, codename in held}


def test_migrating_makes_the_two_groups():
    assert permissions_of(AI_MANAGERS) == {"ai.manage", "ai.image.manage"}
    assert permissions_of(MEDIA_MANAGERS) == {"media.manage"}


def test_migrating_again_restores_what_is_missing_and_keeps_what_an_operator_added():
    Group.objects.get(name=MEDIA_MANAGERS).delete()
    group = Group.objects.get(name=AI_MANAGERS)
    group.permissions.set([Permission.objects.get(codename="view_user")])

    call_command("migrate", verbosity=0)

    assert permissions_of(AI_MANAGERS) == {"ai.manage", "ai.image.manage", "accounts.view_user"}
    assert permissions_of(MEDIA_MANAGERS) == {"media.manage"}


def test_a_permission_of_another_app_by_the_same_name_is_not_granted():
    grant_to_group(group_name="readers", app_label="media", codenames=["manage"], using="default")

    assert permissions_of("readers") == {"media.manage"}
