"""A parameter more costs a bounded number of cases, and a bounded number of values tried: neither multiplies."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
from pathlib import Path
from typing import Any

import pytest

from pytest_toolcheck.cases import generate_cases
from pytest_toolcheck.cases.invalid import variations
from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.cases.plan import cases_of
from pytest_toolcheck.cases.schema import Document
from pytest_toolcheck.cases.valid import samples

from .benchmarks.generation_speed import schemas_in, timed
from .function_calls import function_calls

PARTS: dict[str, dict[str, Any]] = {
    "string": {"type": "string", "minLength": 1, "maxLength": 9},
    "number": {"type": "number", "minimum": 0, "multipleOf": 0.5},
    "boolean": {"type": "boolean"},
    "enum": {"enum": ["a", "b", "c"]},
    "array": {"type": "array", "items": {"type": "integer"}, "maxItems": 3},
    "object": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
    "branches": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
}
COUNTS = (1, 2, 5, 6, 10, 29, 30, 60)
MOST_CASES, MOST_TRIED = 140, 250
"""What one parameter may add."""


def made(part: dict[str, Any], count: int, limit: int) -> tuple[list[Case], int]:
    """Return the cases of so many parameters of one kind, half of them required, and how many values were tried."""
    names = [f"p{number}" for number in range(count)]
    schema = {"type": "object", "properties": dict.fromkeys(names, part), "required": names[::2]}
    document = Document(schema)
    return list(cases_of(document, limit=limit)), document.effort


@pytest.mark.parametrize("kind", PARTS)
def test_a_parameter_adds_cases_and_work_linearly(kind):
    """Without a limit, from one parameter to sixty: never more than so many cases and tries for each that is added."""
    before, tried_before, count_before = 0, 0, 0
    for count in COUNTS:
        cases, tried = made(PARTS[kind], count, limit=100_000)
        added = count - count_before
        assert len(cases) - before <= MOST_CASES * added, count
        assert tried - tried_before <= MOST_TRIED * added, count
        before, tried_before, count_before = len(cases), tried, count


@pytest.mark.parametrize("kind", PARTS)
def test_sixty_parameters_share_the_limit(kind):
    """With the default limit every one of sixty parameters has cases of both labels."""
    cases, _ = made(PARTS[kind], 60, limit=1000)
    assert len(cases) <= 1000
    for label in ("valid", "invalid"):
        reached = {case.pointer.split("/")[1] for case in cases if case.label == label and case.pointer}
        assert reached >= {f"p{number}" for number in range(60)}, label


def chained(count: int) -> dict[str, Any]:
    """Return a schema in which each option asks for the next."""
    names = [f"p{number}" for number in range(count)]
    asked = {name: [after] for name, after in itertools.pairwise(names)}
    return {"type": "object", "properties": {n: {"type": "integer"} for n in names}, "dependentRequired": asked}


def conditional(count: int) -> dict[str, Any]:
    """Return a schema of which each kind asks for a member of its own."""
    kinds = [f"k{number}" for number in range(count)]
    rules = [
        {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": {"required": [f"{kind} name"]}}
        for kind in kinds
    ]
    members = {"kind": {"enum": kinds}, **{f"{kind} name": {"type": "string"} for kind in kinds}}
    return {"type": "object", "properties": members, "required": ["kind"], "allOf": rules}


def patterned(count: int) -> dict[str, Any]:
    """Return a schema of texts, each of a pattern with repeats in repeats."""
    patterns = (f"^{count}[a-z]{{{number + 1},{number + 9}}}(-[0-9]{{1,3}})*$" for number in range(count))
    return {"type": "object", "properties": {f"p{n}": {"pattern": text} for n, text in enumerate(patterns)}}


@pytest.mark.parametrize(("made_of", "most"), [(chained, 700_000), (conditional, 1_000_000), (patterned, 1_500_000)])
def test_members_that_hang_together_cost_little(made_of, most):
    """Chains of `dependentRequired`, lists of `if` and repeats in repeats take steps in proportion to their number."""
    list(generate_cases(made_of(3)))  # what is compiled once is not counted
    assert function_calls(lambda: list(generate_cases(made_of(12)))) < most


def many_conditions(count: int) -> dict[str, Any]:
    names = [f"p{at}" for at in range(count)]
    kinds = {"kind": {"enum": names}, **{key: {"type": "string"} for key in names}}
    rules = [{"if": {"properties": {"kind": {"const": name}}, "required": ["kind"]}, "then": {"required": [name]}} for name in names]  # fmt: skip
    return {"type": "object", "properties": kinds, "required": ["kind"], "allOf": rules}


def long_chain(count: int) -> dict[str, Any]:
    names = [f"p{at}" for at in range(count)]
    asked = {name: [after] for name, after in itertools.pairwise(names)}
    return {"type": "object", "properties": {key: {"type": "integer"} for key in names}, "dependentRequired": asked}


@pytest.mark.parametrize("schema", [many_conditions(20), long_chain(40)], ids=["conditions", "a chain"])
def test_many_branches_are_not_all_told_in_full(schema: dict[str, Any]) -> None:
    """What many branches have in common is changed in a few of them: little more is made than the limit can use."""
    document = Document(schema)
    made = sum(1 for _ in variations(document, (document.root,), next(iter(cases_of(document, limit=1))).input))
    assert made < 7000
    cases = list(cases_of(Document(schema)))
    assert len(cases) == 1000
    assert {case.pointer for case in cases} >= {f"/{name}" for name in schema["properties"]}


META_SCHEMA = {"$ref": "https://json-schema.org/draft/2020-12/schema"}


@pytest.mark.parametrize(
    ("schema", "most"),
    [
        (many_conditions(20), 500_000),
        (many_conditions(40), 1_100_000),
        (long_chain(40), 300_000),
        (META_SCHEMA, 140_000),
    ],
    ids=["conditions", "twice as many", "a chain", "the meta-schema"],
)
def test_many_branches_cost_little(schema: dict[str, Any], most: int) -> None:
    """Conditions, a chain of members that ask for the next, and schemas of schemas take some hundred thousand steps."""
    list(generate_cases(schema))  # what is compiled once is not counted
    assert function_calls(lambda: list(generate_cases(schema))) < most


MCP = Path(__file__).parents[2] / "shared" / "data" / "mcp-schemas"


@pytest.mark.skipif(not MCP.is_dir(), reason="the schemas of public servers are not beside the project")
def test_a_case_of_a_real_tool_costs_few_steps():
    """Over the tools of public servers, what is made and labelled takes some forty-two function calls a case."""
    schemas = schemas_in(MCP)
    made, _ = timed(schemas)  # what is compiled once is not counted
    assert function_calls(lambda: timed(schemas)) < 44 * made


def test_values_of_open_members_are_looked_for_once() -> None:
    """Most tools leave further members open: what goes there is found once, and given to each of them anew."""
    first, second = Document({}), Document({"type": "object"})
    found = samples(first, ())
    assert function_calls(lambda: samples(second, ())) < 120
    assert samples(second, ()) == found == [{}, [0], "text", 1, True, None, [], ""]
    assert first.effort == second.effort == 10  # as many as are tried where they are looked for
    [each] = [value for value in found if value == {}]
    each["changed"] = True
    assert {} in samples(second, ())
    assert {} in samples(Document({}), ())


def test_cases_are_made_as_a_dataclass_makes_them() -> None:
    """Each argument in the attribute of its name, equal by them, never changed."""
    case = Case("a", {}, "valid", "extra", "/a", "b")
    names = [field.name for field in dataclasses.fields(Case)]
    assert [*inspect.signature(Case).parameters] == names
    assert dataclasses.astuple(case) == ("a", {}, "valid", "extra", "/a", "b")
    assert dataclasses.replace(case, detail="c") == Case(*dataclasses.astuple(case)[:-1], "c") != case
    with pytest.raises(dataclasses.FrozenInstanceError):
        case.id = "other"
