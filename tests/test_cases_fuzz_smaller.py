"""What a failing input can do without is left out, and Hypothesis's seed and phases are honoured."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.database import InMemoryExampleDatabase

from pytest_toolcheck.cases import fuzz
from pytest_toolcheck.cases.fuzz import FuzzResult, fuzz_tool
from pytest_toolcheck.cases.fuzz_items import FuzzScenario
from pytest_toolcheck.cases.fuzz_smaller import without_needless
from pytest_toolcheck.checks.base import Finding
from pytest_toolcheck.scenario import ToolPlan
from pytest_toolcheck.spec.model import ToolSpec

QUIET = settings(database=None, suppress_health_check=list(HealthCheck))
PLAN = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 0}, "note": {"type": "string"}, "tags": {"type": "array"}},
    "required": ["tags"],
    "additionalProperties": False,
}


def found(cause="large"):
    return Finding("no_crash", f"crashed: {cause}", cause)


def test_members_and_items_that_are_not_needed_go():
    """At every depth, one after another, and what was given stays as it is."""
    given = {"a": [1, {"b": 2, "c": [3, 4]}, 5], "d": {}}

    def fails(value):
        return any(isinstance(item, dict) and 4 in item.get("c", []) for item in value.get("a", []))

    assert without_needless(given, fails=fails) == {"a": [{"c": [4]}]}
    assert given == {"a": [1, {"b": 2, "c": [3, 4]}, 5], "d": {}}


def test_what_shrinking_leaves_goes_but_the_label_stays(monkeypatch):
    """An optional member that Hypothesis left is taken out; a required one is not, which would be another label."""
    left = {"n": 50, "note": "x", "tags": [1, 2]}

    def find(_strategy, fails, **_options):
        assert fails(left)
        return left

    monkeypatch.setattr(fuzz, "find", find)
    run = lambda value, label: found() if value.get("n", 0) > 41 else None  # noqa: E731
    result = fuzz_tool(run, PLAN, label="valid", max_examples=50, settings=QUIET)
    assert (result.label, result.input) == ("valid", {"n": 50, "tags": []})
    assert result.calls == 5  # itself, without n, without note, without each of the two tags


def test_the_budget_of_calls_ends_it(monkeypatch):
    """Where the calls are spent, the smallest so far is what is told."""
    left = {"n": 50, "note": "x", "tags": list(range(30))}
    monkeypatch.setattr(fuzz, "find", lambda _strategy, fails, **_options: left if fails(left) else None)
    result = fuzz_tool(lambda value, label: found(), PLAN, label="valid", max_examples=1, settings=QUIET)
    assert result.calls == 10
    assert len(result.input["tags"]) == 23
    assert "note" not in result.input


def test_nothing_is_explained_that_nobody_sees(monkeypatch):
    """Hypothesis would call as often again to comment on a report of its own; the phases of a profile are kept."""
    asked = []
    monkeypatch.setattr(fuzz, "find", lambda *_arguments, settings, **_options: asked.append(settings.phases) or {})
    monkeypatch.setattr(fuzz, "_without_needless", lambda search, value: search.answers.update({"{}": ()}) or value)
    for given in (QUIET, settings(QUIET, phases=[Phase.generate, Phase.explain])):
        fuzz_tool(lambda value, label: None, PLAN, label="valid", settings=given)
    assert asked == [(Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink), (Phase.generate,)]


@pytest.mark.parametrize("derandomize", [False, True], ids=["profile", "profile of CI"])
@pytest.mark.parametrize("label", ["valid", "invalid"])
def test_hypothesis_s_own_seed_repeats_the_inputs(monkeypatch, label, derandomize):
    """`--hypothesis-seed` sets this name of Hypothesis's (its plugin does so): equal seeds, equal inputs, on CI too."""
    profile = settings(QUIET, derandomize=derandomize)

    def inputs(seed):
        monkeypatch.setattr("hypothesis.core.global_force_seed", seed)
        seen = []
        fuzz_tool(lambda value, label: seen.append(value), PLAN, label=label, max_examples=20, settings=profile)
        return seen

    inputs(0)  # what it imports gives Hypothesis constants to draw
    first = inputs(1)
    assert first == inputs(1)
    assert first != inputs(2)


def test_the_example_database_keeps_tools_apart():
    """What was found in one tool is replayed under its key, and under no other."""
    kept = settings(QUIET, database=InMemoryExampleDatabase())
    fails = lambda value, label: found() if value.get("n", 0) > 200 else None  # noqa: E731
    first = fuzz_tool(fails, PLAN, label="valid", max_examples=100, settings=kept, database_key=b"k")

    def begun_with(key):
        seen = []
        fuzz_tool(
            lambda value, label: seen.append(value),
            PLAN,
            label="valid",
            max_examples=1,
            settings=kept,
            database_key=key,
        )
        return seen[0]

    assert begun_with(b"other") != first.input == begun_with(b"k")  # what fails no more is forgotten


def test_the_label_is_that_of_the_smallest_input(monkeypatch):
    """Computed again, whatever was asked for: the entry to paste promises no refusal of what the schema allows."""
    monkeypatch.setattr(
        fuzz, "find", lambda _strategy, fails, **_options: {"tags": []} if fails({"tags": []}) else None
    )
    result = fuzz_tool(lambda value, label: found(), PLAN, label="invalid", settings=QUIET)
    assert result.label == "valid"
    assert "expect" not in result.entry


def test_each_tool_and_label_has_a_key_of_its_own(monkeypatch):
    """And the same one in the next run."""
    keys = []
    told = lambda *_arguments, database_key, label, **_options: keys.append(database_key) or FuzzResult(label, 0)  # noqa: E731
    monkeypatch.setattr(fuzz, "fuzz_tool", told)
    for _ in range(2):
        for name, label in (("a", "valid"), ("a", "invalid"), ("b", "valid")):
            plan = ToolPlan(SimpleNamespace(path=Path("x.tool.yaml")), ToolSpec(name, input=PLAN), None)
            FuzzScenario(label, 5).run(SimpleNamespace(plan=plan, base=dict))
    assert keys[:3] == keys[3:]
    assert len({*keys, None}) == 4
