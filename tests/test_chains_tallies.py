"""What is made and removed is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.tallies import tally_scenarios

from .behaviour_lab import findings_of

JOBS = '''
from typing import Literal
jobs = []
def push_job(job: str, priority: Literal["low", "normal", "high"] = "normal") -> dict:
    """Push a job."""
    jobs.append({"job": job, "priority": priority})
    return jobs[-1]
def queue_size() -> dict:
    """How many jobs there are."""
    return {"size": len([j for j in jobs if WHICH])}
def list_jobs() -> list[dict]:
    """All jobs."""
    return list(jobs)
'''
ALL, SOME = "True", "j['priority'] != 'high'"
TASKS = '''
import itertools
tasks, ids, kept = {}, itertools.count(1), {"count": 0}
def add_task(title: str) -> dict:
    """Add a task."""
    number = next(ids)
    tasks[number] = {"id": number, "title": title}
    kept["count"] += 1
    return tasks[number]
def delete_task(id: int) -> dict:
    """Delete a task."""
    if tasks.pop(id, None) is None: raise ValueError("no such task")
    FORGET
    return {"deleted": id}
def count_open_tasks() -> int:
    """How many tasks there are."""
    return kept["count"]
'''
FORGET = 'kept["count"] -= 1'


def found_in(folder: Path, code: str) -> list[str]:
    return findings_of(folder, code, "", room=tally_scenarios)


def test_what_one_choice_makes_is_counted(tmp_path: Path) -> None:
    """The list has it; the twin counts it."""
    [found] = found_in(tmp_path, JOBS.replace("WHICH", SOME))
    assert "queue_size does not count what push_job makes with priority high, which is listed" in found
    assert found_in(tmp_path, JOBS.replace("WHICH", ALL)) == []


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ("queue_size", "count_pending"),
        ("priority", "status"),
        ("How many jobs there are.", "How many jobs there are beside those of high priority."),
        ("return list(jobs)", "return jobs[:3]"),
        ("len([", "len(jobs) and 7 + 0 * len(["),
    ],
)
def test_counters_of_some(tmp_path: Path, wanted: str, made: str) -> None:
    """A kind by its name, a state, one that is told, a list of a few, a number that does not follow."""
    code = JOBS.replace("WHICH", SOME)
    assert wanted in code
    assert found_in(tmp_path, code.replace(wanted, made)) == []


def test_what_was_removed_is_counted_no_more(tmp_path: Path) -> None:
    """The remover knows it no more; what is only marked may be counted on."""
    wrong = TASKS.replace("FORGET", "pass")
    [found] = found_in(tmp_path, wrong)
    assert "as before, though delete_task has removed one" in found
    assert found_in(tmp_path, TASKS.replace("FORGET", FORGET)) == []
    assert found_in(tmp_path, wrong.replace("Delete a task.", "Mark a task as deleted.")) == []
    assert (
        found_in(tmp_path, wrong.replace("How many tasks there are.", "How many tasks there have been so far.")) == []
    )
