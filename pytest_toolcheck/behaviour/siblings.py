"""The other read-only tools of a target, as windows on its state."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from ..cases import base_candidates
from ..chains.roles import may_be_called, role_of_tool
from ..events import new_rid
from ..scenario import ScenarioSkipped, ToolPlan
from ..spec.discover import effective_tool
from ..spec.model import ToolSpec
from ..targets.base import Outcome, Request, Session, ToolDescription
from ..units import format_duration
from .leaves import Leaves, leaves_of_outcome

MOST_WINDOWS = 8
_TRIES = 3
_PATIENCE_S, _FIRST_S = 1.0, 5.0
"""A window that does not answer at once is no window: looking must cost little. What is called first in a server may take longer."""


@dataclass(frozen=True, slots=True)
class Window:
    """A read-only tool and an input for it."""

    tool: ToolSpec
    arguments: Mapping[str, Any]

    def look(self, session: Session, about: Mapping[str, Any]) -> Leaves:
        """Call it about the thing that the judged call was about: parameters of equal name get its values.

        Raises ScenarioSkipped where it hangs: that has ended the session, and what is called in it next is not to blame.
        """
        outcome = _ask(session, self.tool, self.asked(about))
        if outcome.kind == "timed_out":
            limit = format_duration(int(self.tool.timeout_s * 1e9))
            raise ScenarioSkipped(f"{self.tool.name}, which shows what a call changes, did not answer within {limit}")
        name = self.tool.name
        return {f"{name} {pointer}".rstrip(): value for pointer, value in leaves_of_outcome(outcome).items()}

    def asked(self, about: Mapping[str, Any]) -> dict[str, Any]:
        """Return what it is called with."""
        return {**self.arguments, **self._shared(about)}

    def _shared(self, about: Mapping[str, Any]) -> dict[str, Any]:
        taken = self.tool.input.get("properties", {}) if isinstance(self.tool.input, dict) else {}
        return {name: about[name] for name in taken if name in about and isinstance(about[name], str | int)}


_known: WeakKeyDictionary[object, dict[str, Window | None]] = WeakKeyDictionary()


def windows_of(
    plan: ToolPlan, *, server: object, open_scratch: Callable[[], Session], by_name: bool = False
) -> list[Window]:
    """Return the windows of a tool's target, tried out on a session that nothing else uses. Kept for each server.

    `by_name`: also those that list or read by their names, where nothing says whether they write.
    """
    known = _known.setdefault(server, {})
    scratch: Session | None = None
    found: list[Window] = []
    for sibling in plan.siblings:
        if sibling.name == plan.tool.name or len(found) >= MOST_WINDOWS:
            continue
        tool = _spec_of(plan, sibling)
        if not (_is_declared(tool) or (by_name and _reads_by_name(plan, tool, sibling))):
            continue
        if sibling.name not in known:
            scratch = scratch or open_scratch()
            known[sibling.name] = _window(tool, scratch)
        if (window := known[sibling.name]) is not None:
            found.append(window)
    return found


def ask_sibling(plan: ToolPlan, name: str, session: Session) -> Outcome:
    """Call a sibling with nothing, in a session of its own target."""
    sibling = next(each for each in plan.siblings if each.name == name)
    tool = _spec_of(plan, sibling)
    return session.call(Request(tool, {}, new_rid(), tool.timeout_s, valid=True))


def _is_declared(tool: ToolSpec) -> bool:
    return bool(tool.annotations.read_only) and not tool.annotations.destructive


def _reads_by_name(plan: ToolPlan, tool: ToolSpec, sibling: ToolDescription) -> bool:
    role = role_of_tool(sibling)
    said = tool.annotations
    is_silent = said.read_only is None and not said.destructive and said.idempotent is None
    return is_silent and role is not None and role[0] in ("list", "read") and may_be_called(plan.spec, sibling)


def _spec_of(plan: ToolPlan, sibling: ToolDescription) -> ToolSpec:
    written = plan.spec.tools.get(sibling.name) or dataclasses.replace(plan.spec.defaults, name=sibling.name)
    return effective_tool(written, sibling)


def _window(tool: ToolSpec, scratch: Session) -> Window | None:
    refused: Window | None = None
    for arguments in _inputs(tool):
        if not scratch.is_alive():
            return None
        outcome = _ask(scratch, tool, arguments, limit_s=_FIRST_S)
        if _PATIENCE_S < outcome.duration_ns / 1e9 < _FIRST_S and scratch.is_alive():
            outcome = _ask(scratch, tool, arguments, limit_s=_PATIENCE_S)
        if outcome.kind == "accepted":
            return Window(tool, arguments)
        if outcome.kind not in ("refused", "crashed"):
            return None
        refused = refused or Window(tool, arguments)
    return refused  # what it refuses, or fails on, now it may answer in another state


def _inputs(tool: ToolSpec) -> Iterator[dict[str, Any]]:
    known = [dict(example.input) for example in tool.examples if example.is_good]
    values = {name: list(known_values.valid) for name, known_values in tool.values.items()}
    schema = tool.input if tool.input is not None else {"type": "object"}
    candidates = base_candidates(schema, examples=known, values=values, hints=())
    for _, candidate in zip(range(_TRIES), candidates, strict=False):
        yield candidate


def _ask(session: Session, tool: ToolSpec, arguments: Mapping[str, Any], *, limit_s: float = math.inf) -> Outcome:
    return session.call(Request(tool, dict(arguments), new_rid(), min(tool.timeout_s, limit_s), valid=True))
