"""Schema coverage of a run: in the summary, in the log, and as a limit that fails the run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_toolcheck.cases import coverage as coverage_module
from pytest_toolcheck.cases import coverage_pairs, generate_cases
from pytest_toolcheck.cases.coverage import SchemaCoverage
from pytest_toolcheck.cases.coverage_tally import CoverageTally
from pytest_toolcheck.events import read_events
from pytest_toolcheck.exercised import note_call
from pytest_toolcheck.report.coverage import shortfalls
from pytest_toolcheck.report.totals import count
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import NOT_CARRIED, NOT_MADE, CallError, Outcome

from .specs import events, run, write_tool

TOOL = """
from typing import Annotated, Literal
from pydantic import Field

def book(seats: int, cls: str = "eco") -> str:
    '''Book seats.'''
    if not isinstance(seats, int) or isinstance(seats, bool) or not 1 <= seats <= 9 or cls not in ("eco", "first"):
        raise ValueError("no such booking: seats, cls")
    return f"{seats} {cls}"
"""
SPEC = """
defaults: {{variations: {{fuzz: 0, categories: {categories}}}}}
tools:
  book:
    input:
      type: object
      properties:
        seats: {{type: integer, minimum: 1, maximum: 9}}
        cls: {{enum: [eco, first]}}
      required: [seats]
      additionalProperties: false
"""
ALL = "[required, optional, boundary, type, enum, extra, combination]"


def write(pytester: pytest.Pytester, categories: str) -> None:
    code = TOOL.replace("from typing import Annotated, Literal\nfrom pydantic import Field\n", "")
    write_tool(pytester, code, SPEC.format(categories=categories))


def test_the_summary_and_the_log_say_how_much_of_the_schema_was_exercised(pytester: pytest.Pytester) -> None:
    """A percentage a tool stands in the summary, the same in `run.end`; a limit that is reached fails nothing."""
    write(pytester, ALL)
    result = run(pytester, "--toolcheck-coverage-fail-under=100", "--toolcheck-log=log")
    assert result.ret == 0, result.stdout.str()
    result.stdout.fnmatch_lines(["shop.tool.yaml::book: *schema coverage 100.0 % (23 of 23)*"])
    result.stdout.no_fnmatch_line("not exercised*")
    end = next(event for event in events(pytester.path / "log") if event["ev"] == "run.end")
    assert end["attrs"]["coverage"]["shop.tool.yaml::book"]["coverage_percent"] == 100.0


def test_below_the_limit_the_run_fails_and_names_what_was_not_exercised(pytester: pytest.Pytester) -> None:
    """Without the boundary cases the bounds are missing: named in the failure and in the list; every test passed."""
    write(pytester, "[required, optional, type, extra]")
    result = run(pytester, "--toolcheck-coverage-fail-under=95%")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "failed" not in result.parseoutcomes()
    result.stdout.fnmatch_lines(
        [
            "not exercised (*",
            "  book *maximum 9, *",
            "FAILED schema coverage *, required 95 % *: shop.tool.yaml::book: *",
        ]
    )


BOOKED = {"seats": 9}
ARRIVED = Outcome("accepted", 0)


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome("lost", 0, error=CallError("ConnectionLost", "the server died")),
        Outcome("refused", 0, error=CallError(NOT_CARRIED, "a lone surrogate")),
        Outcome("crashed", 0, error=CallError("TargetError", "no such operation")),
    ],
)
def test_a_call_that_did_not_arrive_exercises_nothing(outcome: Outcome) -> None:
    """Over a dead server's connection nothing is exercised; a later call that arrives counts in full."""
    server: Any = SimpleNamespace(coverages={})
    tool = ToolSpec("book", input={"type": "object", "properties": {"seats": {"maximum": 9}}, "required": ["seats"]})
    assert note_call(server, tool, BOOKED, outcome, valid=True) == {}
    assert note_call(server, tool, BOOKED, ARRIVED, valid=True)["covers"]
    assert note_call(server, tool, BOOKED, ARRIVED, valid=True) == {}


def test_a_call_without_an_end_exercises_nothing(pytester: pytest.Pytester) -> None:
    """What a run that was killed had begun to call is not counted: only the end of a call says what it met."""
    write(pytester, "[required]")
    run(pytester, "--toolcheck-log=log.jsonl")
    everything = list(read_events(pytester.path / "log.jsonl"))
    begun = [event for event in everything if event.ev != "call.end"]
    assert [report.covered for report in count(everything).coverages().values()] > [0]
    assert [report.covered for report in count(begun).coverages().values()] == [0]


@pytest.mark.parametrize(("covered", "limit", "enough"), [(7, 87.5, True), (7, 87.51, False), (8, 100, True)])
def test_a_limit_that_is_just_reached_is_reached(covered: int, limit: float, enough: bool) -> None:
    """Equal passes, a hundredth above fails, in words that show why."""
    tally = CoverageTally([f"goal {number}" for number in range(8)], ())
    tally.add(range(covered), ())
    found = list(shortfalls({"x.tool.yaml::book": tally.report()}, limit))
    assert bool(found) is not enough
    assert all(line.startswith(f"schema coverage 87.5 %, required {limit} % ") for line in found)


@pytest.mark.parametrize("value", ["most", "101", "-1", "nan"])
def test_a_wrong_limit_ends_the_run_at_once(pytester: pytest.Pytester, value: str) -> None:
    """A limit that is no percentage names the file and the key."""
    pytester.makefile(".ini", tox=f"[pytest]\ntoolcheck_coverage_fail_under = {value}\n")
    result = run(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: tox.ini: toolcheck_coverage_fail_under: found '{value}', expected a perc*"])


SUITE = (
    "allOf anyOf oneOf not enum const if-then-else properties required additionalProperties items prefixItems minLength"
)


def suite(folder: Path) -> Iterator[Any]:
    """Yield the schemas of the official suite where keywords meet each other."""
    for stem in SUITE.split():
        file = folder / f"json-schema-test-suite/tests/draft2020-12/{stem}.json"
        yield from (group["schema"] for group in json.loads(file.read_text()))


def test_what_is_not_counted_cannot_be_met(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the official suite no goal that was left out is ever met by a generated case, and hardly one is missed."""
    covered = total = left_out = 0
    for schema in suite(shared_data):
        counted = SchemaCoverage(schema)
        with monkeypatch.context() as patch:
            for module in (coverage_module, coverage_pairs):
                patch.setattr(module, "is_impossible", lambda *_: False)
            everything = SchemaCoverage(schema)
        wanted, every = counted.outline()["goals"], everything.outline()["goals"]
        left_out += len(every) - len(wanted)
        for case in generate_cases(schema):
            counted.record(case.input, case.label)
            met = {every[number] for number in everything.record(case.input, case.label).goals}
            assert met <= set(wanted), (schema, met - set(wanted))
        report = counted.report()
        covered, total = covered + report.covered, total + report.total
    assert left_out >= 8
    assert covered / total > 0.98


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer", "minimum": 1, "multipleOf": 5}, "minimum 1, at it (valid)"),
        ({"allOf": [{"type": "integer"}, {"minimum": 0}, {"minimum": 5}]}, "minimum 0, at it (valid)"),
        ({"type": ["string", "null"], "allOf": [{"type": "string"}]}, "type null (valid)"),
        ({"type": "string", "format": "uri", "minLength": 1}, "minLength 1, at it (valid)"),
        ({"type": "string", "pattern": ".*"}, "pattern broken (invalid)"),
        ({"properties": {"a": {}}, "allOf": [{"required": ["a"]}]}, "a absent (valid)"),
        ({"properties": {"a": {"enum": []}}}, "a present (valid)"),
        ({"type": "string", "anyOf": [{"type": "integer"}, {"maxLength": 3}]}, "anyOf/0 (valid)"),
    ],
)
def test_goals_that_contradict_the_schema_are_not_counted(schema: Any, text: str) -> None:
    """What other parts of the schema exclude is no goal."""
    assert not [goal for goal in SchemaCoverage(schema).outline()["goals"] if text in goal]


def test_what_one_branch_exercises_is_not_counted_for_the_other() -> None:
    """The same bound in two branches is two goals: a valid input of the first meets only its own."""

    def way(kind: str) -> dict[str, Any]:
        return {"properties": {"kind": {"const": kind}, "amount": {"type": "integer", "minimum": 1}}}

    for schema in (
        {"oneOf": [way("card"), way("cash")]},
        {"if": {"required": ["card"]}, "then": way("card"), "else": way("cash")},
    ):
        coverage = SchemaCoverage({"required": ["kind", "amount"], **schema}, objects_only=True)
        coverage.record({"kind": "card", "amount": 1, "card": True}, "valid")
        missing = [goal for goal in coverage.report().missing if "at it" in goal]
        assert len(missing) == 1
        coverage.record({"kind": "cash", "amount": 1}, "valid")
        assert not [goal for goal in coverage.report().missing if "at it" in goal]


def test_arguments_always_are_an_object() -> None:
    """A tool cannot be sent another type, so the type of its arguments has no wrong one; deeper down it has."""
    schema = {"type": "object", "properties": {"next": {"type": "object"}}}
    goals = SchemaCoverage(schema, objects_only=True).outline()["goals"]
    assert [goal for goal in goals if "wrong type" in goal] == ["/next: wrong type (invalid)"]
    recursive = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    assert any("wrong type" in goal for goal in SchemaCoverage(recursive, objects_only=True).outline()["goals"])


def test_what_can_never_reach_a_function_is_not_missing() -> None:
    """No UUID is made of a number: that call is not made, and its goal is not held against the tests."""
    tool = ToolSpec("f", input={"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}})
    server: Any = SimpleNamespace(coverages={})
    outcome = Outcome("refused", 0, error=CallError(NOT_MADE, "id: 5 cannot be read as UUID"))
    assert note_call(server, tool, {"id": 5}, outcome, valid=False)["covers"]
