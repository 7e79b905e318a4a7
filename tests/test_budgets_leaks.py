"""Leaks where they are hard to see: in rare steps, and in child processes of an in-process tool."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from pytest_toolcheck.budgets.leak import MOST_CALLS, measure_leak
from pytest_toolcheck.budgets.measure import apply_to_body
from pytest_toolcheck.budgets.measure_memory import measure_leak_budget
from pytest_toolcheck.budgets.processes import has_proc
from pytest_toolcheck.spec.model import Budgets

from .budget_server import asked_server

needs_proc = pytest.mark.skipif(not has_proc(), reason="the memory of other processes is read from /proc")

KIB = 2**10
COMMANDS = """
def cache():
    if len(kept) < 60: kept.append(bytes(8000))
COMMANDS = {"cache": cache, "leak": lambda: kept.append(bytes(1300))}
"""


def test_a_leak_in_rare_steps_is_found():
    """A block at every 50th call is a leak of its mean: while the level only climbs, calls go on until a slope sees it."""
    kept, calls = [], count()
    result = measure_leak_budget(lambda: kept.append(bytes(80_000)) if next(calls) % 50 == 0 else None, KIB)
    assert result.verdict == "fail"
    assert "memory leak 1.56 KiB a call" in result.message


@pytest.mark.parametrize(("bytes_a_call", "verdict"), [(3000, "inconclusive"), (200, "pass")])
def test_a_buffer_that_doubles_is_no_pass_for_its_rare_steps(bytes_a_call, verdict):
    """Its slope is zero nearly always, and it grows without end."""
    used, buffer = 0, bytes(4096)

    def grow():
        nonlocal used, buffer
        used += bytes_a_call
        while used > len(buffer):
            buffer = bytes(2 * len(buffer))

    result = measure_leak_budget(grow, KIB)
    assert result.verdict == verdict
    if verdict == "inconclusive":
        assert result.message.endswith("inconclusive, it grew by more, in steps too rare for a slope")


@pytest.mark.parametrize("late", [(60,), (60, 250), (40, 150, 330)])
def test_what_is_loaded_late_is_no_leak(late):
    """Large things that are loaded once, at some call, are steps that end."""
    kept, calls = [], count()
    found = measure_leak(lambda: kept.append(bytes(10**6)) if next(calls) in late else None, KIB)
    assert [reading.verdict for reading in found] == ["pass", "pass"]


def test_one_step_alone_is_no_leak():
    """Where no more calls may be made, what was loaded once is told apart from what comes again."""
    kept, calls = [], count()
    found = measure_leak(lambda: kept.append(bytes(10**6)) if next(calls) in (30, 135) else None, KIB, most_calls=105)
    assert [reading.verdict for reading in found] == ["pass", "pass"]


@pytest.mark.parametrize("size", [60, 245, 500])
def test_a_table_that_is_emptied_when_it_is_full_is_no_leak(size):
    """What falls back does not only climb."""
    table = []

    def remember():
        table.append(bytes(4000))
        if len(table) >= size:
            table.clear()

    assert [reading.verdict for reading in measure_leak(remember, KIB)] == ["pass", "pass"]


@pytest.mark.parametrize("size", [64, 128, 300])
def test_a_cache_that_drops_what_is_old_is_no_leak(size):
    """What forgets as much as it takes in is full, though it was filled for long."""
    cache, calls = {}, count()

    def remember():
        cache[next(calls)] = bytes(3000)
        if len(cache) > size:
            del cache[next(iter(cache))]

    assert [reading.verdict for reading in measure_leak(remember, KIB)] == ["pass", "pass"]


@needs_proc
def test_a_leak_in_a_child_process_of_a_tool_is_found():
    """A tool that has its work done by a worker of its own leaks where the worker does; a worker's cache is forgiven."""
    with asked_server(COMMANDS) as (_, ask):
        readings = measure_leak(lambda: ask("leak"), KIB)
        assert [reading.verdict for reading in readings] == ["pass", "pass", "fail"]
        assert "the child processes that work for it" in readings[-1].source
    with asked_server(COMMANDS) as (_, ask):
        assert {reading.verdict for reading in measure_leak(lambda: ask("cache"), KIB)} == {"pass"}


@needs_proc
def test_children_that_do_nothing_meanwhile_cost_no_pass():
    """A process that was idle during the calls cannot have leaked by them."""
    with asked_server(COMMANDS) as (pid, _):
        while Path(f"/proc/{pid}/stat").read_text().split()[2] != "S":  # its last answer may not be quite over
            pass
        assert len(measure_leak(lambda: None, KIB)) == 2


@needs_proc
def test_rounds_bound_the_runs_of_a_body_with_children():
    """`rounds=` is how often a body may be run, in all passes together."""
    runs = []
    with asked_server(COMMANDS) as (_, ask):
        apply_to_body(lambda: runs.append(ask("leak")), Budgets(memory={"leak": KIB}), rounds=590)
    assert 295 < len(runs) <= 590
    assert len(runs) < MOST_CALLS
