"""The reference system's own figures are beaten, on the same work."""

from __future__ import annotations

from .benchmarks.reference.__main__ import HERE, SPEC, figures_of, pytest_run
from .benchmarks.reference.theirs import THEIRS, missed, shown, table


def test_every_figure_of_one_process_is_beaten(tmp_path):
    """Eleven figures are measured through the fixtures, and each is smaller than theirs."""
    pytest_run(str(HERE / "figures.py"), log=tmp_path / "log")
    ours = figures_of(tmp_path / "log")
    assert set(THEIRS) - set(ours) == {"the resilience part of the suite"}
    assert missed(ours) == ["the resilience part of the suite"]
    assert SPEC.exists()


def test_a_figure_that_is_not_beaten_is_named():
    """An equal, a larger and a missing figure are not beaten."""
    ours = {work: value / 2 for work, (value, _) in THEIRS.items()}
    assert missed(ours) == []
    ours |= {"session creation": 0.010, "100 clean-ups": 1.0}
    del ours["20 concurrent operations"]
    assert missed(ours) == ["20 concurrent operations", "100 clean-ups", "session creation"]
    assert "| 100 clean-ups | 200 ms | 1 s | 0 |" in table(ours)
    assert "| 20 concurrent operations | 300 ms | not measured | - |" in table(ours)
    assert [shown(each, "s") for each in (12.0, 0.5, 14e-6, 4e-8)] == ["12 s", "500 ms", "14 us", "0.04 us"]
