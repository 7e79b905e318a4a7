"""Faulty breakers, retriers, fallbacks and timeouts are all found; their correct twins are not accused."""

from __future__ import annotations

import pytest

from pytest_toolcheck.resilience.scenarios import resilience_scenarios

from .faulty.resilience.faults import EXTRA, FAULTS, KINDS
from .faulty.resilience.lab import mutated, plan_of, run


def promised(kind, folder, source):
    _, promises = KINDS[kind]
    return plan_of(source, folder, **promises)


@pytest.mark.parametrize("kind", KINDS)
def test_correct_twin_is_not_accused(kind, tmp_path):
    """A tool that keeps its promises passes every scenario."""
    report = run(promised(kind, tmp_path, KINDS[kind][0]))
    assert not report.failed, report
    assert len(report.passed) > 4


@pytest.mark.parametrize(
    ("kind", "fault", "old", "new", "found_by"),
    FAULTS,
    ids=[f"{kind}-{fault}".replace(" ", "_") for kind, fault, *_ in FAULTS],
)
def test_fault_is_found(kind, fault, old, new, found_by, tmp_path):
    """A tool with one promise broken fails a scenario, with a message on one line and a timeline."""
    source = mutated(KINDS[kind][0], old, new)
    if fault in EXTRA:
        source = mutated(source, *EXTRA[fault])
    plan = promised(kind, tmp_path, source)
    named = any(found_by in scenario.id for scenario in resilience_scenarios(plan))
    report = run(plan, only=found_by if named else "")
    assert report.failed, report
    assert any(found_by in id_ or found_by in str(error) for id_, error in report.failed.items()), report
    for error in report.failed.values():
        details = dict(error.findings[0].details)
        assert "\n" not in str(error)
        assert details["expected"] != details["seen"]
        assert "call 1 of place_order" in details["timeline"] or "calls" in details["timeline"]
