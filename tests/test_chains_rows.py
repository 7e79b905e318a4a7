"""What a tool does to one of the things that a list shows it does to no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.rows import row_scenarios

from .behaviour_lab import findings_of

TASKS = '''
tasks = {}
def add_task(title: str) -> dict:
    """Add a task."""
    number = len(tasks) + 1
    tasks[number] = {"id": number, "title": title, "done": False, "place": number}
    return dict(tasks[number])
def complete_task(id: int) -> dict:
    """Mark a task as done."""
    if id not in tasks: raise ValueError("no such task")
    for number, task in tasks.items():
        if number == id: task["done"] = True
    return dict(tasks[id])
def list_tasks() -> list[dict]:
    """List all tasks."""
    return [dict(task) for task in tasks.values()]
'''
CONDITION = "if number == id"


@pytest.mark.parametrize("made", ["if number <= id", "if number >= id", "if True"])
def test_others_that_change_as_well(tmp_path: Path, made: str) -> None:
    """Those before, those after and all of them; the twin differs by the condition alone."""
    [found] = findings_of(tmp_path, TASKS.replace(CONDITION, made), "", room=row_scenarios)
    assert "complete_task of " in found
    assert ": /done" in found
    assert findings_of(tmp_path, TASKS, "", room=row_scenarios) == []


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ('if number == id: task["done"] = True', 'task["done"] = number == id'),
        ('if number == id: task["done"] = True', 'task["place"] = 1 if number == id else number + 1'),
        ('if number == id: task["done"] = True', 'task["seen_at"] = "2024-01-31"'),
        ('if number == id: task["done"] = True', 'if number == id: raise ValueError("not now")'),
        ("def list_tasks()", "def get_task(id: int) -> dict: return tasks[id]\ndef list_tasks()"),
        ("complete_task(id: int)", "complete_task(id: int, task_key: str)"),
        ("def complete_task", "def preview_task"),
    ],
)
def test_others_that_may_change(tmp_path: Path, wanted: str, made: str) -> None:
    """One at a time is done, places move, moments are told, a refusal, a reader that `effects` asks, two names, what only tells."""
    assert wanted in TASKS
    code = TASKS.replace(wanted, made)
    if CONDITION not in wanted:
        code = code.replace(CONDITION, "if True")
    assert findings_of(tmp_path, code, "", room=row_scenarios) == []


def test_others_may_become_what_this_one_was_already(tmp_path: Path) -> None:
    """Nothing was done to the one that the tool was told of: so nothing of that was done to another."""
    grouped = TASKS.replace('"place": number}', '"place": number, "even": number % 2 == 0}')
    joined = grouped.replace(f'{CONDITION}: task["done"] = True', 'task["even"] = tasks[id]["even"]')
    assert findings_of(tmp_path, joined, "", room=row_scenarios) == []
