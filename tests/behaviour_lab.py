"""Runs one tool of a few lines through the cases and the behavioural scenarios of its spec, without a pytest of its own."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

from pytest_toolcheck.behaviour.scenarios import behaviour_scenarios
from pytest_toolcheck.events.null import NullLog
from pytest_toolcheck.execute import running
from pytest_toolcheck.scenario import ScenarioFailure, ScenarioSkipped, ToolPlan
from pytest_toolcheck.scenarios import CaseScenario, assumed_base, cases_of
from pytest_toolcheck.spec.discover import merge_discovered
from pytest_toolcheck.spec.load import load_spec
from pytest_toolcheck.targets import make_target
from pytest_toolcheck.tool_state import ToolState

_numbers = itertools.count()


class Log(NullLog):
    """Keeps the names and attributes of what is emitted."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[tuple[str, dict[str, Any]]] = []

    def emit(self, ev: str, /, **fields: Any) -> None:
        """Keep it."""
        self.events.append((ev, fields))


def plans_in(folder: Path, code: str, spec: str) -> list[ToolPlan]:
    """Write a module and its spec, and return what is to be tested; `target` may stand in the spec."""
    name = f"lab{next(_numbers)}"
    (folder / f"{name}.py").write_text(dedent(code), encoding="utf-8")
    text = dedent(spec)
    head = "toolcheck: 1\n" + ("" if "target:" in text else f"target: {{python: {name}.py}}\n")
    path = folder / f"{name}.tool.yaml"
    path.write_text(head + text.replace("MODULE", name), encoding="utf-8")
    loaded = load_spec(path)
    target = make_target(loaded)
    try:
        return list(merge_discovered(loaded, target.describe()).plans)
    finally:
        target.close()


Room = Callable[[ToolPlan], Iterable[Any]]


def findings_of(
    folder: Path,
    code: str,
    spec: str,
    *,
    cases: bool = False,
    log: Log | None = None,
    room: Room = behaviour_scenarios,
    check: str | None = None,
    tool: str | None = None,
) -> list[str]:
    """Return `tool: check: message` of all that is found; of one check, or tool, nothing else is run: most of the time."""
    log = log or Log()
    before = set(sys.modules)
    closers: list[Any] = []
    run: Any = SimpleNamespace(
        servers={}, is_worker=False, run_directory=folder, log=log, on_close=closers.append, settings=None
    )
    found: list[str] = []
    try:
        for plan in (each for each in plans_in(folder, code, spec) if tool in (None, each.tool.name)):
            found += _of_tool(plan, run, _of_check(check, room), cases=cases)
    finally:
        for closer in reversed(closers):
            closer()
        _forget_modules(folder, sys.modules.keys() - before)
    return [line for line in found if check is None or line.split(": ")[1] == check]


def _of_check(check: str | None, room: Room) -> Room:
    return lambda plan: [each for each in room(plan) if check is None or getattr(each, "check", None) == check]


def _forget_modules(folder: Path, new: Iterable[str]) -> None:
    """Hundreds of labs would be looked through wherever what is imported is looked through."""
    below = f"{folder}{os.sep}"
    for name in new:
        if (getattr(sys.modules.get(name), "__file__", None) or "").startswith(below):
            del sys.modules[name]


def _of_tool(plan: ToolPlan, run: Any, room: Room, *, cases: bool) -> list[str]:
    state = ToolState(plan, run)
    state.static_base = assumed_base(plan.tool)
    scenarios: list[Any] = [CaseScenario(case, None) for case in cases_of(plan, seed=0)] if cases else []
    found: list[str] = []
    for scenario in [*scenarios, *room(plan)]:
        try:
            with running(state, attrs={}) as context:
                scenario.run(context)
        except ScenarioFailure as failure:
            found += [f"{plan.tool.name}: {finding.check}: {finding.message}" for finding in failure.findings]
        except ScenarioSkipped:
            pass
    return found
