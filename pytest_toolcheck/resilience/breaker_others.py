"""What a breaker must leave alone: other dependencies' breakers, and its own state when somebody only looks."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from ..scenario import ScenarioSkipped
from ..spec.model import ToolSpec
from .bench import Bench
from .dependency import DependencyProbe, succeed
from .opening import admits, how_it_opens, margin_s, opened, promised, refuses
from .world import World

_LOOKS: Final = 20
_STATE_NAMES: Final = (
    "state", "current_state", "is_open", "is_closed", "opened", "closed", "status", "get_state", "get_status",
    "open_remaining", "remaining", "failure_count", "fail_counter", "snapshot", "info", "stats", "metrics",
)  # fmt: skip
_STATES: Final = frozenset({"closed", "open", "half_open"})
_BREAKER_CLASS: Final = re.compile(r"breaker|circuit", re.IGNORECASE)
_STATE_FUNCTION: Final = re.compile(
    r"(breaker|circuit).*(state|status|info|health)|(state|status|health)_?(of|for)?_?(the_)?(breaker|circuit)"
    r"|^(get_)?(state|status|health)$",
    re.IGNORECASE,
)


def other_checks() -> Iterator[tuple[str, Callable[[Bench], None]]]:
    """Return the name of each sentence and what checks it."""
    yield "leaves other breakers alone", leaves_others_alone
    yield "looking at its state changes nothing", looking_changes_nothing


def leaves_others_alone(bench: Bench) -> None:
    """While it is open, calls of every other dependency still go through."""
    tried = []
    for name, tool in _others(bench):
        reached_before = _reaches(bench, name, tool, opening=False)
        if not reached_before:
            continue
        tried.append(name)
        _reaches(bench, name, tool, opening=True)
    if not tried:
        raise ScenarioSkipped(
            f"no call of another dependency can be made while {bench.name} is open: name one under depends_on, of this "
            "tool or of another tool of the file, with an example"
        )


def looking_changes_nothing(bench: Bench) -> None:
    """Reading the state neither resets the count, nor closes an open breaker, nor uses up the probe."""
    with bench.world() as world:
        world.call()  # some breakers are made by the first call
        if not looks_at(world):
            raise ScenarioSkipped(
                "no breaker state is in reach: no known breaker object, no object of a class named *Breaker* or with a "
                '`state` such as "closed", and no function such as breaker_state() in the tool\'s modules'
            )
    opening = how_it_opens(bench)
    with bench.world() as world:
        bench.always_fail(world)
        for _ in range(4 * promised(bench).opens_after + 4):
            _look(world)
            if not world.call().reached:
                break
        failures = len(world.probe.failures())
        if failures != opening.failures:
            message = (
                f"looking at the state changed the count: open after {failures} failures, else after {opening.failures}"
            )
            bench.broken(
                world, message, expected=f"{opening.failures} failures", seen=str(failures), promised="breaker"
            )
        world.probe.answers((succeed(), None))
        _look(world)
        if refuses(bench, world, "because somebody looked at its state").reached:
            return
        world.pass_time(max(0.0, promised(bench).recovers_after_s / 2 - margin_s(bench)))
        _look(world)
        if refuses(bench, world, "half-way, because somebody looked at its state").reached:
            return
        world.pass_time(promised(bench).recovers_after_s / 2 + 2 * margin_s(bench))
        _look(world)
        admits(bench, world, "after the recovery time, because somebody had looked at its state")


def looks_at(world: World) -> list[Callable[[], Any]]:
    """Return ways to look at the state of the breakers in the tool's modules."""
    found: list[Callable[[], Any]] = []
    for module in world.fresh.modules():
        for name, value in list(vars(module).items()):
            if inspect.isfunction(value) and _STATE_FUNCTION.search(name) and value.__module__ == module.__name__:
                found.extend(_calls_of(world, value))
            else:
                found.extend(_looks_at_value(value, depth=2))
    return found


def _looks_at_value(value: Any, *, depth: int) -> Iterator[Callable[[], Any]]:
    if isinstance(value, (dict, list, tuple, set)) and depth:
        for item in list(value.values() if isinstance(value, dict) else value):
            yield from _looks_at_value(item, depth=depth - 1)
    elif not inspect.isclass(value) and not inspect.ismodule(value) and _is_breaker(value):
        for name in _STATE_NAMES:
            if hasattr(type(value), name) or name in getattr(value, "__dict__", {}):
                yield lambda name=name: _read(value, name)  # type: ignore[misc]


def _is_breaker(value: Any) -> bool:
    """Whether its class is named so, or its state is a breaker's."""
    if _BREAKER_CLASS.search(type(value).__name__):
        return True
    if not hasattr(type(value), "state") and "state" not in getattr(value, "__dict__", {}):
        return False
    try:
        state = value.state
        return str(getattr(state, "value", state)).lower().replace("-", "_") in _STATES
    except Exception:  # it is somebody else's object
        return False


def _read(value: Any, name: str) -> None:
    found = getattr(value, name)
    if inspect.ismethod(found) and not inspect.iscoroutinefunction(found) and _needs_nothing(found):
        found()


def _calls_of(world: World, function: Any) -> Iterator[Callable[[], Any]]:
    """A function that tells the state: without arguments, or with the dependency's name."""
    if inspect.iscoroutinefunction(function):
        return
    if _needs_nothing(function):
        yield function
    elif len(inspect.signature(function).parameters) == 1:
        yield lambda: function(world.setup.main)


def _needs_nothing(function: Any) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return False
    return all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)


def _look(world: World) -> None:
    world.story.tell(world.now, "somebody looks at the breaker's state")
    looks = looks_at(world)
    for _ in range(_LOOKS):
        for look in looks:
            try:
                look()
            except Exception as error:
                world.story.tell(world.now, f"  looking raised {type(error).__name__}: {error}")
                break


def _others(bench: Bench) -> Iterator[tuple[str, ToolSpec | None]]:
    """Every other dependency, with the tool that uses it: None for the tool itself, or a sibling of the same file."""
    own = bench.plan.tool.depends_on
    mine = own[bench.name].python
    for name, each in own.items():
        if each.python and each.python != mine:
            yield name, None
    for sibling in bench.plan.spec.tools.values():
        if sibling.name != bench.tool and any(example.is_good for example in sibling.examples):
            for name, each in sibling.depends_on.items():
                if each.python and each.python != mine:
                    yield name if name not in own else f"{sibling.name}.{name}", sibling


def _reaches(bench: Bench, name: str, tool: ToolSpec | None, *, opening: bool) -> bool:
    """Whether a call reaches dependency `name`; with `opening`, the promise's breaker is open then, and it must."""
    with bench.world() as world:
        probe = _probe_of(world, name, tool)
        if probe is None:
            return False
        if opening:
            opened(bench, world)
        elif tool is None:
            bench.always_fail(world)
        made_before = len(probe.calls)
        call = _call_other(world, tool)
        reached = len(probe.calls) > made_before
        if reached and tool is None and bench.promise.fallback is None and name in world.order:
            return world.order.index(name) < world.order.index(bench.name)  # what reports a failure need not be called
        if opening and not reached:
            message = f"the open breaker of {bench.name} also kept calls of {name} back"
            how = "nothing" if call is None else call
            bench.broken(world, message, expected=f"{name} is called", seen=f"it is not: {how}", promised="breaker")
        return reached


def _probe_of(world: World, name: str, tool: ToolSpec | None) -> DependencyProbe | None:
    if name in world.probes:
        return world.probes[name]
    reference = tool.depends_on[name.rpartition(".")[2]].python if tool is not None else None
    return next((world.probes[key] for key, known in world.setup.dependencies.items() if known == reference), None)


def _call_other(world: World, tool: ToolSpec | None) -> str | None:
    """Call the tool itself or its sibling; return how it ended."""
    if tool is None:
        call = world.call()
    else:
        example = next(each for each in tool.examples if each.is_good)
        call = world.call(tool=tool.call or tool.name, arguments=example.input)
    return "an answer" if call.error is None else f"{type(call.error).__name__}: {call.error}"
