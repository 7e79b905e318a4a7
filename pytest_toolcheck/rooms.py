"""The rooms that add to a run: hooks behind markers, and further scenarios of a tool. Each is loaded when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from .errors import Problem
    from .scenario import Scenario, ToolPlan
    from .spec.model import Spec, ToolSpec

_ROOM_OF_MARKER = {
    "virtual_time": "clock.hooks",
    "interleave": "clock.interleave_hooks",
    "latency_budget": "budgets.hooks",
    "memory_budget": "budgets.hooks",
    "cpu_budget": "budgets.hooks",
    "growth_budget": "budgets.hooks",
}

_ROOM_OF_PROMISE: tuple[tuple[Callable[[ToolPlan], object], str, str], ...] = (
    (lambda plan: _may_create(plan.tool, plan.description.source), "chains.lifecycle", "chain_scenarios"),
    (lambda plan: _may_create(plan.tool, plan.description.source), "chains.pairs", "pair_scenarios"),
    (lambda plan: plan.tool.input and len(plan.siblings) > 1, "chains.apart", "apart_scenarios"),
    (lambda plan: plan.tool.input and len(plan.siblings) > 1, "chains.tallies", "tally_scenarios"),
    (lambda plan: _may_create(plan.tool, plan.description.source), "chains.gone", "gone_scenarios"),
    (lambda plan: _may_create(plan.tool, plan.description.source), "chains.newly", "newly_scenarios"),
    (lambda plan: plan.tool.input and not plan.tool.annotations.read_only, "chains.taken", "taken_scenarios"),
    (lambda plan: plan.tool.input and len(plan.siblings) > 1, "chains.refusals", "refusal_scenarios"),
    (lambda plan: _may_change(plan), "chains.effects", "effect_scenarios"),
    (lambda plan: _may_change(plan), "chains.strangers", "stranger_scenarios"),
    (lambda plan: len(plan.siblings) > 2, "chains.rows", "row_scenarios"),
    (lambda plan: _has_verb_of_its_own(plan.tool), "chains.walks", "walk_scenarios"),
    (lambda plan: plan.tool.budgets, "budgets.scenarios", "budget_scenarios"),
    (lambda plan: plan.tool.resilience or plan.tool.timeouts, "resilience.scenarios", "resilience_scenarios"),
    (lambda plan: plan.tool.faults, "faults.scenarios", "fault_scenarios"),
    (lambda plan: plan.tool.sessions, "sessions.scenarios", "session_scenarios"),
    (lambda plan: plan.tool.heartbeat, "resilience.heartbeat", "heartbeat_scenarios"),
    (lambda plan: plan.tool.validators, "validation.scenarios", "validator_scenarios"),
    (lambda _plan: True, "behaviour.scenarios", "behaviour_scenarios"),
    (lambda plan: plan.tool.variations.fuzz, "cases.fuzz_items", "fuzz_scenarios"),
)
"""Whether a tool's spec needs a room, the room, and the function there that makes its scenarios, the least directed last."""


def _may_create(tool: ToolSpec, source: str | None = None) -> bool:
    """Whether name or operation says that the tool makes something: with its siblings it may begin a chain.

    An operation may have any name; one that is put may make what its caller names.
    """
    from .chains.roles import role_of, words_of

    is_sent = "post" in words_of(tool.name) or (tool.call or source or "").startswith(("POST ", "PUT "))
    return is_sent or (role_of(tool.name) or ("", ""))[0] == "create" or "set" in words_of(tool.name)


def _may_change(plan: ToolPlan) -> bool:
    """Whether a tool is told of more than one thing, and neither its name nor its annotation says that it only reads."""
    from .chains.roles import role_of

    schema = plan.tool.input
    properties = schema.get("properties", ()) if isinstance(schema, dict) else ()
    reads = plan.tool.annotations.read_only or (role_of(plan.tool.name) or ("",))[0] in ("read", "list", "delete")
    return len(properties) > 1 and len(plan.siblings) > 1 and not reads


def _has_verb_of_its_own(tool: ToolSpec) -> bool:
    """Whether the name says neither that it makes, reads, changes or removes something: it may open, start or close it."""
    from .chains.roles import role_of

    return role_of(tool.name) is None


def register_rooms(session: pytest.Session, used: Iterable[str]) -> None:
    """Register the hooks behind the markers that are used in this run, once their `check_collected` has seen the tests."""
    config = session.config
    for name in sorted({_ROOM_OF_MARKER[marker] for marker in used if marker in _ROOM_OF_MARKER}):
        module = import_module(f"pytest_toolcheck.{name}")
        if not config.pluginmanager.is_registered(module):
            config.pluginmanager.register(module, f"toolcheck-{name}")
            if (check := getattr(module, "check_collected", None)) is not None:
                check(session)


def room_problems(spec: Spec) -> list[Problem]:
    """Return what the rooms find wrong with a spec that its format allows: schedules of faults that cannot be read."""
    if not any(tool.faults for tool in (spec.defaults, *spec.tools.values())):
        return []
    from .faults.slips import slips_in

    return slips_in(spec)


def room_scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    """Yield the scenarios that the promises of a tool's spec ask for beside its cases."""
    for is_needed, room, function in _ROOM_OF_PROMISE:
        if is_needed(plan):
            yield from getattr(import_module(f"pytest_toolcheck.{room}"), function)(plan)
