"""`from_schema` and fuzzing: labels always right, small failing inputs, a budget that holds."""

from __future__ import annotations

import json
import random
from pathlib import Path
from random import Random
from types import SimpleNamespace

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase
from referencing import Registry, Resource

from pytest_toolcheck.cases import fuzz
from pytest_toolcheck.cases.fuzz import example_entry, fuzz_tool
from pytest_toolcheck.cases.fuzz_base import free_parameters
from pytest_toolcheck.cases.fuzz_items import FuzzScenario, fuzz_scenarios
from pytest_toolcheck.cases.strategy import from_schema
from pytest_toolcheck.cases.strategy_nodes import SchemaGraph
from pytest_toolcheck.checks.base import Finding
from pytest_toolcheck.scenario import ScenarioFailure, ScenarioSkipped, ToolPlan
from pytest_toolcheck.spec.load import load_spec
from pytest_toolcheck.spec.model import ToolSpec, ValueSet, Variations

from .specs import SUBPROCESS, events, write_tool

SUITE = Path(__file__).resolve().parents[2] / "shared" / "data" / "json-schema-test-suite"
QUIET = settings(max_examples=30, database=None, deadline=None, suppress_health_check=list(HealthCheck))

ORDER = {
    "type": "object",
    "properties": {
        "sku": {"type": "string"},
        "count": {"type": "integer", "minimum": 1, "maximum": 250},
        "gift": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 8}, "maxItems": 3, "uniqueItems": True},
    },
    "required": ["sku", "count"],
    "additionalProperties": False,
}

SCHEMAS = {
    "order": ORDER,
    "recursive": {
        "$ref": "#/$defs/tree",
        "$defs": {
            "tree": {
                "type": "object",
                "required": ["value"],
                "properties": {
                    "value": {"type": "integer"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
                },
                "additionalProperties": False,
            }
        },
    },
    "merged": {
        "allOf": [{"type": "integer", "minimum": 10}, {"maximum": 20, "multipleOf": 3}],
        "not": {"const": 15},
    },
    "branches": {
        "oneOf": [
            {"type": "string", "format": "date"},
            {"type": "array", "prefixItems": [{"type": "integer"}], "items": False, "minItems": 1},
            {"type": "object", "required": ["a"], "properties": {"a": {"enum": [1, "one"]}}},
        ]
    },
    "conditional": {
        "type": "object",
        "properties": {"kind": {"enum": ["a", "b"]}, "x": {"type": "integer"}, "y": {"type": "string", "minLength": 2}},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "a"}}},
        "then": {"required": ["x"]},
        "else": {"required": ["y"]},
    },
    "dependent": {
        "type": "object",
        "properties": {"card": {"type": "string", "pattern": "^[0-9]{4}$"}, "name": {"type": "string"}},
        "dependentRequired": {"card": ["name"]},
        "minProperties": 1,
    },
    "maps": {
        "type": "object",
        "patternProperties": {"^x-": {"type": "integer"}},
        "additionalProperties": {"type": "boolean"},
        "propertyNames": {"maxLength": 5},
        "minProperties": 1,
    },
    "contains": {"type": "array", "contains": {"type": "integer", "minimum": 5}, "minContains": 2, "maxItems": 6},
    "unevaluated": {
        "type": "object",
        "allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}],
        "unevaluatedProperties": False,
    },
    "numbers": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
    "draft 7": {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "array",
        "items": [{"type": "integer"}, {"type": "string"}],
        "additionalItems": False,
        "minItems": 2,
    },
}


def accepts(schema, value):
    """Say what jsonschema says, formats included."""
    cls = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    return cls(schema, format_checker=cls.FORMAT_CHECKER).is_valid(value)


@pytest.mark.parametrize("label", ["valid", "invalid"])
@pytest.mark.parametrize("name", SCHEMAS)
def test_labels_are_right(name, label):
    """Every value drawn for a label has that label, it is plain JSON, and more than one value is drawn."""
    seen = set()

    @given(from_schema(SCHEMAS[name], label=label))
    @QUIET
    def check(value):
        assert accepts(SCHEMAS[name], value) == (label == "valid")
        seen.add(json.dumps(value, allow_nan=False, sort_keys=True))

    check()
    assert len(seen) > 1


@pytest.mark.parametrize("name", SCHEMAS)
def test_values_are_constructed_not_filtered(name):
    """The health checks of Hypothesis, which object to heavy filtering, are content."""

    @given(from_schema(SCHEMAS[name]))
    @settings(max_examples=50, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def check(value):
        assert accepts(SCHEMAS[name], value)

    check()


@pytest.mark.parametrize("schema", [{"format": "regex"}, {"patternProperties": {"f.*": True, "b.*": False}}])
def test_rare_breaks_are_constructed_not_filtered(schema):
    """Formats that nearly every text has, and forbidden properties: Hypothesis does not object to the invalid values."""

    @given(from_schema(schema, label="invalid"))
    @settings(max_examples=50, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def check(value):
        assert not accepts(schema, value)

    check()


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "string", "minLength": 3, "maxLength": 2},
        {"type": "object", "required": ["a"], "properties": {"a": False}},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {
            "$ref": "#/$defs/a",
            "$defs": {"a": {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}},
        },
    ],
)
def test_what_cannot_be_satisfied_is_nothing(schema):
    """A contradictory schema gives the empty strategy for valid values, at once."""
    assert from_schema(schema).is_empty


def test_nothing_is_invalid_for_true():
    """A schema that accepts everything has no invalid values."""
    assert from_schema(True, label="invalid").is_empty
    assert from_schema({}, label="invalid").is_empty


def test_valid_values_shrink_to_the_simplest():
    """The smallest order has only what is required, at its simplest."""
    found = find(from_schema(ORDER), lambda value: value["count"] >= 17, settings=settings(database=None))
    assert found == {"sku": "", "count": 17}


@pytest.mark.parametrize(
    ("part", "smallest"),
    [
        ({"type": "string", "maxLength": 300}, 97),
        ({"type": "string", "minLength": 90}, 140),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 80}, 31),
    ],
)
def test_long_values_come_up_between_the_bounds(part, smallest):
    """A length that is neither short nor at a bound is reached, and shrinks to the least that is asked for."""
    schema = {"type": "object", "properties": {"a": part}, "required": ["a"]}
    quiet = settings(QUIET, max_examples=150)
    found = find(from_schema(schema), lambda value: len(value["a"]) >= smallest, settings=quiet, random=Random(1))
    assert len(found["a"]) == smallest


@given(from_schema({"type": "string"}))
def test_texts_without_a_bound_stay_short(text):
    """Lengths that no bound speaks of are what size cases are for: whoever is bothered by them is told there, once."""
    assert len(text) <= 60


def is_repeated(tags):
    """Say whether a list of strings holds one of them twice."""
    return isinstance(tags, list) and all(isinstance(tag, str) for tag in tags) and len(set(tags)) < len(tags)


def test_every_kind_of_break_comes_up():
    """Invalid values leave out, mistype, overstep, add and repeat."""
    kinds = {
        "left out": lambda v: isinstance(v, dict) and "sku" not in v,
        "mistyped": lambda v: isinstance(v, dict) and v.get("gift", True) not in (True, False),
        "too large": lambda v: isinstance(v, dict) and v.get("count") == 251,
        "unknown": lambda v: isinstance(v, dict) and not set(v) <= set(ORDER["properties"]),
        "no object": lambda v: not isinstance(v, dict),
        "repeated": lambda v: isinstance(v, dict) and is_repeated(v.get("tags")),
    }  # fmt: skip
    strategy = from_schema(ORDER, label="invalid")
    found_only = settings(max_examples=2000, database=None, phases=[Phase.generate])
    for name, shows in kinds.items():
        assert find(strategy, shows, settings=found_only) is not ..., name


def test_formats_can_be_left_unchecked():
    """With `format_checker=False` a format is an annotation, so nothing breaks it."""
    assert from_schema({"format": "date"}, label="invalid", format_checker=False).is_empty
    assert not from_schema({"format": "date"}, label="invalid").is_empty


def finding(cause):
    return Finding("no_crash", f"crashed: {cause}", cause)


def test_a_failure_is_shrunk():
    """The failing input found is the smallest one, with its label computed and an entry to paste."""
    result = fuzz_tool(
        lambda value, label: finding("many") if value["count"] > 37 else None,
        ORDER, label="valid", max_examples=60, seed=1, settings=QUIET,
    )  # fmt: skip
    assert (result.label, result.input) == ("valid", {"sku": "", "count": 38})
    [entry] = yaml.safe_load(result.entry)["examples"]
    assert entry.pop("name").startswith("found by fuzz ")
    assert entry == {"input": result.input}


def test_shrinking_stays_with_the_first_cause():
    """A second bug with smaller inputs does not take the place of the one that was found."""
    causes = []

    def run(value, label):
        cause = "large" if value["count"] > 100 else "small" if value["count"] < 3 and "gift" in value else None
        causes.append(cause)
        return cause and finding(cause)

    result = fuzz_tool(run, ORDER, label="valid", max_examples=60, seed=3, settings=QUIET)
    first = next(cause for cause in causes if cause)
    assert {found.cause for found in result.findings} == {first}


@pytest.mark.parametrize("fails", [False, True])
def test_the_budget_of_calls_holds(fails):
    """At most `max_examples` calls without a failure, ten times that with one; no input is called twice."""
    calls = []

    def run(value, label):
        calls.append(json.dumps(value, sort_keys=True))
        return finding("long") if fails and len(value["sku"]) > 3 else None

    result = fuzz_tool(run, ORDER, label="valid", max_examples=12, seed=5, settings=QUIET)
    assert len(calls) == result.calls == len(set(calls))
    assert len(calls) <= (120 if fails else 12)


def test_labels_reach_the_tool():
    """Each call is told the label that the schema gives its input, and inputs are objects."""

    def run(value, label):
        assert isinstance(value, dict)
        assert (label == "valid") == accepts(ORDER, value)

    for label in ("valid", "invalid"):
        assert fuzz_tool(run, ORDER, label=label, max_examples=40, seed=1, settings=QUIET).calls == 40


def test_a_search_prints_nothing(capsys):
    """The end of the budget is no failure: Hypothesis is not heard, whatever is found."""
    fuzz_tool(lambda value, label: None, ORDER, label="valid", max_examples=5, settings=QUIET)
    fuzz_tool(lambda value, label: finding("x"), ORDER, label="valid", max_examples=5, settings=QUIET)
    assert capsys.readouterr().out == ""


def test_a_thread_that_uses_random_is_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two draws a client's thread may take random numbers: that is nothing to tell the user, or to end a search."""
    drawn = st.integers().map(lambda number: {"x": number, **dict.fromkeys((), random.random())})
    monkeypatch.setattr(fuzz, "_inputs", lambda *_given: drawn)
    assert fuzz_tool(lambda _value, _label: None, {"type": "object"}, label="valid", max_examples=5).calls == 5


def test_what_one_float_does_is_not_taken_for_an_integer():
    """A tool may tell 0.0 from 0: both are called, and the failing input keeps its kind."""
    schema = {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}
    run = lambda value, label: finding("float") if type(value["n"]) is float else None  # noqa: E731
    result = fuzz_tool(run, schema, label="valid", max_examples=60, seed=1, settings=QUIET)
    assert repr(result.input) == "{'n': 0.0}"


def test_an_exception_ends_the_search():
    """What `run` raises is raised by `fuzz_tool`, after one call."""
    calls = []

    def run(value, label):
        calls.append(value)
        raise LookupError("no such tool")

    with pytest.raises(LookupError, match="no such tool"):
        fuzz_tool(run, ORDER, label="valid", settings=QUIET)
    assert len(calls) == 1


def test_an_exception_while_shrinking_loses_no_failure():
    """A hang is given up sooner the second time, and that is a skip: the first one stays found."""
    hung = []

    def run(value, label):
        if hung:
            hung.append(value)
            raise ScenarioSkipped("hung before")
        return hung.append(value) or finding("timeout") if value["count"] > 2 else None

    result = fuzz_tool(run, ORDER, label="valid", settings=QUIET)
    assert (result.input, [found.cause for found in result.findings], len(hung)) == (hung[0], ["timeout"], 2)


def test_no_input_of_a_label_is_said_so():
    """A schema without objects of the label makes no calls and says that it was not served."""
    result = fuzz_tool(lambda value, label: finding("x"), {"type": "object"}, label="invalid", settings=QUIET)
    assert (result.served, result.calls, result.findings) == (False, 0, ())


def test_known_values_are_kept_in_half_of_the_calls():
    """Where the schema cannot say what a good value is, half of the inputs keep the base's or a known good one."""
    skus = []
    fuzz_tool(
        lambda value, label: skus.append(value["sku"]),
        ORDER, label="valid", max_examples=60, seed=2, base={"sku": "ABC-1", "count": 2}, values={"sku": ["XYZ-2"]},
        settings=QUIET,
    )  # fmt: skip
    known = sum(sku in ("ABC-1", "XYZ-2") for sku in skus)
    assert known >= len(skus) * 0.3
    assert known < len(skus)
    assert {"ABC-1", "XYZ-2"} <= set(skus)


def test_free_parameters_are_those_that_a_schema_cannot_describe():
    """Free strings and arrays of them are free; bounded numbers, booleans and enums are not."""
    schema = {"properties": {**ORDER["properties"], "mode": {"enum": ["a"]}, "size": {"type": "integer"}}}
    assert free_parameters(SchemaGraph(schema)) == ["sku", "tags", "size"]


def test_the_example_database_replays_a_failure():
    """A failure found once is the first input of the next run."""
    kept = settings(QUIET, database=InMemoryExampleDatabase())
    fails = lambda value, label: finding("x") if value["count"] > 200 else None  # noqa: E731
    first = fuzz_tool(fails, ORDER, label="valid", max_examples=300, settings=kept, database_key=b"k")
    again = []
    fuzz_tool(lambda value, label: again.append(value), ORDER, label="valid", settings=kept, database_key=b"k")
    assert again[0] == first.input


def test_a_seed_repeats_the_inputs():
    """The same seed gives the same inputs, another gives others."""

    def inputs(seed):
        seen = []
        fuzz_tool(lambda value, label: seen.append(value), ORDER, label="invalid", seed=seed, settings=QUIET)
        return seen

    assert inputs(1) == inputs(1) != inputs(2)


@given(from_schema(True))
@QUIET
def test_an_entry_survives_yaml(value):
    """The entry, read back as YAML, holds exactly the input: control characters and astral signs included."""
    assert yaml.safe_load(example_entry({"a": value}, "valid"))["examples"][0]["input"] == {"a": value}


ODD = {
    "numbers to YAML 1.2 alone": ["08", "0o7", "1e5", "+.5e3", "-09"],
    "words": ["yes", "on", "null", "~", "", "<<", "=", "- x", "# y", "a: b", "/re/"],
    "signs": "\x00\x1f\x85\u2028\ufeff\U0001f600'\"\r\n\t end ",
    "1": [10**30, 1e300, 5e-324, 1e16, -0.0, 1.0, None, True, {}, []],
    "0o17": {"no": {"1_0": 1}, "\n": "x " * 80},
}


def test_entries_are_read_by_a_spec_as_they_were_sent(tmp_path):
    """Entries pasted below each other are a valid spec, and give back exactly what was sent."""
    same = ["twice"]
    inputs = [{"odd": ODD}, {"odd": ODD, "more": 1}, {"a": same, "b": same}, {"n": 1}, {"n": 1.0}]
    entries = "".join(example_entry(value, "invalid").removeprefix("examples:\n") for value in inputs)
    head = "toolcheck: 1\ntarget: {python: json}\ntools:\n  dumps:\n    input: {type: object}\n    examples:\n"
    path = tmp_path / "x.tool.yaml"
    path.write_text(head + "".join(f"    {line}\n" for line in entries.split("\n")), encoding="utf-8")
    read = [example.input for example in load_spec(path).tools["dumps"].examples]
    assert [json.dumps(value) for value in read] == [json.dumps(value) for value in inputs]


PROVEN = {"sku": "ABC-1", "count": 1}


class FakeContext:
    """Stands in for the plugin: records calls, and judges with a function."""

    def __init__(self, plan, judge, base=PROVEN):
        self.plan, self._judge, self._base = plan, judge, base
        self.calls, self.warnings = [], []

    def call(self, arguments, *, valid=None):
        self.calls.append((arguments, valid))
        return arguments

    def judge(self, case, outcome):
        found = self._judge(case)
        return (found,) if found else ()

    def base(self):
        return self._base

    def warn(self, message):
        self.warnings.append(message)


def plan_of(**variations):
    tool = ToolSpec("place", input=ORDER, values={"sku": ValueSet(("ABC-1",))}, variations=Variations(**variations))
    return ToolPlan(SimpleNamespace(path=Path("x.tool.yaml")), tool, None)


def test_a_scenario_fails_with_the_smallest_input():
    """The failure carries the finding, the smallest input and the entry; the last call made is that input."""
    ctx = FakeContext(plan_of(seed=4), lambda case: finding("big") if case.input["count"] > 9 else None)
    with pytest.raises(ScenarioFailure, match="crashed: big") as caught:
        FuzzScenario("valid", 50).run(ctx)
    details = dict(caught.value.findings[0].details)
    assert json.loads(details["smallest input"]) == ctx.calls[-1][0]
    assert ctx.calls[-1][0]["count"] == 10
    assert "found by fuzz" in details["examples entry"]
    assert all(valid for _, valid in ctx.calls)


def test_a_failure_that_does_not_come_again_is_said_so():
    """Where the smallest input, sent once more, does not fail, the message says it."""
    seen = set()

    def once(case):
        key = json.dumps(case.input, sort_keys=True)
        if key in seen:
            return None
        seen.add(key)
        return finding("flaky")

    with pytest.raises(ScenarioFailure, match="not again when the smallest input was repeated"):
        FuzzScenario("valid", 5).run(FakeContext(plan_of(seed=1), once))


def test_a_hang_that_is_not_waited_for_again_fails_the_item():
    """Each call after the first hang is a skip: while shrinking, and when the smallest input is repeated."""
    hung = []

    def hangs(case):
        if hung:
            hung.append(case.input)
            raise ScenarioSkipped("place hung before")
        return hung.append(case.input) or finding("timeout") if case.input["count"] > 2 else None

    with pytest.raises(ScenarioFailure, match="crashed: timeout"):
        FuzzScenario("valid", 50).run(FakeContext(plan_of(seed=1), hangs))
    assert len(hung) == 3


def test_a_scenario_of_a_good_tool_passes():
    """No finding, no failure; each label gets its calls."""
    for label in ("valid", "invalid"):
        ctx = FakeContext(plan_of(seed=1), lambda case: None, base={"sku": "ABC-1", "count": 1})
        FuzzScenario(label, 20).run(ctx)
        assert len(ctx.calls) == 20
        assert {valid for _, valid in ctx.calls} == {label == "valid"}


def test_refusals_without_a_proven_call_are_a_skip():
    """Where no valid call succeeded, refused invalid inputs are not counted as passed."""
    ctx = FakeContext(plan_of(seed=1), lambda case: None, base=None)
    with pytest.raises(ScenarioSkipped, match="no valid call of place succeeded"):
        FuzzScenario("invalid", 5).run(ctx)


@pytest.mark.parametrize(
    ("schema", "labels"),
    [
        (None, ["valid"]),
        ({"type": "object", "properties": {}, "title": "Nothing"}, ["valid"]),
        ({"type": "object", "additionalProperties": False}, ["valid", "invalid"]),
        ({"required": ["a"]}, ["valid", "invalid"]),
    ],
)
def test_no_invalid_inputs_are_sought_where_there_are_none(schema, labels):
    """A tool whose schema refuses no arguments is fuzzed with valid ones only, and nothing is said about the others."""
    plan = ToolPlan(SimpleNamespace(path=Path("x.tool.yaml")), ToolSpec("place", input=schema), None)
    assert [scenario.label for scenario in fuzz_scenarios(plan)] == labels


def test_every_tool_is_fuzzed_unless_its_spec_says_no(pytester):
    """Both items stand in a run of a two-key spec; collecting imports no Hypothesis; no more than 50 calls are made."""
    code = "def add(a: int, b: int) -> int:\n    if type(a) is not int or type(b) is not int: raise ValueError('int')\n"
    write_tool(pytester, code + "    return a + b\ndef ping() -> str:\n    return 'pong'\n")
    pytester.makeconftest("import sys\ndef pytest_collection_finish(): print('loaded', 'hypothesis' in sys.modules)")
    result = pytester.runpytest_subprocess(*SUBPROCESS, "-s", "-k", "fuzz", "--toolcheck-log=log")
    result.assert_outcomes(passed=4, deselected=result.parseoutcomes()["deselected"])
    assert "loaded False" in result.stdout.str()
    for tool in ("add", "ping"):
        sent = [e for e in events(pytester.path / "log") if e["ev"] == "call.start" and e["tool"] == tool]
        assert 1 <= len(sent) <= 52, "fifty, and the proving of the base"


@pytest.mark.parametrize(
    ("variations", "ids"),
    [
        ({}, ["fuzz[valid]", "fuzz[invalid]"]),
        ({"fuzz": 0}, []),
        ({"fuzz": 1}, ["fuzz[valid]"]),
        ({"exclude": ("fuzz",)}, []),
        ({"categories": ("boundary",)}, []),
        ({"categories": ("fuzz",)}, ["fuzz[valid]", "fuzz[invalid]"]),
    ],
)
def test_the_spec_decides_on_fuzz_items(variations, ids):
    """Categories, exclusions and the number of calls decide which items there are."""
    scenarios = fuzz_scenarios(plan_of(**variations))
    assert [scenario.id for scenario in scenarios] == ids
    assert sum(scenario.max_examples for scenario in scenarios) == (Variations(**variations).fuzz if ids else 0)


def remotes(specification):
    """Return the suite's remote documents, under the address that its references use."""
    registry = Registry()
    for path in (SUITE / "remotes").rglob("*.json"):
        contents = json.loads(path.read_text(encoding="utf-8"))
        resource = Resource.from_contents(contents, default_specification=specification)
        name = path.relative_to(SUITE / "remotes").as_posix()
        registry = registry.with_resource(f"http://localhost:1234/{name}", resource)
    return registry


@given(st.data())
@QUIET
def test_unions_of_random_simple_schemas_are_served(data):
    """Random schemas of simple parts: what is drawn is valid."""

    def sized(kind, low, high, start):
        return st.builds(
            lambda least, span: {"type": kind, low: least, high: least + span}, st.integers(start, 5), st.integers(0, 5)
        )

    part = st.one_of(
        sized("integer", "minimum", "maximum", -9),
        sized("string", "minLength", "maxLength", 0),
        sized("array", "minItems", "maxItems", 0),
        st.just({"type": "null"}),
    )
    keyword = data.draw(st.sampled_from(["anyOf", "allOf"]))
    schema = {keyword: data.draw(st.lists(part, min_size=1, max_size=3))}
    strategy = from_schema(schema)
    if keyword == "anyOf":
        assert not strategy.is_empty
    if not strategy.is_empty:
        assert accepts(schema, data.draw(strategy))
