"""Planted bugs in functions whose promises stand in their type hints: each is found, and its correct twin not accused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_toolcheck.execute import running
from pytest_toolcheck.plain import PlainRuntime
from pytest_toolcheck.scenario import ScenarioFailure, ScenarioSkipped, ToolPlan
from pytest_toolcheck.scenarios import assumed_base, cases_of, scenarios_of
from pytest_toolcheck.server import describe_once
from pytest_toolcheck.spec.discover import merge_discovered
from pytest_toolcheck.spec.load import load_spec
from pytest_toolcheck.tool_state import ToolState

SOURCE = (Path(__file__).parent / "benchmarks" / "generators" / "hinted_tools.txt").read_text(encoding="utf-8")
TOOLS = sorted(set(re.findall(r"^(?:async )?(?:def )?(tool_\w+)", SOURCE, re.MULTILINE)))
SIDES = {"buggy": "# right", "correct": "# buggy"}
"""What a line must not end with to be in a side."""


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[PlainRuntime, dict[str, ToolPlan]]]]:
    """Return the plans of all tools by side."""
    made = {}
    for side, other in SIDES.items():
        folder = tmp_path_factory.mktemp(side)
        lines = (line for line in SOURCE.splitlines() if not line.endswith(other))
        (folder / f"{side}_hints.py").write_text("\n".join(lines), encoding="utf-8")
        spec = folder / "hints.tool.yaml"
        named = "".join(f"  {name}:\n" for name in TOOLS)
        spec.write_text(f"toolcheck: 1\ntarget: {{python: {side}_hints.py}}\ntools:\n{named}", encoding="utf-8")
        runtime, loaded = PlainRuntime(), load_spec(spec)
        plans = merge_discovered(loaded, describe_once(loaded, runtime)).plans
        made[side] = runtime, {plan.tool.name: plan for plan in plans}
    yield made
    for runtime, _ in made.values():
        runtime.close()


def findings(runtime: PlainRuntime, plan: ToolPlan) -> Iterator[str]:
    """Yield what the generated cases of a tool find wrong with it."""
    state = ToolState(plan, runtime)
    state.static_base = assumed_base(plan.tool)
    for scenario in scenarios_of(plan, cases_of(plan, seed=0), ()):
        with running(state, attrs={}) as context:
            try:
                scenario.run(context)
            except ScenarioFailure as failure:
                yield f"{scenario.id}: {failure.findings[0].message}"
            except ScenarioSkipped:
                pass


@pytest.mark.parametrize("name", TOOLS)
def test_a_bug_behind_hints_is_found_and_its_twin_not_accused(sides, name: str) -> None:
    """Through the generated cases alone, without fuzzing: one finding at least, and none in the twin."""
    runtime, plans = sides["buggy"]
    assert next(findings(runtime, plans[name]), None) is not None, "not found"
    runtime, plans = sides["correct"]
    assert list(findings(runtime, plans[name])) == []


def test_there_are_enough_pairs():
    """The pairs are read from the file: each has a line that only one side has."""
    assert len(TOOLS) >= 100
