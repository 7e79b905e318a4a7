"""Random schemas out of all keywords: no error, few steps, labels as `jsonschema` says, values where there are any."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import jsonschema
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from jsonschema_specifications import REGISTRY

from pytest_toolcheck.cases import generate_cases, satisfiability
from pytest_toolcheck.cases.schema import Document
from pytest_toolcheck.cases.strategy import from_schema

from .function_calls import function_calls
from .random_schemas import NAMES, VALUES, random_schema

LIMIT, MOST_CALLS = 60, 4_000_000
QUIET = settings(
    max_examples=8, database=None, deadline=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
JUDGE = jsonschema.Draft202012Validator


def random_value(random: Random, depth: int = 2) -> Any:
    if depth == 0 or random.random() < 0.5:
        return json.loads(json.dumps(random.choice((*VALUES, "ab", "abc", "bar", "123-45", 3, 7, 0.1, 5, 50))))
    if random.random() < 0.5:
        return [random_value(random, depth - 1) for _ in range(random.randint(0, 3))]
    return {name: random_value(random, depth - 1) for name in random.sample(NAMES, random.randint(0, 4))}


def flaws_of(schema: dict[str, Any], number: int) -> Iterator[str]:
    """Yield what is wrong with what is made of a schema; `number` is the seed of the values found without the generator."""
    if Document(schema).is_endless:
        if not any("leads back" in item.message for item in satisfiability(schema)):
            yield "a loop that is not told"
        return
    cases: list[Any] = []
    calls = function_calls(lambda: cases.extend(generate_cases(schema, limit=LIMIT)))
    if calls > MOST_CALLS:
        yield f"{calls} function calls"
    judge, random = JUDGE(schema, registry=REGISTRY, format_checker=JUDGE.FORMAT_CHECKER), Random(number)
    pool = [(value, verdict(judge, value)) for value in (random_value(random) for _ in range(60))]
    yield from (f"wrong label of {c}" for c in cases if verdict(judge, c.input) not in (None, c.label))
    accepts = Document(schema).accepts
    yield from (f"judged otherwise: {v}" for v, said in pool if said and said != ("valid" if accepts(v) else "invalid"))
    for label in ("valid", "invalid"):
        known = [value for value, said in pool if said == label]
        if known and not any(case.label == label for case in (*cases, *generate_cases(schema))):
            yield f"no {label} case, though {known[0]!r} is one"
    contradictions = [item for item in satisfiability(schema) if not item.pointer]
    if contradictions and (known := [value for value, said in pool if said == "valid"]):
        yield f"{contradictions[0]}, though {known[0]!r} is valid"


def wrong_samples(schema: dict[str, Any]) -> list[Any]:
    """Return what `from_schema` draws as valid or invalid and `jsonschema` says is the other."""
    judge = JUDGE(schema, registry=REGISTRY, format_checker=JUDGE.FORMAT_CHECKER)
    drawn = {label: from_schema(schema, label=label) for label in ("valid", "invalid")}
    wrong: list[Any] = []

    @QUIET
    @given(st.one_of([values.map(lambda v, label=label: (label, v)) for label, values in drawn.items()]))
    def look(labelled: tuple[str, Any]) -> None:
        label, value = labelled
        if verdict(judge, value) not in (None, label):
            wrong.append(value)

    if not all(values.is_empty for values in drawn.values()):
        look()
    return wrong


def verdict(judge: Any, value: Any) -> str | None:
    """Return the label that `jsonschema` gives; None where it fails: at a reference to nothing, or too far inside."""
    try:
        return "valid" if judge.is_valid(value) else "invalid"
    except Exception:
        return None


@seed(1)
@settings(max_examples=60, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=True))
def test_whatever_the_schema(random: Random) -> None:
    """What is said of a schema is true of it, and takes few steps."""
    schema = random_schema(random)
    assert [*flaws_of(schema, 0)] == [], json.dumps(schema)


def test_samples_of_random_schemas() -> None:
    """What `from_schema` draws has the label that was asked for."""
    for number in range(15):
        schema = random_schema(Random(number))
        if not Document(schema).is_endless:
            assert wrong_samples(schema) == [], schema
