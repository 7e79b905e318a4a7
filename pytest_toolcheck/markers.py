"""The markers, in one table: `pytest --markers` shows these lines. PYTEST_DONT_REWRITE"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

MARKERS = {
    "tool_spec": "tool_spec(path, tool=None): run the test once for each generated case of the spec's tools "
    "(fixtures `tool` and `case`).",
    "latency_budget": "latency_budget(*, p50=, p95=, p99=, max=, rounds=, regression=): fail when calls take longer, "
    "such as p95='50ms'.",
    "memory_budget": "memory_budget(*, peak=, leak=, rounds=): fail when a call uses more, such as peak='10MiB'; "
    "leak is the growth a call.",
    "cpu_budget": "cpu_budget(*, time=, utilization=, rounds=, regression=): fail when a call uses more CPU, such as "
    "time='20ms', or than the baseline.",
    "growth_budget": "growth_budget(*, over, latency=, memory=): fail when cost grows faster than, say, 'n log n'.",
    "virtual_time": "virtual_time(max_real_wait='5s', start=None): run the test in virtual time: sleeping and timeouts take no "
    "real time; start sets the wall clock (ISO 8601).",
    "interleave": "interleave(*, seeds=50, seed=None): run an async test under seeded shuffles of its tasks' steps.",
}
"""Marker name to its `--markers` line."""

BUDGET_MARKERS = frozenset({"latency_budget", "memory_budget", "cpu_budget", "growth_budget"})


def declare_markers(config: pytest.Config) -> None:
    """Make the markers known to `--strict-markers` and `--markers`."""
    for line in MARKERS.values():
        config.addinivalue_line("markers", line)


def used_by(items: Iterable[pytest.Item]) -> frozenset[str]:
    """Return the names of our markers that the tests bear, and of the fixtures that change how a test is run."""
    used: set[str] = set()
    known: set[int] = set()  # files and classes are asked once, not once a test
    for item in items:
        if "virtual_clock" in getattr(item, "fixturenames", ()):
            used.add("virtual_time")
        node: Any = item
        while node is not None and id(node) not in known:
            known.add(id(node))
            used.update(mark.name for mark in node.own_markers if mark.name in MARKERS)
            node = node.parent
    return frozenset(used)


def uses_budget(item: pytest.Item) -> bool:
    """Whether the test measures through the fixture `budget`."""
    return "budget" in getattr(item, "fixturenames", ())
