"""From the promises under failure of one tool to its generated tests."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ..scenario import Scenario, ScenarioSkipped, ToolPlan
from ..spec.model import PythonTarget, Resilience
from .bench import Bench, Learned, ResilienceScenario, is_in_process
from .breaker import breaker_checks
from .fallback import fallback_checks, reaching_checks
from .mcp_inside import ServerModule, inside
from .retry import BLOCK_NOBODY, Check, retry_checks
from .timeout import layer_checks, timeout_checks

_OF_ASYNC_TOOLS: Final = ("cancelled", BLOCK_NOBODY)


def resilience_scenarios(plan: ToolPlan) -> list[Scenario]:
    """Return a scenario for every sentence that the tool's `resilience` and `timeouts` promise.

    Ids read like `retry[provider:exactly 3 attempts]`. They run in virtual time, each in a fresh import of the tool's
    modules, and observe only the dependency's calls and the clock. An MCP server in this process counts as a module; a
    target in another process gives one skipped scenario a promise, which says why.
    """
    return list(_scenarios(inside(plan)))


def _scenarios(plan: ToolPlan) -> Iterator[Scenario]:
    promises = list(plan.tool.resilience)
    if not is_in_process(plan):
        for promise in promises:
            yield _scenario(plan, promise, f"resilience[{promise.on}:in another process]", _skip)
        return
    is_plain = is_plain_function(plan)
    for promise in promises:
        learned = Learned()
        for id_, check in _sentences(promise):
            if not (is_plain and any(each in id_ for each in _OF_ASYNC_TOOLS)):
                yield _scenario(plan, promise, id_, check, learned)
    yield from _layers(plan, promises)


def _sentences(promise: Resilience) -> Iterator[tuple[str, Check]]:
    rooms = (
        ("resilience", reaching_checks),
        ("retry", retry_checks),
        ("breaker", breaker_checks),
        ("fallback", fallback_checks),
        ("timeout", timeout_checks),
    )
    for kind, checks in rooms:
        for name, check in checks(promise):
            yield f"{kind}[{promise.on}:{name}]", check


def _layers(plan: ToolPlan, promises: list[Resilience]) -> Iterator[Scenario]:
    """The layers of `timeouts`: a dependency among them hangs, whether or not more is promised of it."""
    if not plan.tool.timeouts:
        return
    known = {promise.on: promise for promise in promises}
    named = [name for name, _ in plan.tool.timeouts if name in plan.tool.depends_on] or list(plan.tool.depends_on)[:1]
    for number, name in enumerate(named):
        promise = known.get(name, Resilience(on=name))
        for sentence, check in layer_checks(plan.tool.timeouts, on=name, tool=plan.tool.name):
            if number == 0 or sentence != "inner to outer":
                yield _scenario(plan, promise, f"timeouts[{name}:{sentence}]", check)


def _scenario(
    plan: ToolPlan, promise: Resilience, id_: str, check: Check, learned: Learned | None = None
) -> ResilienceScenario:
    position, id_ = promise.position or plan.tool.position, id_.replace("::", ":").replace("=", "-")
    return ResilienceScenario(id_, plan, promise, check, position=position, learned=learned or Learned())


def _skip(bench: Bench) -> None:
    target = bench.plan.spec.target.kind
    raise ScenarioSkipped(
        f"promises under failure are shown for tools in this process; a {target} target runs in another: "
        "inject the fault with `faults:` instead"
    )


def is_plain_function(plan: ToolPlan) -> bool:
    """Whether the tool is known to be no coroutine function, from its module as far as it is imported already."""
    if isinstance(plan.spec.target, ServerModule):
        return False
    function = _imported(plan)
    if function is None:
        return False
    call = getattr(function, "__call__", None)  # noqa: B004 - the method is wanted
    return not (inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call))


def _imported(plan: ToolPlan) -> Any:
    target = plan.spec.target
    assert isinstance(target, PythonTarget)
    module_name, _, path = (plan.tool.call or plan.tool.name).rpartition(":")
    wanted = module_name or target.module
    if wanted.endswith(".py"):
        stem = Path(wanted).stem
        found = next((m for n, m in list(sys.modules.items()) if n.startswith(f"{stem}_toolcheck_")), None)
    else:
        found = sys.modules.get(wanted)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found
