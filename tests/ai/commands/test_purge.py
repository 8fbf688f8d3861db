"""What is past its time goes for good, and nothing else; a dry run only counts."""

import os
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from src.accounts.models import Invitation
from src.ai.models import GenerationOutput, ImageGeneration
from src.ai.services.inbox import call_path, full_path, move_to_quarantine, result_path, write_to_inbox
from src.media.models import MediaAsset
from tests.factories import make_model, make_sandbox
from tests.media.assets import make_asset

DAY = timedelta(days=1)
OVER, NOT_YET = 30 * DAY + timedelta(minutes=1), 30 * DAY - timedelta(minutes=1)
SIZE = {"mime_type": "image/png", "width": 8, "height": 8, "size_bytes": 9, "sha256": "s"}
ALL = (
    "1 pictures of the trash ({bytes} bytes), 1 unsaved pictures, 1 quarantined answers, leftovers of 0 generations, "
    "3 invitations"
)


def in_trash(owner, age: timedelta) -> MediaAsset:
    asset = make_asset(owner)
    MediaAsset.objects.filter(pk=asset.pk).update(deleted_at=timezone.now() - age)
    return asset


def unsaved(admin, age: timedelta) -> GenerationOutput:
    provider = make_sandbox()
    generation = ImageGeneration.objects.create(
        admin=admin, provider=provider, model=make_model(provider), key_source="shared", prompt="a cat", n=1
    )
    path = result_path(generation.pk, 0, "png")
    write_to_inbox(path, b"a picture")
    output = GenerationOutput.objects.create(generation=generation, index=0, inbox_path=path, **SIZE)
    GenerationOutput.objects.filter(pk=output.pk).update(created_at=timezone.now() - age)
    return output


def quarantined(age: timedelta) -> str:
    path = call_path(uuid4(), 0)
    write_to_inbox(path, b"no picture")
    move_to_quarantine(path)
    then = time.time() - age.total_seconds()
    os.utime(full_path(f"quarantine/{path}").parent, (then, then))
    return f"quarantine/{path}"


def invitation(inviter, ended: str, age: timedelta) -> Invitation:
    now = timezone.now()
    made = Invitation.objects.create(token_hash=uuid4().hex, invited_by=inviter, expires_at=now + DAY)
    values = {ended: now - age}
    if ended == "expires_at":
        values["created_at"] = now - age - DAY
    Invitation.objects.filter(pk=made.pk).update(**values)
    return made


@pytest.fixture
def past(super_admin, db) -> MediaAsset:
    """One of each kind that is over."""
    asset = in_trash(super_admin, OVER)
    unsaved(super_admin, 2 * DAY)
    quarantined(OVER)
    for ended in ("used_at", "revoked_at", "expires_at"):
        invitation(super_admin, ended, OVER)
    return asset


def purge(capsys, *arguments: str) -> str:
    call_command("purge", *arguments)
    return capsys.readouterr().out.strip()


def test_what_is_past_its_time_goes(past, capsys, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        said = purge(capsys)

    assert said == f"removed: {ALL.format(bytes=past.size_bytes)}"
    assert not MediaAsset.objects.exists() and not Invitation.objects.exists()
    assert not GenerationOutput.objects.exclude(inbox_path="").exists()
    assert not list(full_path("quarantine").glob("*/*"))


def test_a_dry_run_counts_and_removes_nothing(past, capsys):
    expected = f"would remove: {ALL.format(bytes=past.size_bytes)}"

    assert purge(capsys, "--dry-run") == expected
    assert purge(capsys, "--dry-run") == expected


def test_what_is_not_past_its_time_stays(super_admin, capsys):
    make_asset(super_admin)
    in_trash(super_admin, NOT_YET)
    unsaved(super_admin, timedelta(hours=23))
    quarantined(NOT_YET)
    for ended in ("used_at", "revoked_at", "expires_at"):
        invitation(super_admin, ended, NOT_YET)
    Invitation.objects.create(token_hash="pending", invited_by=super_admin, expires_at=timezone.now() + DAY)

    said = purge(capsys)

    nothing = (
        "0 pictures of the trash (0 bytes), 0 unsaved pictures, 0 quarantined answers, leftovers of 0 generations, "
        "0 invitations"
    )
    assert said == f"removed: {nothing}"
    assert (MediaAsset.objects.count(), Invitation.objects.count()) == (2, 4)
    assert GenerationOutput.objects.exclude(inbox_path="").count() == 1
