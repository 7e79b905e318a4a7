"""What is made after a list was asked for is listed as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.newly import newly_scenarios

from .behaviour_lab import findings_of

TASKS = '''
from functools import lru_cache
from typing import Literal
tasks = []
def add_task(title: str, priority: Literal["low", "high"] = "low") -> dict:
    """Add a task."""
    tasks.append({"id": len(tasks) + 1, "title": title, "priority": priority})
    FORGET
    return tasks[-1]
@lru_cache
def by_priority(priority):
    return [t for t in tasks if priority in (None, t["priority"])]
def list_tasks(priority: Literal["low", "high"] | None = None) -> list[dict]:
    """List tasks, of one priority or all."""
    return by_priority(priority)
'''
CACHED = TASKS.replace("FORGET", "pass")


def found_in(folder: Path, code: str) -> list[str]:
    return findings_of(folder, code, "", room=newly_scenarios)


def test_a_list_that_is_remembered_from_its_first_call(tmp_path: Path) -> None:
    """The twin forgets it when something is made."""
    [found] = found_in(tmp_path, CACHED)
    assert "list_tasks never lists what add_task made after it was asked for the first time" in found
    assert found_in(tmp_path, TASKS.replace("FORGET", "by_priority.cache_clear()")) == []


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ("List tasks, of one priority or all.", "List tasks; the list is refreshed every minute."),
        ("Add a task.", "Add a task, which is listed when it is approved."),
        ("return by_priority(priority)", "return [t for t in tasks if priority in (None, t['priority'])][:1]"),
        ("return by_priority(priority)", "return tasks[-2:]"),
        ("return by_priority(priority)", "return [{'title': 'fixed', 'id': 1}]"),
        ("return by_priority(priority)", "return [t for t in tasks if t['priority'] == 'high']"),
        ("return by_priority(priority)", "return [{'id': t['id']} for t in tasks]"),
        ("    tasks.append", "    if len(tasks) > 1: raise ValueError('there are two tasks')\n    tasks.append"),
        ("def list_tasks", "def list_projects"),
    ],
)
def test_lists_that_need_not_show_it(tmp_path: Path, wanted: str, made: str) -> None:
    """Another moment by word, pages, a list of something else, of one kind, of ids alone, no room for more."""
    assert wanted in CACHED
    assert found_in(tmp_path, CACHED.replace(wanted, made)) == []
