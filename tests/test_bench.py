"""The measurements of `make bench` still measure what there is; their figures are no matter of tests."""

from bench import adapters


def test_every_adapter_that_is_measured_reads_its_picture(monkeypatch):
    monkeypatch.setattr(adapters, "REPEATS", 1)

    assert len(adapters.measure_reading()) == 5
