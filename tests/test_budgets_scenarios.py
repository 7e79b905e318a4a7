"""Budgets of a spec as generated tests: what they call, what they say, and what fails by something else."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_toolcheck.budgets.baseline import Comparison
from pytest_toolcheck.budgets.clocks import MeterError
from pytest_toolcheck.budgets.scenarios import budget_scenarios
from pytest_toolcheck.budgets.sizes import LARGEST, copied_bytes, input_of_size, size_range
from pytest_toolcheck.errors import Position, SpecError
from pytest_toolcheck.scenario import ScenarioFailure, ScenarioSkipped, ToolPlan
from pytest_toolcheck.spec.load import load_spec
from pytest_toolcheck.spec.model import (
    Budgets,
    CommandTarget,
    GrowthBudget,
    HttpTarget,
    PythonTarget,
    Spec,
    ToolSpec,
)
from pytest_toolcheck.targets.base import CallError, Outcome, ToolDescription

from .budget_fakes import NoisyMeter, use_fake_meter

MS = 1_000_000
IN_PROCESS = PythonTarget("shop")
SCHEMA = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": {"type": "integer", "minimum": 5, "maximum": 9}, "maxItems": 512},
        "names": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": 3},
        "text": {"type": ["null", "string"], "maxLength": 100},
        "count": {"$ref": "#/$defs/count"},
        "flag": {"type": "boolean"},
    },
    "$defs": {"count": {"type": "integer", "minimum": 4, "maximum": 64}},
}


class FakeSession:
    id = "s1"

    def __init__(self, answer, pids=()):
        self.answer, self.pids, self.requests = answer, pids, []

    def call(self, request):
        self.requests.append(request)
        return self.answer(request)

    def process_ids(self):
        return self.pids


class FakeContext:
    """Records what the scenario says."""

    def __init__(self, plan, session, base=None, **more):
        self.plan, self.session, self._base = plan, session, base
        self.events, self.warnings = [], []
        for name, value in more.items():
            setattr(self, name, value)

    def base(self):
        return self._base

    def emit(self, ev, **fields):
        self.events.append((ev, fields["attrs"]))

    def warn(self, message, *, check=""):
        self.warnings.append(message)


def plan_of(budgets, target=IN_PROCESS):
    position = Position(Path("orders.tool.yaml"), 12)
    tool = ToolSpec("place_order", input=SCHEMA, budgets=budgets, key_positions={"/budgets": position})
    spec = Spec(Path("orders.tool.yaml"), target, position, tool, {"place_order": tool}, discovers_tools=False)
    return ToolPlan(spec, tool, ToolDescription("place_order"))


def accepted(duration_ns=MS):
    return lambda request: Outcome("accepted", duration_ns)


def run(budgets, answer, *, base=None, target=IN_PROCESS, pids=(), **more):
    plan = plan_of(budgets, target)
    (scenario,) = budget_scenarios(plan)
    context = FakeContext(plan, FakeSession(answer, pids), {"count": 5} if base is None else base, **more)
    context.scenario = scenario
    try:
        scenario.run(context)
    except ScenarioFailure as failure:
        context.failure = failure
    return context


def test_each_kind_of_budget_is_a_test_of_its_own():
    """Ids are stable and say what is measured; a tool without budgets has none."""
    budgets = Budgets(
        latency={"p50": 1}, memory={"peak": 1, "leak": 1}, cpu_time_ns=1, growth=GrowthBudget("items", "n")
    )
    scenarios = budget_scenarios(plan_of(budgets))
    assert [scenario.id for scenario in scenarios] == [
        "budget[latency]",
        "budget[cpu]",
        "budget[memory]",
        "budget[leak]",
        "budget[growth]",
    ]
    assert str(scenarios[0].position) == "orders.tool.yaml:12"
    assert budget_scenarios(plan_of(None)) == []


def test_a_kept_budget_passes_and_is_logged(monkeypatch):
    """The target's own duration counts, and the verdict is in the log."""
    use_fake_meter(monkeypatch)
    context = run(Budgets(latency={"p50": 50 * MS}), accepted())
    assert not hasattr(context, "failure")
    (event,) = context.events
    assert event[0] == "budget.verdict"
    assert (event[1]["metric"], event[1]["verdict"], event[1]["measured"], event[1]["samples"]) == (
        "latency p50",
        "pass",
        MS,
        9,
    )


def test_a_broken_budget_fails_with_its_message_and_promise(monkeypatch):
    """The finding's line has measured, budget and calls used; the promise names the line of the spec."""
    use_fake_meter(monkeypatch)
    context = run(Budgets(latency={"p50": 50 * MS}), accepted(60 * MS))
    (finding,) = context.failure.findings
    assert finding.check == "budget"
    assert finding.message.startswith("latency p50 60 ms (60 to 60 ms at 99 %), budget 50 ms, 51 of 51 calls used")
    assert "orders.tool.yaml:12" in finding.promised
    assert "slowest" in dict(finding.details)


@pytest.mark.parametrize(("inconclusive_fails", "warnings"), [(False, 1), (True, 0)])
def test_an_inconclusive_budget_warns_or_fails_as_set(monkeypatch, inconclusive_fails, warnings):
    """A warning names the tool and the reason."""
    use_fake_meter(monkeypatch, NoisyMeter)
    monkeypatch.setattr("pytest_toolcheck.budgets.measure_time.PATIENCE_SECONDS", 0)
    context = run(Budgets(latency={"p50": MS}), accepted(1_400_000), inconclusive_fails=inconclusive_fails)
    assert len(context.warnings) == warnings
    assert hasattr(context, "failure") == inconclusive_fails
    assert all("place_order: latency p50" in line and "too noisy" in line for line in context.warnings)


@pytest.mark.parametrize(
    ("kind", "check"),
    [("crashed", "no_crash"), ("lost", "no_crash"), ("timed_out", "timeout"), ("refused", "accepts_valid")],
)
def test_a_tool_that_fails_its_calls_fails_by_that(monkeypatch, kind, check):
    """A failing call is no slow call: the finding is the failure's, with the number of the call."""
    use_fake_meter(monkeypatch)
    calls = []

    def answer(request):
        calls.append(request)
        failed = Outcome(kind, MS, error=CallError("ValueError", "out of stock"))
        return Outcome("accepted", MS) if len(calls) < 4 else failed

    (finding,) = run(Budgets(latency={"p50": MS}), answer).failure.findings
    assert finding.check == check
    assert "in call 4 of its latency budget: ValueError: out of stock" in finding.message


def test_each_call_gets_arguments_of_its_own(monkeypatch):
    """A tool that changes its arguments does not change those of the next call."""
    use_fake_meter(monkeypatch)

    def answer(request):
        request.arguments["list"].append(1)
        return Outcome("accepted", MS)

    context = run(Budgets(latency={"p50": 50 * MS}), answer, base={"list": []})
    assert all(request.arguments == {"list": [1]} for request in context.session.requests)
    assert len({request.rid for request in context.session.requests}) == len(context.session.requests)


def test_without_a_proven_input_there_is_nothing_to_measure():
    """A budget of failing calls means nothing: skipped, with the reason."""
    plan = plan_of(Budgets(latency={"p50": MS}))
    with pytest.raises(ScenarioSkipped, match="no valid call of place_order succeeded"):
        budget_scenarios(plan)[0].run(FakeContext(plan, FakeSession(accepted())))


@pytest.mark.parametrize("budgets", [Budgets(cpu_time_ns=1), Budgets(memory={"peak": 1}), Budgets(memory={"leak": 1})])
def test_a_server_that_was_not_started_here_has_no_known_processes(budgets):
    """Memory and CPU of a remote service cannot be measured: skipped, with the reason."""
    plan = plan_of(budgets, HttpTarget("http://example.org"))
    with pytest.raises(ScenarioSkipped, match="was not started here"):
        budget_scenarios(plan)[0].run(FakeContext(plan, FakeSession(accepted()), {"count": 5}))


def test_growth_calls_the_tool_with_growing_inputs():
    """Inputs double within the schema's range; a quadratic table breaks a linear budget."""

    def answer(request):
        table = bytearray(100 * len(request.arguments["items"]) ** 2)
        return Outcome("accepted", len(table))

    context = run(Budgets(growth=GrowthBudget("items", memory="n")), answer)
    assert context.failure.findings[0].message.startswith("growth of memory items^")
    sizes = {len(request.arguments["items"]) for request in context.session.requests}
    assert sizes == {4, 8, 16, 32, 64, 128, 256, 512}


def refusing(most, over):
    """A tool that takes so many items, and whose table is quadratic."""

    def answer(request):
        size = len(request.arguments[over])
        return Outcome("accepted", len(bytearray(1000 * size**2))) if size <= most else Outcome("refused", MS)

    return answer


@pytest.mark.parametrize(
    ("over", "acceptance", "most", "failed"),
    [
        ("names", "auto", 60, "budget"),
        ("names", "auto", 9, None),
        ("names", "strict", 60, "accepts_valid"),
        ("items", "auto", 60, "accepts_valid"),
    ],
)
def test_a_size_that_a_tool_need_not_take_ends_its_growth(over, acceptance, most, failed):
    """Where the schema names no largest size a clean refusal is no failure: smaller ones show how the cost grows, or too few do."""
    plan = plan_of(Budgets(growth=GrowthBudget(over, memory="n")))
    plan = replace(plan, tool=replace(plan.tool, acceptance=acceptance))
    context = FakeContext(plan, FakeSession(refusing(most, over)), {over: ["a", "b", "c"]})
    if failed:
        with pytest.raises(ScenarioFailure) as failure:
            budget_scenarios(plan)[0].run(context)
        assert failure.value.findings[0].check == failed
    else:
        budget_scenarios(plan)[0].run(context)
        assert context.warnings == [
            "place_order: growth of memory over names: inconclusive, 2 sizes could be tried, 4 are needed"
        ]


@pytest.mark.parametrize(
    ("verdict", "advice", "fails", "warnings"),
    [
        ("fail", False, True, 0),
        ("pass", False, False, 0),
        ("inconclusive", False, False, 1),
        ("inconclusive", True, False, 1),
    ],
)
def test_a_regression_against_a_baseline_fails_the_tool(monkeypatch, verdict, advice, fails, warnings):
    """CPU time is measured for it, compared by what the run hands in, and advice never fails."""
    monkeypatch.setattr("pytest_toolcheck.budgets.measure_time._sleep", lambda _: None)
    asked = []

    class Keeper:
        is_asked_for = True

        def compare(self, results, regression):
            asked.append((results[0].metric, regression))
            return [Comparison("t", "cpu time", verdict, 0.5, "cpu time 30 ms, baseline 20 ms", advice)]

    context = run(Budgets(regression=0.2), accepted(), baseline_keeper=Keeper())
    assert context.scenario.id == "budget[regression]"
    assert asked == [("cpu time", 0.2)]
    assert hasattr(context, "failure") == fails
    assert len(context.warnings) == warnings


def handing_over(plan, made_by_tool):
    """A session that takes a step for each item to hand the input over, whatever the tool does."""

    def answer(request):
        items = request.arguments["items"]
        handed = [[item] for item in items for _ in range(40)]
        return Outcome("accepted", made_by_tool(len(items)), value=len(handed))

    return FakeContext(plan, FakeSession(answer), {"items": [5]})


def test_what_handing_an_input_over_takes_is_not_the_tools_growth():
    """A tool that takes the same time for any input keeps `1`, though copying the input takes n steps."""
    kept = plan_of(Budgets(growth=GrowthBudget("items", "1")))
    context = handing_over(kept, lambda size: 1000)
    budget_scenarios(kept)[0].run(context)
    assert [attrs["verdict"] for _, attrs in context.events] == ["pass"]


def test_the_copy_of_an_input_counts_for_what_is_copied():
    """Arrays and objects are copied, texts and numbers are not."""
    assert copied_bytes({"a": "x" * 1000, "b": 10**100}) == sys.getsizeof({"a": 1, "b": 2})
    assert copied_bytes([[1], [2]]) == sys.getsizeof([1, 2]) + 2 * sys.getsizeof([1])


def test_growth_over_a_parameter_without_size_is_skipped():
    """A parameter that is unknown or has no size is named with what there is."""
    for over, message in (("flag", "its type is 'boolean'"), ("nothing", "no such parameter; it has: items, names")):
        plan = plan_of(Budgets(growth=GrowthBudget(over, "n")))
        with pytest.raises(ScenarioSkipped, match=message):
            budget_scenarios(plan)[0].run(FakeContext(plan, FakeSession(accepted()), {"count": 5}))


def test_growth_over_nothing_that_grows_is_an_error_of_the_spec_with_its_line():
    """A tool's own budget is never skipped for a mistake in it; one of the defaults does not concern every tool."""
    place = Position(Path("orders.tool.yaml"), 14)
    plan = plan_of(Budgets(growth=GrowthBudget("flag", "n")))
    wrong = replace(plan, tool=replace(plan.tool, key_positions={"/budgets/growth/over": place}))
    with pytest.raises(SpecError, match=r"orders.tool.yaml:14.*its type is 'boolean', expected one of array"):
        budget_scenarios(wrong)


def test_a_default_of_growth_concerns_the_tools_that_have_its_parameter(tmp_path):
    """The others are skipped, also where they say more of their own budgets; a tool's own mistake is an error all the same."""
    path = tmp_path / "orders.tool.yaml"
    path.write_text(
        "toolcheck: 1\ntarget: {python: orders}\n"
        "defaults: {budgets: {growth: {over: items, latency: n}}}\n"
        "tools:\n"
        "  plain: {input: {type: object, properties: {names: {type: string}}}}\n"
        "  more: {input: {type: object, properties: {names: {type: string}}}, budgets: {cpu: {time: 1s}}}\n"
    )
    spec = load_spec(path)
    plans = {name: ToolPlan(spec, tool, ToolDescription(name)) for name, tool in spec.tools.items()}
    assert [scenario.kind for scenario in budget_scenarios(plans["plain"])] == ["growth"]
    assert [scenario.kind for scenario in budget_scenarios(plans["more"])] == ["cpu", "growth"]
    with pytest.raises(ScenarioSkipped, match="no such parameter; it has: names"):
        budget_scenarios(plans["plain"])[0].run(FakeContext(plans["plain"], FakeSession(accepted()), {"names": "x"}))
    with path.open("a") as file:
        file.write(
            "  wrong: {input: {type: object, properties: {names: {type: string}}}, budgets: {growth: {over: name, latency: n}}}\n"
        )
    with pytest.raises(
        SpecError, match=r"orders.tool.yaml:7:.*'budgets.growth.over' .*no parameter 'name'. Did you mean"
    ):
        load_spec(path)


def test_a_leak_of_a_command_is_an_error_of_the_spec_with_its_line():
    """Each call is a new process, so no verdict could ever come: the message says why, and what to limit instead."""
    place = Position(Path("orders.tool.yaml"), 9)
    plan = plan_of(Budgets(memory={"leak": 1024}), CommandTarget(("wc",)))
    placed = replace(plan, tool=replace(plan.tool, key_positions={"/budgets/memory/leak": place}))
    with pytest.raises(SpecError, match=r"orders.tool.yaml:9.*a new process in each call.*limit its 'peak' instead"):
        budget_scenarios(placed)
    assert budget_scenarios(plan_of(Budgets(memory={"peak": 1024}), CommandTarget(("wc",))))
    assert budget_scenarios(plan_of(Budgets(memory={"leak": 1024})))


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [("items", (1, 512)), ("names", (3, LARGEST["array"])), ("text", (1, 100)), ("count", (4, 64))],
)
def test_sizes_stay_within_the_schema(parameter, expected):
    """The range is the schema's, through references, and bounded where it has no end."""
    assert size_range(SCHEMA, parameter) == expected


@pytest.mark.parametrize("size", [4, 31, 64])
def test_an_input_of_a_size_keeps_to_its_schema(size):
    """Items lie in their range, unique ones are unique, texts are as long as asked, the base is not changed."""
    jsonschema = pytest.importorskip("jsonschema")
    base = {"items": [5], "names": ["x", "y", "z"], "text": "ab", "count": 4}
    for parameter, length in (("items", len), ("names", len), ("text", len), ("count", int)):
        made = input_of_size(SCHEMA, base, parameter, size)
        jsonschema.validate(made, SCHEMA)
        assert length(made[parameter]) == size
    assert base == {"items": [5], "names": ["x", "y", "z"], "text": "ab", "count": 4}


def test_a_parameter_of_no_size_is_named():
    """The error lists what the schema has."""
    with pytest.raises(MeterError, match="expected one of array, string, integer, number"):
        size_range(SCHEMA, "flag")
