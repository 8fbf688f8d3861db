"""The report of the figures."""

from tests.reliability.report import this_machine, write_report

LINES = [
    {"name": "queue_cap", "database": "sqlite", "form": "long", "figures": {"accepted": 200}},
    {"name": "kill_9", "database": "sqlite", "form": "long", "figures": {"kills": 15, "jobs": {"succeeded": 9}}},
]


def test_each_line_is_a_row_in_the_order_of_the_names():
    told = write_report(LINES, commit="abc", machine="two cores", date="2026-11-24")

    assert "on 2026-11-24, of commit abc, on two cores." in told
    assert told.endswith("| kill 9 | sqlite | kills 15, jobs (succeeded 9) |\n| queue cap | sqlite | accepted 200 |\n")


def test_the_machine_is_told():
    assert "cores" in this_machine()
