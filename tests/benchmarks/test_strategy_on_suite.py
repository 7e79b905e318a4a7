"""`from_schema` on the whole official suite: minutes, so it is run by its path: pytest tests/benchmarks/test_strategy_on_suite.py"""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from pytest_toolcheck.cases.strategy import from_schema

from ..test_cases_suite import DRAFTS, FILES, SUITE, existing, groups, remotes

DRAWN = 25
PARTS = 8
NOT_SERVED: set[tuple[str, str]] = set()
"""Names of the suite's schemas with a label for which the suite has an instance, and `from_schema` finds none."""


@pytest.mark.skipif(not FILES, reason="the official JSON-Schema-Test-Suite is not beside the project")
@pytest.mark.parametrize("part", range(PARTS))
def test_the_official_suite_gets_right_labels(part: int) -> None:
    """Of each schema, the optional ones included: no wrong label, no health check fails, values where the suite has some."""
    unserved = []
    for path in FILES[part::PARTS]:
        draft = path.relative_to(SUITE / "tests").parts[0]
        for name, group in groups(path):
            unserved += _unserved(name, group, _named(group["schema"], DRAFTS[draft]))
    assert [each for each in unserved if each not in NOT_SERVED] == []


def _named(schema: Any, draft: Any) -> Any:
    """Return the schema with its draft, which `from_schema` takes from nowhere else."""
    if isinstance(schema, dict) and draft is jsonschema.Draft7Validator:
        return {"$schema": draft.META_SCHEMA["$schema"], **schema}
    return schema


def _unserved(name: str, group: dict[str, Any], schema: Any) -> list[tuple[str, str]]:
    cls = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    judge = cls(schema, registry=remotes(), format_checker=cls.FORMAT_CHECKER)
    unserved = []
    for label in existing(judge, group["tests"]):
        strategy = from_schema(schema, label=label, registry=remotes())
        if strategy.is_empty:
            unserved.append((name, label))
        else:
            _draw(strategy, judge, label, name)
    return unserved


def _draw(strategy: Any, judge: Any, label: str, name: str) -> None:
    @settings(  # how fast values come depends on the machine; how many are thrown away does not
        max_examples=DRAWN, deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(strategy)
    def draw(value: Any) -> None:
        assert judge.is_valid(value) == (label == "valid"), (name, label, value)

    draw()
