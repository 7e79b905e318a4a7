"""Chains in other shapes: nested ids and changes, several readers and updates, a thing within another, soft deletion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_toolcheck.chains.lifecycle import chain_scenarios

from .behaviour_lab import findings_of

HEAD = """
import itertools, time
ids, kept = itertools.count(100), {}

def found(id):
    if id not in kept: raise ValueError("id: no such thing")
    return dict(kept[id])
"""
NESTED = """
def create_note(title: str) -> dict:
    id = next(ids)
    kept[id] = {"id": id, "title": title}
    return {"note": {"meta": {"id": id}}}

def get_note(id: int) -> dict:
    return {"note": found(id), "fetched_at": time.time_ns()}

def update_note(note_id: int, changes: dict) -> dict:
    kept[note_id] = {**found(note_id), **changes}
    return {"ok": True}

def delete_note(note_id: int) -> dict:
    was = found(note_id)
    del kept[note_id]
    return was
"""
LISTED = """
def add_notes(title: str) -> dict:
    id = next(ids)
    kept[id] = {"id": id, "title": title}
    return {"created": 1, "ids": [id]}

def find_note(id: int) -> dict | None:
    return kept.get(id)

def delete_note(id: int) -> bool:
    return kept.pop(id, None) is not None
"""
SEVERAL = """
shown = {}

def create_note(title: str) -> dict:
    id = next(ids)
    kept[id] = {"id": id, "title": title, "body": "empty"}
    return {"id": id}

def get_note(id: int) -> dict:
    return found(id)

def show_note(id: int) -> str:
    note = found(id)
    return f"# {note['title']}\\n\\n{note['body']}"

def rename_note(id: int, title: str) -> dict:
    kept[id] = {**found(id), "title": title}
    return {"ok": True}

def edit_note(id: int, body: str) -> dict:
    kept[id] = {**found(id), "body": body}
    return {"ok": True}
"""
WITHIN = """
def create_project(name: str) -> dict:
    id = f"p{next(ids)}"
    kept[id] = {}
    return {"project_id": id}

def tasks_of(project_id):
    if project_id not in kept: raise ValueError("project_id: no such project")
    return kept[project_id]

def create_task(project_id: str, title: str) -> dict:
    task_id = f"t{next(ids)}"
    tasks_of(project_id)[task_id] = {"task_id": task_id, "title": title}
    return {"task_id": task_id}

def get_task(project_id: str, task_id: str) -> dict:
    if task_id not in tasks_of(project_id): raise ValueError("task_id: no such task")
    return dict(kept[project_id][task_id])

def delete_task(project_id: str, task_id: str) -> dict:
    get_task(project_id, task_id)
    del kept[project_id][task_id]
    return {"ok": True}
"""
SOFT = """
def create_note(title: str) -> dict:
    id = next(ids)
    kept[id] = {"id": id, "title": title, "deleted_at": None}
    return dict(kept[id])

def get_note(id: int) -> dict:
    return found(id)

def delete_note(id: int) -> dict:
    found(id)
    kept[id]["deleted_at"] = time.time()
    return {"deleted": True}
"""
PAIRS: dict[str, tuple[str, str, str, str]] = {
    "a nested id, and an answer with its moment": (
        NESTED, "    del kept[note_id]\n", "", "get_note still answers 1* after delete_note was accepted"),
    "changes in an object": (
        NESTED, "{**found(note_id), **changes}", "found(note_id)", "update_note was accepted, and get_note still answers title"),
    "ids in a list, nothing for what is gone": (
        LISTED, "kept.pop(id, None) is not None", "id in kept", "find_note still answers 1* after delete_note was accepted"),
    "a second reader": (
        SEVERAL, "found(id)\n    return f\"# {note['title']}", "shown.setdefault(id, found(id))\n    return f\"# {note['title']}",
        "rename_note was accepted, and show_note still answers title"),
    "a second update": (
        SEVERAL, '"body": body}', '"title": body}', "edit_note "),
    "a task of a project": (
        WITHIN, "    del kept[project_id][task_id]\n", "", "get_task still answers t1* after delete_task was accepted"),
    "everything of the project": (
        WITHIN, "    del kept[project_id][task_id]\n", "    kept[project_id].clear()\n", "delete_task of t1* also removed"),
    "a soft deletion": (
        SOFT, 'kept[id]["deleted_at"] = time.time()', 'kept[id].get("deleted_at")', "get_note still answers 1* after delete_note was accepted"),
}  # fmt: skip
TOOLS = ("create_note", "add_notes", "get_note", "find_note", "show_note", "update_note", "rename_note", "edit_note", "update_task",
         "delete_note", "create_project", "create_task", "get_task", "delete_task")  # fmt: skip


def chains(folder: Path, code: str) -> list[str]:
    """Run the chains of the tools that the code defines."""
    tools = "".join(f"  {tool}: {{}}\n" for tool in TOOLS if f"def {tool}(" in code)
    return findings_of(folder, HEAD + code, f"tools:\n{tools}", room=chain_scenarios)


@pytest.mark.parametrize("name", PAIRS)
def test_a_faulty_chain_is_found_and_its_twin_passes(name: str, tmp_path: Path) -> None:
    """Each pair: the faulty tool and what it did, and no word about the correct one."""
    code, old, new, expected = PAIRS[name]
    assert code.count(old) == 1
    found: Any = chains(tmp_path, code.replace(old, new))
    start, _, end = expected.partition("*")
    assert found, "nothing was found"
    assert any(start in finding and end in finding for finding in found), found
    assert chains(tmp_path, code) == []
