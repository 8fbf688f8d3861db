"""8 writers (jobs end to end) and 50 readers (lists over HTTP) at once for 60 s: no locked database, no 5xx."""

import time
from collections import Counter

from tests.ai.jobs.conftest import JOBS
from tests.reliability.load_client import PatientApi
from tests.reliability.load_processes import ServerProcess
from tests.reliability.load_scene import (
    assert_books_are_right,
    assert_no_server_error,
    at_once,
    charges,
    make_small_model,
    pictures_in_library,
    wait_until_all_ended,
)
from tests.reliability.load_switch import long_or_short, only_when_on, report

pytestmark = only_when_on

WRITERS, READERS = 8, 50
LASTS_S = long_or_short(60.0, 8.0)
LISTS = (
    JOBS,
    "/api/media/",
    "/api/ai/admin/images/models/",
    "/api/ai/admin/settings/",
    "/api/accounts/tokens/",
    "/api/usage/limits/mine/",
)


def test_none_is_locked_out(transactional_db, upstream, ai_manager, other_manager, token_of, tmp_path):
    model = make_small_model(upstream)
    with ServerProcess(tmp_path) as server:
        writer, reader = (PatientApi(server, token_of(person), model) for person in (ai_manager, other_manager))
        ends_at = time.monotonic() + LASTS_S

        def work(number: int) -> list[int]:
            statuses = []
            while time.monotonic() < ends_at:
                if number < WRITERS:
                    statuses.append(writer.generate().status)
                else:
                    statuses.append(reader.get(LISTS[(number + len(statuses)) % len(LISTS)]).status)
            return statuses

        found = at_once(WRITERS + READERS, work)
        wait_until_all_ended(30)
        assert_no_server_error([server])

    written = Counter(status for statuses in found[:WRITERS] for status in statuses)
    read = Counter(status for statuses in found[WRITERS:] for status in statuses)
    assert (set(written), set(read)) == ({201}, {200})
    assert all(found)
    pictures = written.total()
    assert (upstream.paid_calls, pictures_in_library(), charges()) == (pictures, pictures, pictures)
    assert_books_are_right()
    report("writers_and_readers", seconds=LASTS_S, writes=pictures, reads=read.total())
