"""What ended generations left in the inbox goes after a day, and nothing that may still be wanted."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from src.ai.models import GenerationOutput, ImageGeneration
from src.ai.services import inbox_sweep
from src.ai.services.inbox import (
    call_path,
    full_path,
    input_path,
    is_in_inbox,
    move_to_quarantine,
    preview_path,
    result_path,
    sweep_inbox,
    write_to_inbox,
)
from src.ai.services.inbox_store import inbox_store
from tests.factories import make_model, make_sandbox

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SIZE = {"mime_type": "image/png", "width": 8, "height": 8, "size_bytes": 9, "sha256": "s"}
NOTHING = {"results": 0, "quarantined": 0, "leftovers": 0}
ENDS = ["succeeded", "refused", "failed", "cancelled"]


@pytest.fixture
def generation(ai_manager) -> Callable[..., ImageGeneration]:
    provider = make_sandbox()
    model = make_model(provider)

    def make(status: str = "succeeded", charged: str = "yes", **fields) -> ImageGeneration:
        fields = {"finished_at": timezone.now(), **fields}
        return ImageGeneration.objects.create(
            admin=ai_manager,
            provider=provider,
            model=model,
            key_source="shared",
            prompt="a cat",
            n=1,
            status=status,
            charged=charged,
            **fields,
        )

    return make


def leave(generation_id: UUID) -> list[str]:
    """An answer, an input and a preview."""
    paths = [
        call_path(generation_id, 0),
        input_path(generation_id, 0, "png"),
        preview_path(generation_id, 0, 0, "png"),
    ]
    for path in paths:
        write_to_inbox(path, b"left")
    return paths


def unsaved(generation: ImageGeneration, age: timedelta, index: int = 0) -> str:
    path = result_path(generation.pk, index, "png")
    write_to_inbox(path, b"a picture")
    output = GenerationOutput.objects.create(generation=generation, index=index, inbox_path=path, **SIZE)
    GenerationOutput.objects.filter(pk=output.pk).update(created_at=timezone.now() - age)
    return path


def sweep_in(wait: timedelta, **how) -> dict[str, int]:
    with time_machine.travel(timezone.now() + wait):
        return sweep_inbox(**how)


def there(paths: list[str]) -> list[bool]:
    return [is_in_inbox(path) for path in paths]


@pytest.mark.usefixtures("either_store")
class TestEitherPlace:
    @pytest.mark.parametrize("status", ENDS)
    def test_what_an_ended_generation_left_goes_after_a_day(self, generation, status):
        paths = leave(generation(status).pk)

        assert sweep_in(DAY - HOUR) == NOTHING
        assert there(paths) == [True, True, True]
        assert sweep_in(DAY + HOUR) == {**NOTHING, "leftovers": 1}
        assert list(inbox_store().folders()) == []

    def test_what_belongs_to_no_generation_goes_after_a_day(self, db):
        paths = leave(uuid4())

        assert sweep_in(DAY - HOUR) == NOTHING
        assert there(paths) == [True, True, True]
        assert sweep_in(DAY + HOUR) == {**NOTHING, "leftovers": 1}
        assert there(paths) == [False, False, False]

    def test_quarantine_goes_after_thirty_days(self, db):
        path = call_path(uuid4(), 0)
        write_to_inbox(path, b"no picture")
        move_to_quarantine(path)

        assert sweep_in(30 * DAY - HOUR) == NOTHING
        assert sweep_in(30 * DAY + HOUR) == {**NOTHING, "quarantined": 1}
        assert list(inbox_store().folders()) == []

    def test_an_unsaved_picture_of_less_than_a_day_stays_beside_what_goes(self, generation):
        made = generation()
        paths, picture = leave(made.pk), unsaved(made, age=-2 * DAY)

        assert sweep_in(DAY + HOUR) == {**NOTHING, "leftovers": 1}
        assert there([*paths, picture]) == [False, False, False, True]
        assert sweep_in(DAY + HOUR) == NOTHING


@pytest.mark.parametrize(
    ("status", "charged"),
    [
        *(("reserved", "no"), ("queued", "no"), ("running", "no"), ("running", "unknown")),
        *(("unknown", "unknown"), ("succeeded", "unknown"), ("failed", "unknown"), ("cancelled", "unknown")),
    ],
)
def test_what_is_not_over_or_may_still_clear_a_cost_stays(generation, status, charged):
    paths = leave(generation(status, charged, finished_at=None).pk)

    assert sweep_in(90 * DAY) == NOTHING
    assert there(paths) == [True, True, True]


def test_what_ended_only_lately_stays(generation):
    made = generation(finished_at=timezone.now() + DAY)
    ImageGeneration.objects.filter(pk=made.pk).update(created_at=timezone.now() - 9 * DAY)
    paths = leave(made.pk)

    assert sweep_in(DAY + HOUR) == NOTHING
    assert there(paths) == [True, True, True]


def test_what_came_late_stays_a_day_too(generation):
    made = generation(finished_at=timezone.now() - 9 * DAY)
    paths = leave(made.pk)

    assert sweep_in(DAY - HOUR) == NOTHING
    assert there(paths) == [True, True, True]


def test_one_without_a_moment_of_its_end_counts_from_its_beginning(generation):
    leave(generation(finished_at=None).pk)

    assert sweep_in(DAY + HOUR)["leftovers"] == 1


def test_what_a_crash_left_half_written_goes_too(generation):
    draft = full_path(call_path(generation().pk, 0)).with_name(".call-0.body.1234abcd")
    draft.parent.mkdir(parents=True)
    draft.write_bytes(b"half")

    assert sweep_in(DAY + HOUR)["leftovers"] == 1
    assert not draft.parent.exists()


def test_a_picture_that_is_past_its_time_is_no_leftover(generation):
    picture = unsaved(generation(), age=timedelta(0))

    assert sweep_in(DAY + HOUR) == {**NOTHING, "results": 1}
    assert not is_in_inbox(picture)


def test_files_that_are_none_of_ours_stay(db, settings):
    notes = settings.INBOX_DIR / "zz" / "notes"
    notes.mkdir(parents=True)
    (notes / "a.txt").write_text("keep")

    assert sweep_in(90 * DAY) == NOTHING
    assert (notes / "a.txt").exists()


def past(generation) -> None:
    """Some of each kind, and some that stay."""
    for _number in range(3):
        made = generation()
        leave(made.pk)
        unsaved(made, age=timedelta(0))
        leave(uuid4())
        leave(generation("unknown", "unknown").pk)
    moved = call_path(uuid4(), 0)
    write_to_inbox(moved, b"no picture")
    move_to_quarantine(moved)


def test_a_dry_run_says_what_would_go_and_removes_nothing(generation, local_files):
    past(generation)
    before = local_files()

    found = sweep_in(31 * DAY, dry_run=True)

    assert found == {"results": 3, "quarantined": 1, "leftovers": 6}
    assert local_files() == before
    assert sweep_in(31 * DAY) == found
    assert len(local_files()) == 9
    assert sweep_in(31 * DAY, dry_run=True) == NOTHING


def test_the_queries_are_as_many_for_all_of_a_batch(generation, django_assert_num_queries):
    for times in (1, 12):
        for _number in range(times):
            made = generation()
            leave(made.pk)
            unsaved(made, age=timedelta(0))
        # Rows and unsaved pictures; a batch of those past their time, their update, no further batch.
        with django_assert_num_queries(5):
            assert sweep_in(DAY + HOUR) == {"results": times, "quarantined": 0, "leftovers": times}


def test_more_than_a_batch_goes(generation, monkeypatch):
    monkeypatch.setattr(inbox_sweep, "AT_ONCE", 2)
    for _number in range(5):
        made = generation()
        leave(made.pk)
        unsaved(made, age=timedelta(0))

    assert sweep_in(DAY + HOUR) == {"results": 5, "quarantined": 0, "leftovers": 5}
    assert list(inbox_store().folders()) == []


def test_a_saved_picture_is_none_of_the_sweeps(generation, capsys):
    made = generation()
    picture = unsaved(made, age=timedelta(0))
    GenerationOutput.objects.update(inbox_path="")

    assert sweep_in(DAY + HOUR) == {**NOTHING, "leftovers": 1}
    assert not is_in_inbox(picture)
    call_command("sweep_inbox")
    assert "removed 0 pictures" in capsys.readouterr().out
