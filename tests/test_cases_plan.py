"""Which cases are generated, in which order, under which ids."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

import pytest_toolcheck
from pytest_toolcheck.cases import CATEGORIES, generate_cases

ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "sku": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
        "count": {"type": "integer", "minimum": 1, "maximum": 250},
        "note": {"type": ["string", "null"], "maxLength": 20},
        "due": {"type": "string", "format": "date"},
        "speed": {"enum": ["slow", "fast"]},
        "gift": {"type": "boolean"},
        "memo": {"type": "string"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "minItems": 1, "maxItems": 3},
    },
    "required": ["sku", "count"],
    "additionalProperties": False,
    "$defs": {
        "line": {
            "type": "object",
            "properties": {"price": {"type": "number", "multipleOf": 0.01}},
            "required": ["price"],
        }
    },
}
EXAMPLE = {"sku": "ABC-1234", "count": 2}


def by_category(schema: Any, category: str, **options: Any) -> list[Any]:
    return list(generate_cases(schema, categories=[category], **options))


def test_it_is_public():
    """`generate_cases` and `Case` are names of the package."""
    assert pytest_toolcheck.generate_cases is generate_cases
    assert isinstance(next(iter(generate_cases({}))), pytest_toolcheck.Case)


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_has_cases(category):
    """A schema with all there is gets cases of each category."""
    assert {case.category for case in by_category(ORDER, category)} == {category}


def test_labels_are_those_of_jsonschema():
    """Every label is what `jsonschema` says with formats checked."""
    draft = jsonschema.Draft202012Validator
    judge = draft(ORDER, format_checker=draft.FORMAT_CHECKER)
    cases = list(generate_cases(ORDER, examples=[EXAMPLE]))
    assert Counter(case.label for case in cases).keys() == {"valid", "invalid"}
    assert [case for case in cases if judge.is_valid(case.input) != (case.label == "valid")] == []


def test_the_first_case_is_the_example():
    """The first example is the base: it comes first, and may be an object with an attribute `input`."""
    for example in (EXAMPLE, SimpleNamespace(input=EXAMPLE)):
        first = next(iter(generate_cases(ORDER, examples=[example])))
        assert (first.input, first.category, first.label, first.id) == (EXAMPLE, "example", "valid", "example[1]")


def test_an_example_of_an_error_is_no_base():
    """An example that expects an error is a case, and never what others are built on."""
    failing = SimpleNamespace(input={"sku": "ZZZ-0000", "count": 9}, expect=SimpleNamespace(error="unknown sku"))
    cases = list(generate_cases(ORDER, examples=[failing, EXAMPLE]))
    assert failing.input in [case.input for case in cases]
    assert {case.input["sku"] for case in cases if case.pointer == "/count" and case.category == "boundary"} == {
        "ABC-1234"
    }


def test_a_negative_changes_one_thing():
    """An invalid case about one parameter has all others as in the base."""
    for case in generate_cases(ORDER, examples=[EXAMPLE]):
        if case.label == "invalid" and case.pointer and case.category not in ("example", "combination"):
            name = case.pointer.split("/")[1].replace("~1", "/")
            others = {key: value for key, value in case.input.items() if key != name}
            assert others == {key: value for key, value in EXAMPLE.items() if key != name}, case


def test_ids_are_readable_and_selectable():
    """An id is `category[pointer:detail]`, short, without what pytest or a shell cannot take."""
    cases = list(generate_cases(ORDER, examples=[EXAMPLE], limit=5000))
    ids = [case.id for case in cases]
    assert "boundary[count:251]" in ids
    assert len(set(ids)) == len(ids)
    for case in cases:
        assert re.fullmatch(rf"{case.category}\[[^\[\]]*\]", case.id), case.id
        assert case.id.isascii()
        assert case.id.isprintable()
        assert "::" not in case.id
        assert "=" not in case.id
        assert len(case.id) < 130


def test_ids_survive_hostile_names():
    """Names and values with separators, control characters or great length make clean ids."""
    schema = {"type": "object", "properties": {"a::b=c\n[x]": {"enum": ["x" * 500, "y::z", "=\t", "é"]}}}
    for case in generate_cases(schema):
        assert "::" not in case.id
        assert "=" not in case.id
        assert case.id.isprintable()
        assert len(case.id) < 130


def test_same_cases_in_every_process():
    """The hash seed of the process changes nothing."""
    code = (
        "import json, sys; from pytest_toolcheck import generate_cases;"
        "print(json.dumps([[c.id, c.input, c.label] for c in generate_cases(json.loads(sys.argv[1]))]))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code, json.dumps(ORDER)],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert outputs[0] == outputs[1]
    assert json.loads(outputs[0]) == [[c.id, c.input, c.label] for c in generate_cases(ORDER)]


def test_the_seed_varies_only_combinations():
    """Another seed gives other rows of `combination`; all that is made otherwise is there with every seed."""
    one, two = (list(generate_cases(ORDER, seed=seed, limit=5000)) for seed in (1, 2))
    inputs = {json.dumps(case.input, sort_keys=True) for case in two}
    assert all(json.dumps(c.input, sort_keys=True) in inputs for c in one if c.category != "combination")
    assert [c for c in one if c.category == "combination"] != [c for c in two if c.category == "combination"]


@pytest.mark.parametrize("limit", [0, 1, 7, 100])
def test_the_limit_is_kept(limit):
    """Never more cases than the limit; exactly so many where there are more."""
    assert len(list(generate_cases(ORDER, limit=limit))) == limit


def test_a_small_limit_starves_no_category_and_no_parameter():
    """Categories and parameters take turns: the first sixty cases have all categories."""
    first = list(generate_cases(ORDER, limit=60))
    assert {case.category for case in first} == set(CATEGORIES)
    assert {case.pointer.split("/")[1] for case in first if case.pointer} >= set(ORDER["properties"])


def test_sixty_parameters_stay_within_the_limit():
    """Cases grow linearly with parameters; with sixty each still gets several."""
    schema = {"type": "object", "properties": {f"p{n}": {"type": "integer", "minimum": 0} for n in range(60)}}
    cases = list(generate_cases(schema))
    assert len(cases) <= 1000
    per_parameter = Counter(case.pointer for case in cases)
    assert all(per_parameter[f"/p{n}"] >= 5 for n in range(60))
    sizes = [len(list(generate_cases(some(schema, n), limit=10**6))) for n in (5, 10, 20)]
    assert sizes[2] - sizes[1] <= 2.6 * (sizes[1] - sizes[0])


def some(schema: dict[str, Any], count: int) -> dict[str, Any]:
    return {**schema, "properties": dict(list(schema["properties"].items())[:count])}


def test_five_hundred_members_do_not_starve_others():
    """A long enum is tried in full where the limit allows, and leaves room for the rest."""
    members = [f"m{n}" for n in range(500)]
    schema = {
        "type": "object",
        "properties": {"e": {"enum": members}, "n": {"type": "integer", "maximum": 9}},
        "required": ["e"],
    }
    cases = list(generate_cases(schema))
    assert {
        case.input.get("e") for case in cases if isinstance(case.input, dict) and isinstance(case.input.get("e"), str)
    } >= set(members)
    few = list(generate_cases(schema, limit=100))
    assert any(case.id == "boundary[n:10]" for case in few)


def test_values_of_the_author_are_cases():
    """`values` are tried each, the invalid ones too, and labelled by the schema like any other case."""
    schema = {"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]}
    values = {"zone": {"valid": ["Europe/London"], "invalid": ["Mars/Base"]}}
    cases = list(generate_cases(schema, values=values))
    assert cases[0].input == {"zone": "Europe/London"}
    assert [c.label for c in cases if c.input == {"zone": "Mars/Base"}] == ["valid"]


def test_two_options_meet_in_combinations():
    """Every pair of partitions of two parameters occurs in one input."""
    schema = {"type": "object", "properties": {name: {"type": "boolean"} for name in "abcdef"}}
    rows = [case.input for case in by_category(schema, "combination")]
    absent = object()
    pairs = {(row.get("b", absent), row.get("e", absent)) for row in rows}
    assert len(pairs) == 9


SWITCH: dict[str, Any] = {"type": "boolean"}
DEFAULTED: dict[str, Any] = {"type": "boolean", "default": False}
CHOICE: dict[str, Any] = {"enum": ["a", "b", "c"]}
FEW: dict[str, tuple[dict[str, Any], str]] = {
    "three switches": (dict.fromkeys("abc", SWITCH), ""),
    "five switches": (dict.fromkeys("abcde", DEFAULTED), ""),
    "nine switches": (dict.fromkeys("abcdefghi", SWITCH), ""),
    "required": (dict.fromkeys("abcd", CHOICE), "abcd"),
    "beside a text": ({**dict.fromkeys("abc", SWITCH), "s": {"type": "string"}}, "abc"),
    "beside a number": ({**dict.fromkeys("abc", DEFAULTED), "n": {"type": "integer", "minimum": 1, "maximum": 9}}, "n"),
}


@pytest.mark.parametrize("name", FEW)
def test_triples_of_few_values_cost_no_more_than_all_triples(name: str) -> None:
    """By default three switches meet in every way, in no more rows than strength 3 takes."""
    properties, required = FEW[name]
    schema = {"type": "object", "properties": properties, "required": list(required)}
    rows = [case.input for case in by_category(schema, "combination")]
    assert len(rows) <= len(by_category(schema, "combination", strength=3))
    narrow = [key for key, part in properties.items() if "enum" in part or part["type"] == "boolean"]
    values = {key: properties[key].get("enum", [True, False]) for key in narrow}
    for keys in itertools.combinations(narrow, 3):
        met = {tuple(row.get(key) for key in keys) for row in rows}
        assert met >= set(itertools.product(*(values[key] for key in keys))), keys


def test_combinations_keep_the_schema():
    """A combination is always valid, also where options exclude each other, and no pair that can be is lost."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "boolean"}, "b": {"type": "boolean"}, "c": {"enum": ["x", "y"]}},
        "dependentRequired": {"a": ["b"]},
    }
    cases = by_category(schema, "combination")
    assert {case.label for case in cases} == {"valid"}
    inputs = [case.input for case in generate_cases(schema) if isinstance(case.input, dict)]
    pairs = {
        (given["a"], given["c"]) for given in inputs if given.keys() >= {"a", "b", "c"} and given["c"] in ("x", "y")
    }
    assert pairs >= {(a, c) for a in (True, False) for c in ("x", "y")}


@pytest.mark.parametrize("wrong", [lambda n: n * 100 % 1 != 0, lambda n: n % 0.01 != 0])
def test_multiples_that_programs_take_for_none_are_met(wrong: Callable[[float], bool]) -> None:
    """Of an amount in cents, some valid case falls victim to the remainder, and some to the product with 100."""
    schema = {"type": "object", "properties": {"sum": {"type": "number", "multipleOf": 0.01}}, "required": ["sum"]}
    valid = [case.input["sum"] for case in by_category(schema, "boundary") if case.label == "valid"]
    assert any(map(wrong, valid))


def test_the_last_of_several_items_is_wrong_in_every_way() -> None:
    """Each member of the last row alone breaks its bound, its type, its presence; the rows before it are good."""
    row: dict[str, Any] = {
        "type": "object",
        "properties": {"sku": {"type": "string", "minLength": 1}, "count": {"type": "integer", "minimum": 1}},
    }
    row["required"] = ["sku", "count"]
    schema = {"type": "object", "properties": {"rows": {"type": "array", "items": row}}, "required": ["rows"]}
    last = [
        c.input["rows"][-1] for c in generate_cases(schema) if c.label == "invalid" and c.pointer.startswith("/rows/2")
    ]
    assert any(isinstance(item, dict) and item.get("sku") == "" for item in last)
    assert any(isinstance(item, dict) and item.get("count") == 0 for item in last)
    assert any(isinstance(item, dict) and "sku" not in item for item in last)
    assert any(isinstance(item, dict) and "count" not in item for item in last)


def test_misuse_is_refused():
    """An unknown category and a negative limit are errors that name what is allowed."""
    with pytest.raises(ValueError, match="unknown category 'bounday'; expected some of: example, required"):
        list(generate_cases({}, categories=["bounday"]))
    with pytest.raises(ValueError, match="limit -1; expected 0 or more"):
        list(generate_cases({}, limit=-1))


@pytest.mark.parametrize(
    "schema", [{"type": "strin"}, {"properties": 3}, {"minimum": "a"}, {"$ref": "#/nowhere"}, {"required": [1]}]
)
def test_a_malformed_schema_is_no_exception(schema):
    """What is not a valid schema gets the cases that can be labelled, perhaps none."""
    assert isinstance(list(generate_cases(schema)), list)


@pytest.mark.parametrize(("schema", "label"), [(True, "valid"), (False, "invalid")])
def test_boolean_schemas(schema, label):
    """`true` accepts everything, `false` nothing."""
    assert {case.label for case in generate_cases(schema)} == {label}


@pytest.mark.parametrize("kind", ["string", "integer", "number", "boolean", "null", "array", "object"])
def test_roots_of_any_type(kind):
    """The root need not be an object."""
    assert {case.label for case in generate_cases({"type": kind})} == {"valid", "invalid"}


def test_the_draft_of_the_schema_decides():
    """In draft 7 `prefixItems` means nothing, in 2020-12 it does."""
    old = {"$schema": "http://json-schema.org/draft-07/schema#", "prefixItems": [{"type": "string"}], "type": "array"}
    new = {**old, "$schema": "https://json-schema.org/draft/2020-12/schema"}
    assert not any(isinstance(c.input, list) and c.label == "invalid" for c in generate_cases(old))
    assert any(isinstance(c.input, list) and c.label == "invalid" for c in generate_cases(new))


def test_arrays_hold_no_more_than_max_contains():
    """Where most items match `contains`, the others are made so that the count stays within `maxContains`."""
    items = {
        "items": {"enum": ["a", "b"]},
        "contains": {"const": "a"},
        "minContains": 2,
        "maxContains": 2,
        "minItems": 3,
    }
    cases = list(generate_cases({"type": "object", "properties": {"xs": items}, "required": ["xs"]}))
    assert {case.label for case in cases} == {"valid", "invalid"}


def test_a_bound_is_found_under_its_category():
    """Zero is an odd number and, beside `minimum: 1`, just outside a bound: `-k boundary` finds it with all categories on."""
    number = {"type": "integer", "minimum": 1, "maximum": 20}
    schema = {"type": "object", "properties": {"n": number, "m": number}, "required": ["n", "m"]}
    bounds = {case.id for case in generate_cases(schema, categories=["boundary"])}
    assert "boundary[n:0]" in bounds
    assert bounds - {case.id for case in generate_cases(schema)} == {"boundary[n:1]"}  # the base itself


@pytest.mark.parametrize(
    "branches",
    [
        {"oneOf": [{"required": ["kind", "r"], "properties": {"kind": {"const": "c"}, "r": {"type": "integer"}}, "additionalProperties": False},
                   {"required": ["kind", "w"], "properties": {"kind": {"const": "s"}, "w": {"type": "integer"}}, "additionalProperties": False}]},
        {"properties": {"kind": {"enum": ["c", "s"]}, "w": {"type": "integer"}}, "required": ["kind"], "additionalProperties": False,
         "if": {"properties": {"kind": {"const": "c"}}}, "then": {"properties": {"w": False}}},
    ],
    ids=["closed branches", "forbidden in a branch"],
)  # fmt: skip
def test_what_one_branch_knows_and_another_forbids_is_sent(branches):
    """A tool that looks at the names of all branches together takes what one of them forbids."""
    cases = generate_cases({"type": "object", **branches}, limit=40)
    sent = [case.input for case in cases if isinstance(case.input, dict) and case.label == "invalid"]
    assert any(given.get("kind") == "c" and type(given.get("w")) is int for given in sent)
