"""The same calls in a new process: another hash seed, another order of sets, another day, nothing remembered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if (
    TYPE_CHECKING
):  # the new process needs neither what plans tests nor what judges answers: half of what it would import
    from ..scenario import ToolPlan
    from ..targets.base import Session

_LIMIT_S = 60.0


def values_in_new_process(
    plan: ToolPlan, inputs: Sequence[dict[str, Any]], *, hash_seed: int, days_s: Sequence[float] = (0.0,)
) -> list[list[Any]]:
    """Return what a tool of this process answers to each input in a new interpreter; an empty list where that cannot run.

    Asked once for each of `days_s`: so far the wall clock, and nothing else, is ahead there.
    """
    asked = {"spec": str(plan.spec.path), "tool": plan.tool.name, "inputs": list(inputs), "days_s": list(days_s)}
    question = json.dumps(asked, default=repr)
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=question,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        check=False,
    )
    last = done.stdout.splitlines()[-1:] if done.returncode == 0 else []
    try:
        answered: list[list[Any]] = json.loads(last[0]) if last else []
    except ValueError:
        return []
    return answered


def _answer(question: dict[str, Any]) -> list[list[Any]]:
    from pathlib import Path

    from ..spec.discover import merge_discovered
    from ..spec.load import load_spec
    from ..targets import make_target

    spec = load_spec(Path(question["spec"]))
    target = make_target(spec)
    plan = next(p for p in merge_discovered(spec, target.describe()).plans if p.tool.name == question["tool"])
    session = target.open()
    try:
        return [_answers(session, plan, question["inputs"], later_s) for later_s in question["days_s"]]
    finally:
        session.close()


def _answers(session: Session, plan: ToolPlan, inputs: Sequence[dict[str, Any]], later_s: float) -> list[Any]:
    from ..targets.base import Request

    with _day(later_s):
        outcomes = [
            session.call(Request(plan.tool, value, str(number), plan.tool.timeout_s, valid=True))
            for number, value in enumerate(inputs)
        ]
    return [[outcome.kind, outcome.value] for outcome in outcomes]


def _day(later_s: float) -> AbstractContextManager[Any]:
    if not later_s:
        return nullcontext()
    moved: AbstractContextManager[Any] = _time_machine().travel(time.time() + later_s, tick=True)
    return moved


def _time_machine() -> Any:
    """Import it without pytest, for which it has a fixture: that would take as long as all else here."""
    is_there = "pytest" in sys.modules
    if not is_there:
        sys.modules["pytest"] = None  # type: ignore[assignment]
    try:
        import time_machine
    finally:
        if not is_there:
            del sys.modules["pytest"]
    return time_machine


if __name__ == "__main__":
    print("\n" + json.dumps(_answer(json.load(sys.stdin)), default=repr))
