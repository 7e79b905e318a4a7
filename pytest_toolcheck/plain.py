"""Calling tools without pytest: what the command line needs of a run."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from .events import NullLog
from .scenario import ToolPlan
from .server import TargetServer, describe_once
from .spec.discover import merge_discovered
from .spec.load import load_spec


class PlainRuntime:
    """Stands in for `runtime.Runtime` where nothing is logged and no other process shares the run."""

    is_worker = False

    def __init__(self) -> None:
        self.log = NullLog()
        self.run_directory = Path()
        self.servers: dict[Any, TargetServer] = {}
        self._closers: list[Callable[[], None]] = []

    def on_close(self, closer: Callable[[], None]) -> None:
        self._closers.append(closer)

    def close(self) -> None:
        """Close all targets."""
        while self._closers:
            self._closers.pop()()


def plan_of(path: Path, name: str, runtime: PlainRuntime) -> ToolPlan:
    """Return the plan of one tool of a spec. Raises SpecError, TargetError, LookupError for an unknown tool."""
    spec = load_spec(path)
    found = merge_discovered(spec, describe_once(spec, runtime))
    for plan in found.plans:
        if plan.tool.name == name:
            return plan
    for skipped, reason in found.skipped:
        if skipped == name:
            raise LookupError(f"{name}: {reason}")
    names = [plan.tool.name for plan in found.plans]
    close = get_close_matches(name, names, 1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise LookupError(f"{path.name} has no tool {name!r}.{hint} Tools: {', '.join(names)}")
