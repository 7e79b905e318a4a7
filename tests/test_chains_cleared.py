"""A PATCH with null takes a value away; where null may mean "as it was" nobody is accused."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from pytest_toolcheck.chains.lifecycle import chain_scenarios

from . import behaviour_lab
from .behaviour_lab import findings_of

TASKS = """
kept = {}
def create_task(title, due=None):
    kept[len(kept) + 100] = {"id": len(kept) + 100, "title": title, "due": due}
    return {"id": len(kept) + 99}
def get_task(id):
    if id not in kept: raise ValueError("id: no such task")
    return dict(kept[id])
def update_task(id, title="", due="", body=None):
    \"\"\"Change what is given of a task.\"\"\"
    due = (body or {}).get("due", due)
    if due is None and REFUSES: raise ValueError("due: a text is expected")
    task = {**get_task(id), **({"title": title} if title else {})}
    if CHANGED: task["due"] = DUE
    kept[id] = task
    return {"id": id}
"""
NULL = "{type: [string, 'null'], maxLength: 20}"
TITLE = "{type: string, minLength: 1, maxLength: 40}"
SPEC = f"""tools:
  create_task: {{input: {{type: object, properties: {{title: {TITLE}, due: MADE}}, required: [title], additionalProperties: false}}}}
  get_task: {{input: {{type: object, properties: {{id: {{type: integer}}}}, required: [id], additionalProperties: false}}}}
  update_task: {{input: {{type: object, properties: {{id: {{type: integer}}, title: {TITLE}, due: PART}}, required: [id], additionalProperties: false}}}}
"""
NESTED = (
    "title: {type: string, minLength: 1, maxLength: 40}, due: PART",
    "body: {type: object, properties: {due: PART}}",
)
NEEDS = "required: [id], additionalProperties", "required: [id, title], additionalProperties"
IGNORES, CLEARS = 'due not in (None, "")', 'due != ""'
HINTED = "{anyOf: [{type: string, maxLength: 20}, {type: 'null'}], title: Due}"


def told(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    changed: str = IGNORES,
    refuses: str = "False",
    due: str = "due",
    part: str = NULL,
    made: str = NULL,
    method: str = "PATCH",
    spec: tuple[str, str] = ("", ""),
    said: str = "Change what is given of a task.",
) -> list[str]:
    """Return what a chain finds of tools, the last of which says that it is called by a method of HTTP."""
    plans = behaviour_lab.plans_in

    def called_by_method(*arguments, **rest):
        for plan in plans(*arguments, **rest):
            siblings = tuple(
                dataclasses.replace(tool, source=f"{method} /tasks/{{id}}") if tool.name == "update_task" else tool
                for tool in plan.siblings
            )
            yield dataclasses.replace(plan, siblings=siblings)

    monkeypatch.setattr(behaviour_lab, "plans_in", called_by_method)
    head, name, update = SPEC.partition("  update_task")
    written = head + name + update.replace(*spec)
    code = (
        TASKS.replace("CHANGED", changed)
        .replace("REFUSES", refuses)
        .replace("DUE", due)
        .replace("Change what is given of a task.", said)
    )
    return findings_of(folder, code, written.replace("MADE", made).replace("PART", part), room=chain_scenarios)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"spec": NESTED},
        {"method": "PUT", "said": "Change a task; null clears a value."},
        {"part": "{type: [string, 'null'], maxLength: 20, description: removed by null}", "method": "POST"},
        {"part": HINTED[:-1] + ", description: null removes it}"},
    ],
)
def test_null_that_changes_nothing_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    """Of a PATCH whose schema says null of itself, and of every update that a description says it of."""
    found = told(tmp_path, monkeypatch, **more)
    assert len(found) == 1, found
    assert "update_task was accepted with null for due, and get_task still answers" in found[0]


@pytest.mark.parametrize(
    "more",
    [
        {"changed": CLEARS},
        {"method": "PUT"},
        {"method": "POST"},
        {"part": HINTED},
        {"made": HINTED},
        {"made": "{type: string, maxLength: 20}"},
        {"part": "{type: [string, 'null'], maxLength: 20, default: null}"},
        {"part": "{type: string, maxLength: 20}"},
        {"said": "Change a task. What is null stays as it is."},
        {"said": "Change a task; values are left alone where they are null."},
        {"part": "{type: [string, 'null'], maxLength: 20, description: null to leave it}"},
        {"changed": CLEARS, "due": "due or 'never'"},
        {"changed": "False"},
        {"refuses": "True"},
        {"spec": NEEDS},
    ],
)
def test_null_may_leave_a_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]) -> None:
    """Taken away or refused, a default in its place; left out by another method, hints, a default or a description."""
    assert [each for each in told(tmp_path, monkeypatch, **more) if "null" in each] == []
