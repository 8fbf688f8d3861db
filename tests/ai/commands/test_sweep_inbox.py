"""Unsaved pictures go after 24 hours, quarantine after 30 days, and nothing else goes."""

import os
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from src.ai.models import GenerationOutput, ImageGeneration
from src.ai.services.inbox import call_path, full_path, move_to_quarantine, result_path, write_to_inbox
from tests.factories import make_model, make_sandbox

DAY_S = 86_400
SIZE = {"mime_type": "image/png", "width": 8, "height": 8, "size_bytes": 9, "sha256": "s"}


@pytest.fixture
def unsaved(ai_manager):
    """`unsaved(age)`: a picture in the inbox that is so old, with its row."""
    provider = make_sandbox()
    model = make_model(provider)

    def make(age: timedelta, index: int = 0, generation: ImageGeneration | None = None) -> GenerationOutput:
        generation = generation or ImageGeneration.objects.create(
            admin=ai_manager, provider=provider, model=model, key_source="shared", prompt="a cat", n=1
        )
        path = result_path(generation.pk, index, "png")
        write_to_inbox(path, b"a picture")
        output = GenerationOutput.objects.create(generation=generation, index=index, inbox_path=path, **SIZE)
        GenerationOutput.objects.filter(pk=output.pk).update(created_at=timezone.now() - age)
        return output

    return make


def quarantined(age_s: float) -> str:
    """An answer that was set aside so long ago."""
    path = call_path(uuid4(), 0)
    write_to_inbox(path, b"no picture")
    move_to_quarantine(path)
    then = time.time() - age_s
    os.utime(full_path(f"quarantine/{path}").parent, (then, then))
    return f"quarantine/{path}"


def sweep(capsys) -> str:
    call_command("sweep_inbox")
    return capsys.readouterr().out.strip().removesuffix(", leftovers of 0 generations")


def test_a_picture_older_than_a_day_goes(unsaved, capsys):
    output = unsaved(timedelta(hours=24, seconds=1))

    assert sweep(capsys) == "removed 1 pictures, 0 quarantined answers"

    assert not full_path(output.inbox_path).parent.exists()
    output.refresh_from_db()
    assert output.inbox_path == ""


def test_a_younger_picture_stays(unsaved, capsys):
    output = unsaved(timedelta(hours=23, minutes=59))

    assert sweep(capsys) == "removed 0 pictures, 0 quarantined answers"

    output.refresh_from_db()
    assert full_path(output.inbox_path).read_bytes() == b"a picture"


def test_of_one_generation_only_what_is_old_goes(unsaved, capsys):
    old = unsaved(timedelta(days=2))
    young = unsaved(timedelta(0), index=1, generation=old.generation)

    assert sweep(capsys) == "removed 1 pictures, 0 quarantined answers"

    assert full_path(young.inbox_path).exists()


def test_a_picture_whose_file_is_gone_already_is_swept_too(unsaved, capsys):
    full_path(unsaved(timedelta(days=2)).inbox_path).unlink()

    assert sweep(capsys) == "removed 1 pictures, 0 quarantined answers"
    assert sweep(capsys) == "removed 0 pictures, 0 quarantined answers"


def test_quarantine_older_than_thirty_days_goes(db, capsys):
    path = quarantined(30 * DAY_S + 60)

    assert sweep(capsys) == "removed 0 pictures, 1 quarantined answers"

    assert not full_path(path).exists()


def test_younger_quarantine_stays(db, capsys):
    path = quarantined(30 * DAY_S - 60)

    assert sweep(capsys) == "removed 0 pictures, 0 quarantined answers"

    assert full_path(path).read_bytes() == b"no picture"


def test_what_another_sweeper_removes_at_the_same_time_is_no_error(db, capsys, tmp_path):
    path = full_path(quarantined(30 * DAY_S + 60))
    path.parent.with_name(uuid4().hex).symlink_to(tmp_path / "nowhere")

    assert sweep(capsys) == "removed 0 pictures, 1 quarantined answers"
    assert not path.parent.exists()


def test_it_says_what_else_went(db, capsys):
    path = call_path(uuid4(), 0)
    write_to_inbox(path, b"an answer to nobody")
    then = time.time() - DAY_S - 60
    os.utime(full_path(path).parent, (then, then))

    call_command("sweep_inbox")

    said = capsys.readouterr().out
    assert said == "removed 0 pictures, 0 quarantined answers, leftovers of 1 generations\n"


def test_an_answer_that_is_still_worked_on_stays(db, capsys):
    path = call_path(uuid4(), 0)
    write_to_inbox(path, b"an answer")

    sweep(capsys)

    assert full_path(path).exists()


def test_an_empty_inbox_is_no_error(db, capsys):
    assert sweep(capsys) == "removed 0 pictures, 0 quarantined answers"
