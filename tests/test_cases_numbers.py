"""Bounds and multiples at the edges of what floats hold: a number where there is one, and no contradiction told of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import Any

import jsonschema
import pytest

from pytest_toolcheck.cases import generate_cases, satisfiability

SATISFIABLE: list[dict[str, Any]] = [
    {"type": "number", "minimum": -16.1, "exclusiveMaximum": -11.1, "multipleOf": 1},
    {"type": "integer", "exclusiveMaximum": -1, "multipleOf": 0.01},
    {"type": "integer", "minimum": 10**30, "maximum": 10**30 + 10, "multipleOf": 7},
    {"type": "integer", "minimum": 2**60, "maximum": 2**60 + 10, "multipleOf": 7},
    {"type": "number", "exclusiveMinimum": 2**53, "exclusiveMaximum": 2**53 + 2},
    {"type": "number", "maximum": -1e308, "multipleOf": 3},
    {"type": "integer", "minimum": 1e308, "multipleOf": 7},
    {"type": "integer", "exclusiveMinimum": 1e20, "multipleOf": 0.1},
    {"type": "integer", "minimum": 1.7976931348623157e308, "maximum": 1.7976931348623157e308},
    {"type": "number", "minimum": 5e-324, "maximum": 1e-323},
    {"type": "integer", "minimum": -(10**400), "maximum": -(10**400) + 1},
    {"type": "number", "multipleOf": 5e-324},
    {"type": "number", "exclusiveMaximum": 10**400, "multipleOf": 0.3},
    {"type": "integer", "multipleOf": 2.5, "minimum": 1, "maximum": 5},
]
EMPTY: list[tuple[dict[str, Any], str]] = [
    ({"type": "integer", "multipleOf": 2.5, "minimum": 1, "maximum": 4}, "no multiple of 2.5 lies within the bounds 1 and 4"),
    ({"type": "integer", "minimum": 0.5, "maximum": 0.9}, "no integer lies within the bounds 0.5 and 0.9"),
    (
        {"type": "number", "exclusiveMinimum": 19.98, "maximum": 19.99, "multipleOf": 0.01},
        "19.99 and any other multiple of 0.01 within the bounds 19.98 and 19.99 is none in binary fractions",
    ),
]  # fmt: skip


@pytest.mark.parametrize("schema", SATISFIABLE, ids=lambda schema: str(SATISFIABLE.index(schema)))
def test_a_number_is_found_where_there_is_one(schema):
    """Whatever the bounds, and however far from nought."""
    assert [case.input for case in generate_cases(schema) if case.label == "valid"]
    assert satisfiability(schema) == []


@pytest.mark.parametrize(("schema", "said"), EMPTY)
def test_what_leaves_no_number_is_told(schema, said):
    """With the numbers; a multiple that only binary fractions do not know as one is not told not to be there."""
    assert not any(case.label == "valid" for case in generate_cases(schema))
    assert [item.message for item in satisfiability(schema)] == [said]


BOUNDS: tuple[float, ...] = (
    *(-20, -7, -1, 0, 1, 3, 20, 0.0, -0.0, 0.1, 0.2, 0.3, 0.30000000000000004, 19.99, 1.1, -11.1, 2.5),
    *(2**53, 2**53 + 1, -(2**53), 2**63, 10**30, -(10**30), 10**18 + 1, 10**400, -(10**309)),
    *(1e16, 1e20, 1e30, 1e308, -1e308, 1.7976931348623157e308, 5e-324, 1e-300, -1e-10, 4503599627370497.5),
)
STEPS = (1, 2, 3, 7, 10, 0.5, 0.1, 0.01, 0.3, 1.5, 2.5, 0.075, 1e-7, 1e10, 10**20, 0.001, 5e-324, 1e308)


def drawn(random: Random) -> dict[str, Any]:
    low, schema = random.choice(BOUNDS), {"type": random.choice(["integer", "number"])}
    schema[random.choice(["minimum", "exclusiveMinimum"])] = low
    if random.random() < 0.8:
        near = low + random.choice([0, 1, 2, 0.1, 0.01, 7, 5]) if abs(low) < 1e300 else low
        schema[random.choice(["maximum", "exclusiveMaximum"])] = (
            near if random.random() < 0.6 else random.choice(BOUNDS)
        )
    if random.random() < 0.7:
        schema["multipleOf"] = random.choice(STEPS)
    return schema


def multiples_near(schema: dict[str, Any]) -> Iterator[float]:
    """Yield the multiples next to the bounds that the schema accepts: found without the generator."""
    judge, step = jsonschema.Draft202012Validator(schema), Fraction(str(schema.get("multipleOf", 1)))
    bounds = [Fraction(schema[word]) for word in ("minimum", "exclusiveMinimum", "maximum") if word in schema]
    whole = Fraction(step.numerator)
    for bound, unit, by in itertools.product(bounds, (step, whole), range(-2, 4)):
        value = (math.floor(bound / unit) + by) * unit
        try:
            made = int(value) if value.denominator == 1 else float(value)
            if Fraction(str(made)) % step == 0 and abs(made) < 1e308 and judge.is_valid(made):
                yield made
        except OverflowError:  # beyond what floats hold `jsonschema` cannot tell
            continue


@pytest.mark.parametrize("seed", range(4))
def test_random_bounds_and_multiples(seed):
    """No error, each label as `jsonschema` says, a valid case and no contradiction where a multiple lies at a bound."""
    random = Random(seed)
    for schema in (drawn(random) for _ in range(100)):
        judge, cases = jsonschema.Draft202012Validator(schema), list(generate_cases(schema, limit=150))
        for case in cases:
            try:
                assert judge.is_valid(case.input) == (case.label == "valid"), (schema, case)
            except OverflowError:
                continue
        witness = next(multiples_near(schema), None)
        if witness is not None:
            assert any(case.label == "valid" for case in cases), (schema, witness)
            assert satisfiability(schema) == [], (schema, witness)
