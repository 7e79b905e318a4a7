"""The fixtures. Each is a function `_name` with `name="name"`, so that a forgotten argument fails loudly. PYTEST_DONT_REWRITE"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from .clock.hooks import _virtual_clock

if TYPE_CHECKING:
    from .budgets.fixture import Budget
    from .events import EventLog
    from .faults.faults import Faults
    from .handwritten import BoundTool
    from .resilience.breakers import Breakers
    from .runtime import Runtime
    from .sessions.tool_sessions import ToolSessions

__all__ = [
    "_breakers",
    "_budget",
    "_event_log",
    "_faults",
    "_plan",
    "_tool",
    "_tool_sessions",
    "_tools",
    "_virtual_clock",
]


def _runtime(request: pytest.FixtureRequest) -> Runtime:
    from .eventlog import follow_tests

    return follow_tests(request.config, current=request.node)


@pytest.fixture(name="event_log")
def _event_log(request: pytest.FixtureRequest) -> EventLog:
    """The run's event log: `event_log.emit("case.progress", attrs={"step": 1})`.

    An event whose `emit` returned is on disk; `emit` never raises. Every event bears the running test's id.

    .. versionadded:: 0.1
    """
    return _runtime(request).log


@pytest.fixture(name="_toolcheck_plan")
def _plan(request: pytest.FixtureRequest) -> Any:
    """The tool that the marker `tool_spec` chose; parametrized by it."""
    pytest.fail(
        "the fixture `tool` needs a spec: mark the test with @pytest.mark.tool_spec('….tool.yaml')", pytrace=False
    )


@pytest.fixture(name="tool")
def _tool(request: pytest.FixtureRequest, _toolcheck_plan: Any) -> BoundTool:
    """A tool of the spec that `@pytest.mark.tool_spec` names: `tool(sku="A")` returns its value.

    .. versionadded:: 0.1
    """
    from .handwritten import BoundTool

    return BoundTool(_toolcheck_plan, _runtime(request))


@pytest.fixture(name="tools")
def _tools(request: pytest.FixtureRequest) -> dict[str, BoundTool]:
    """All tools of the spec that `@pytest.mark.tool_spec` names, by name.

    .. versionadded:: 0.1
    """
    from .handwritten import BoundTool, plans_of

    marker = request.node.get_closest_marker("tool_spec")
    if marker is None:
        pytest.fail(
            "the fixture `tools` needs a spec: mark the test with @pytest.mark.tool_spec('….tool.yaml')", pytrace=False
        )
    runtime = _runtime(request)
    return {name: BoundTool(plan, runtime) for name, plan in plans_of(request.node, marker, runtime).items()}


@pytest.fixture(name="tool_sessions")
def _tool_sessions(request: pytest.FixtureRequest, tools: dict[str, BoundTool]) -> Iterator[ToolSessions]:
    """Many sessions of the target of `@pytest.mark.tool_spec`: `open(50)`, `map`, `gather`, `expire`, `metrics`.

    .. versionadded:: 0.1
    """
    from .server import server_of
    from .sessions.tool_sessions import ToolSessions

    runtime = _runtime(request)
    spec = next(iter(tools.values())).plan.spec
    specs = {name: tool.plan.tool for name, tool in tools.items()}
    sessions = ToolSessions(server_of(spec, runtime).target.open, tool=specs.__getitem__, emit=runtime.log.emit)
    yield sessions
    sessions.close()


@pytest.fixture(name="faults")
def _faults(request: pytest.FixtureRequest) -> Iterator[Faults]:
    """Faults to inject: `faults.inject("shop.providers:quote", "2*error(ConnectionError)")`.

    All are healed at the end of the test; one that never fired fails it.

    .. versionadded:: 0.1
    """
    from .extensions import extend
    from .faults.faults import Faults
    from .faults.hooks import assert_late_ones_fired, follow

    runtime = _runtime(request)
    extend(runtime)
    faults = Faults(runtime.log.emit)
    follow(request.node, faults)
    yield faults
    report = faults.report()
    faults.heal()
    if report:
        request.node.add_report_section("teardown", "toolcheck faults", report)
    assert_late_ones_fired(request.node, faults)


@pytest.fixture(name="breakers")
def _breakers(request: pytest.FixtureRequest) -> Iterator[Breakers]:
    """Control of circuit breakers: `breakers.control(obj)` for pybreaker, circuitbreaker, aiobreaker, purgatory.

    .. versionadded:: 0.1
    """
    from .resilience.adapters.answers import adapters_of
    from .resilience.breakers import Breakers

    answers = request.node.ihook.pytest_toolcheck_breaker_adapters()
    adapters = adapters_of(answers, "pytest_toolcheck_breaker_adapters")
    with Breakers(emit=_runtime(request).log.emit, adapters=adapters) as breakers:
        yield breakers


@pytest.fixture(name="budget")
def _budget(request: pytest.FixtureRequest) -> Budget:
    """Budgets in a test: `with budget.latency(p95="50ms") as b: b.call(function, argument)`.

    Budget markers of the test apply to these calls as well.

    .. versionadded:: 0.1
    """
    from .budgets.fixture import Budget
    from .budgets.hooks import BUDGET, marked_for_calls
    from .budgets.lock import measuring_lock

    runtime = _runtime(request)
    made = request.node.stash[BUDGET] = Budget(
        on_result=lambda result: runtime.log.emit("budget.verdict", attrs=result.event_attrs()),
        warn=lambda message: request.node.warn(pytest.PytestWarning(message)),
        lock=measuring_lock(runtime.run_directory),
        inconclusive_fails=runtime.settings.inconclusive == "fail",
        marked=marked_for_calls(request.node),
    )
    return made
