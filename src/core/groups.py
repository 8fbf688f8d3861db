"""The groups and what they hold, written after each migrate by the app that owns the permissions."""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission

AI_MANAGERS = "AI managers"
MEDIA_MANAGERS = "Media managers"


def grant_to_group(*, group_name: str, app_label: str, codenames: Iterable[str], using: str) -> None:
    """Make the group where it is missing and add the permissions; what an operator added stays."""
    group, _created = Group.objects.using(using).get_or_create(name=group_name)
    group.permissions.add(
        *Permission.objects.using(using).filter(content_type__app_label=app_label, codename__in=list(codenames))
    )
