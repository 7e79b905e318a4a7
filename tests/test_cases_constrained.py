"""All combinations that a schema's constraints leave possible are sent: counted against every input that there is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import jsonschema
import pytest

from pytest_toolcheck.cases import generate_cases

LEFT_OUT = "-"
Domains = dict[str, list[Any]]


def rule(random: Random, domains: Domains, required: list[str]) -> dict[str, Any]:
    """Return a constraint on two parameters: one asks for the other, for a value of it, or forbids it."""
    one, other = random.sample([*domains], 2)
    condition = {"properties": {one: {"const": domains[one][0]}}, "required": [one]}
    both = {"properties": {one: {"const": domains[one][-1]}, other: {"const": domains[other][-1]}}, "required": [one, other]}  # fmt: skip
    rules: list[dict[str, Any]] = [
        {"if": condition, "then": {"properties": {other: {"enum": domains[other][:1]}}, "required": [other]}},
        {"not": both},
        {"dependentRequired": {one: [other]}},
        {"if": condition, "then": {} if other in required else {"properties": {other: False}}},
    ]
    return random.choice(rules)


def constrained(seed: int) -> tuple[dict[str, Any], Domains]:
    """Return a schema of three to six parameters of few values, with up to four constraints, and the values."""
    random = Random(seed)
    names = [f"p{number}" for number in range(random.randint(3, 6))]
    lists = {name: [f"{name}{at}" for at in range(random.randint(2, 4))] for name in names}
    domains: Domains = {name: lists[name] if random.random() < 0.7 else [False, True] for name in names}
    required = [name for name in names if random.random() < 0.6]
    parts = {name: {"type": "boolean"} if False in values else {"enum": values} for name, values in domains.items()}
    rules = [rule(random, domains, required) for _ in range(random.randint(1, 4))]
    schema = {"type": "object", "properties": parts, "required": required, "additionalProperties": False, "allOf": rules}  # fmt: skip
    return schema, {name: [*values, *([] if name in required else [LEFT_OUT])] for name, values in domains.items()}


def all_inputs(schema: Mapping[str, Any], domains: Domains) -> Iterator[dict[str, Any]]:
    validator = jsonschema.Draft202012Validator(schema)
    for row in itertools.product(*domains.values()):
        value = {name: item for name, item in zip(domains, row, strict=True) if item != LEFT_OUT}
        if validator.is_valid(value):
            yield value


def combined(value: Mapping[str, Any], domains: Domains, strength: int) -> Iterator[tuple[Any, ...]]:
    return itertools.combinations([(name, str(value.get(name, LEFT_OUT))) for name in domains], strength)


@pytest.mark.parametrize("strength", [2, 3])
@pytest.mark.parametrize("seed", [3, 5, 8, 9, 13, 16, 23, 31])
def test_every_possible_combination_is_sent(seed: int, strength: int) -> None:
    """All pairs, or triples, that some valid input holds stand in a valid case, "left out" among them."""
    schema, domains = constrained(seed)
    possible = {key for value in all_inputs(schema, domains) for key in combined(value, domains, strength)}
    valid = [case.input for case in generate_cases(schema, strength=strength) if case.label == "valid"]
    assert possible <= {key for value in valid for key in combined(value, domains, strength)}


ONE_OF_TWO: dict[str, Any] = {
    "type": "object",
    "properties": {
        "p0": {"type": ["null", "boolean"]}, "p1": {"enum": ["x", "y", "z", None]}, "p2": {"type": "boolean"},
        "p3": {"type": "boolean"}, "p4": {"enum": [1, 2, 3]}, "p5": {"enum": ["x", "y", "z", None]},
    },
    "required": ["p0", "p1", "p4"],
    "oneOf": [{"required": ["p4"]}, {"required": ["p3"]}],
    "maxProperties": 4,
}  # fmt: skip


def test_triples_that_are_hard_to_have_are_sent() -> None:
    """Where a count of members and a choice of one refuse most rows, three values that may stand together all do."""
    valid = [case.input for case in generate_cases(ONE_OF_TWO, strength=3) if case.label == "valid"]
    given = [(name, value) for value in valid for name in ("p2", "p5") if name in value]
    sent = {(name, value["p0"], value["p1"], value[name]) for name, value in given}
    others = [*(("p2", one) for one in (True, False)), *(("p5", one) for one in ("x", "y", "z", None))]
    wanted = itertools.product(others, (None, True, False), ("x", "y", "z", None))
    assert {(name, first, second, one) for (name, one), first, second in wanted} <= sent
