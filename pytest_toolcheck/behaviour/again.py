"""The same calls in a new process: another hash seed, another order of sets, nothing remembered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from ..scenario import ToolPlan

_LIMIT_S = 60.0


def values_in_new_process(plan: ToolPlan, inputs: Sequence[dict[str, Any]], *, hash_seed: int) -> list[Any]:
    """Return what a Python tool answers to each input in a new interpreter; an empty list where that cannot run."""
    question = json.dumps({"spec": str(plan.spec.path), "tool": plan.tool.name, "inputs": list(inputs)}, default=repr)
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
        answered: list[Any] = json.loads(last[0]) if last else []
    except ValueError:
        return []
    return answered


def _answer(question: dict[str, Any]) -> list[Any]:
    from pathlib import Path

    from ..spec.discover import merge_discovered
    from ..spec.load import load_spec
    from ..targets import make_target
    from ..targets.base import Request

    spec = load_spec(Path(question["spec"]))
    target = make_target(spec)
    plan = next(p for p in merge_discovered(spec, target.describe()).plans if p.tool.name == question["tool"])
    session = target.open()
    try:
        outcomes = [
            session.call(Request(plan.tool, value, str(number), plan.tool.timeout_s, valid=True))
            for number, value in enumerate(question["inputs"])
        ]
    finally:
        session.close()
    return [[outcome.kind, outcome.value] for outcome in outcomes]


if __name__ == "__main__":
    print("\n" + json.dumps(_answer(json.load(sys.stdin)), default=repr))
