"""Budget markers: what they mean together, and which are refused when tests are collected."""

from __future__ import annotations

import pytest

from pytest_toolcheck.budgets.markers import BudgetError, MarkedBudgets, body_problems, parse_marks, rounds_needed
from pytest_toolcheck.spec.model import Budgets, GrowthBudget


def mark(name, *args, **kwargs):
    return (name, args, kwargs)


def test_markers_become_one_set_of_budgets():
    """All budget markers of a test are read together; other markers are none of our business."""
    marked = parse_marks(
        [
            mark("latency_budget", p50="10ms", max="1s"),
            mark("memory_budget", peak="10MiB", leak="1KiB"),
            mark("cpu_budget", time="20ms", utilization="80%", regression="20%", rounds=30),
            mark("growth_budget", over="items", latency="n log n", memory="n"),
            mark("parametrize", "x", [1]),
        ]
    )
    assert marked == MarkedBudgets(
        Budgets(
            latency={"p50": 10_000_000, "max": 1_000_000_000},
            memory={"peak": 10 * 2**20, "leak": 1024},
            cpu_time_ns=20_000_000,
            cpu_utilization=0.8,
            growth=GrowthBudget("items", "n log n", "n"),
            regression=0.2,
        ),
        30,
    )


def test_the_closest_marker_wins_key_by_key():
    """A function's marker overrides its class's and its module's where both say the same key, and adds where not."""
    marked = parse_marks([mark("latency_budget", p95="50ms"), mark("latency_budget", p95="1s", p99="2s")])
    assert dict(marked.budgets.latency) == {"p95": 50_000_000, "p99": 2_000_000_000}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (mark("latency_budget", p95="10 apples"), r"latency_budget\(p95='10 apples'\): .*apples"),
        (mark("latency_budget", p95=50), "has no unit"),
        (mark("latency_budget", p95="-5ms"), "negative"),
        (mark("latency_budget", p95="0ms"), "more than 0"),
        (mark("latency_budget", p96="5ms"), "unknown key 'p96'. Did you mean 'p99'"),
        (mark("latency_budget", "50ms"), "without a name.*p50='50ms'"),
        (mark("latency_budget"), "found no limit"),
        (mark("latency_budget", p95="50ms", max="20ms"), "p95 of 50 ms lies above max of 20 ms"),
        (mark("latency_budget", p50="50ms", p99="20ms"), "p50 of 50 ms lies above p99 of 20 ms"),
        (mark("memory_budget", peak="10ms"), "unknown unit 'ms'"),
        (mark("memory_budget", peek="10MiB"), "Did you mean 'peak'"),
        (mark("cpu_budget", time="20ms", rounds=0), "whole number of at least 1"),
        (mark("cpu_budget", time="20ms", rounds=True), "whole number of at least 1"),
        (mark("cpu_budget", time="0s"), "cpu time must be more than 0"),
        (mark("memory_budget", peak="0B"), "memory peak must be more than 0"),
        (mark("cpu_budget", utilization="0%"), "utilization must be more than 0"),
        (mark("growth_budget", over="items"), "expected over='PARAM' and latency= or memory="),
        (mark("growth_budget", latency="n"), "expected over='PARAM'"),
        (mark("growth_budget", over="items", latency="n!"), "expected one of '1', 'log n'"),
        (mark("growth_budget", over="items", latency=["n"]), "expected one of '1', 'log n'"),
        (mark("growth_budget", over=3, latency="n"), "the name of a parameter"),
    ],
)
def test_a_budget_that_cannot_be_meant_is_refused(wrong, message):
    """Each wrong marker is an error that says what was found and what is possible."""
    with pytest.raises(BudgetError, match=message):
        parse_marks([wrong])


def test_a_percentile_of_a_body_is_refused_with_the_number_of_runs_it_needs():
    """A body is run once; a percentile needs more, and the message says how many."""
    (problem,) = body_problems(parse_marks([mark("latency_budget", p95="50ms")]))
    assert f"needs rounds={rounds_needed(0.95)} at least (found no rounds=)" in problem
    assert body_problems(parse_marks([mark("latency_budget", p95="50ms", rounds=rounds_needed(0.95))])) == []
    (few,) = body_problems(parse_marks([mark("latency_budget", p50="50ms", rounds=5)]))
    assert "found rounds=5" in few


@pytest.mark.parametrize(
    "fine",
    [
        mark("latency_budget", max="1s"),
        mark("cpu_budget", time="20ms", utilization="50%"),
        mark("memory_budget", peak="1MiB"),
    ],
)
def test_what_one_run_can_show_is_allowed_for_a_body(fine):
    """max, CPU and the peak of memory can be judged by one run."""
    assert body_problems(parse_marks([fine])) == []


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        ([mark("memory_budget", leak="1KiB")], "leak of a test's own body needs rounds="),
        ([mark("growth_budget", over="n", latency="n")], "no size to change"),
        ([mark("memory_budget", peak="1MiB"), mark("cpu_budget", time="1s")], "never measured in one run"),
    ],
)
def test_what_one_run_cannot_show_is_refused_for_a_body(marks, message):
    """A leak, a growth, and memory beside time need more than one run of a body."""
    (problem,) = body_problems(parse_marks(marks))
    assert message in problem


@pytest.mark.parametrize(("quantile", "least", "most"), [(0.5, 45, 60), (0.95, 120, 200), (0.99, 500, 1000)])
def test_the_runs_needed_follow_from_the_rule(quantile, least, most):
    """The number in the message is what the verdict rule needs to pass and to fail."""
    assert least <= rounds_needed(quantile) <= most
