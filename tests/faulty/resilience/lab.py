"""Runs all resilience scenarios of a small tool, written as source text, and tells which of them failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pytest_toolcheck.errors import Position
from pytest_toolcheck.resilience.scenarios import resilience_scenarios
from pytest_toolcheck.scenario import ScenarioFailure, ScenarioSkipped, ToolPlan
from pytest_toolcheck.spec.model import (
    BreakerPromise,
    Dependency,
    Example,
    Expectation,
    PythonTarget,
    Resilience,
    RetryPromise,
    Spec,
    ToolSpec,
)
from pytest_toolcheck.targets.base import ToolDescription

HERE = Path(__file__).parent


@dataclass
class Report:
    """What came of each scenario, by its id."""

    passed: list = field(default_factory=list)
    failed: dict = field(default_factory=dict)
    skipped: dict = field(default_factory=dict)
    events: list = field(default_factory=list)

    def __repr__(self):
        failed = "".join(f"\n  FAILED {id_}: {error}\n{dict(error.findings[0].details).get('timeline', '')}"
                         for id_, error in self.failed.items())  # fmt: skip
        return f"{len(self.passed)} passed, {len(self.skipped)} skipped{failed}"


class Context:
    """As much of a ToolContext as these scenarios use."""

    def __init__(self, plan, events):
        self.plan = plan
        self.events = events

    def emit(self, ev, /, **fields):
        self.events.append((ev, fields))

    def base(self):
        return None


def plan_of(source, folder, *, name="shop", call="place_order", retry=None, breaker=None, fallback=None, timeout_s=None,
            timeouts=(), depends_on=None, siblings=()):  # fmt: skip
    """Write `source` as a module into `folder` and promise this of its function."""
    (folder / f"{name}.py").write_text(source)
    depends_on = depends_on or {"provider": f"{name}:quote"}
    promise = Resilience("provider", timeout_s, retry, breaker, fallback)
    tool = ToolSpec(
        "place_order",
        call=call,
        examples=(Example({"sku": "A"}),),
        depends_on={each: Dependency(each, python=reference) for each, reference in depends_on.items()},
        resilience=(promise,) if (retry or breaker or fallback or timeout_s) else (),
        timeouts=timeouts,
    )
    target = PythonTarget(name, path=(str(folder),))
    tools = {each.name: each for each in (tool, *siblings)}
    spec = Spec(folder / "shop.tool.yaml", target, Position(folder / "shop.tool.yaml"), ToolSpec(""), tools, False)
    return ToolPlan(spec, tool, ToolDescription("place_order"))


def run(plan, only=""):
    """Run every scenario of the plan whose id holds `only`."""
    report = Report()
    for scenario in resilience_scenarios(plan):
        if only not in scenario.id:
            continue
        try:
            scenario.run(Context(plan, report.events))
        except ScenarioFailure as failure:
            report.failed[scenario.id] = failure
        except ScenarioSkipped as skipped:
            report.skipped[scenario.id] = str(skipped)
        else:
            report.passed.append(scenario.id)
    return report


def mutated(source, old, new):
    """Return `source` with one place changed; the place must be there exactly once."""
    assert source.count(old) == 1, f"{source.count(old)} x {old!r}"
    return source.replace(old, new)


RETRY = RetryPromise(3, (1.0, 2.0), ("ConnectionError", "TimeoutError"), ("ValueError",))
BREAKER = BreakerPromise(5, 300.0)
FALLBACK = Expectation(output={"source": "cache"})
