"""`from_schema` on the whole official suite: minutes, so it is run by its path: pytest tests/benchmarks/test_strategy_on_suite.py"""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import find, settings
from hypothesis.errors import NoSuchExample
from referencing.jsonschema import DRAFT7, DRAFT202012

from pytest_toolcheck.cases.strategy import from_schema

from ..test_cases_fuzz import QUIET, SUITE, remotes


@pytest.mark.skipif(not SUITE.exists(), reason="the official JSON-Schema-Test-Suite is not beside the project")
@pytest.mark.parametrize(("draft", "specification"), [("draft2020-12", DRAFT202012), ("draft7", DRAFT7)])
@pytest.mark.parametrize("part", range(4))
def test_the_official_suite_gets_right_labels(draft, specification, part):
    """For a quarter of the official suite's schemas each: no wrong label, and a value where the suite has one."""
    registry = remotes(specification)
    unserved = []
    for path in sorted((SUITE / "tests" / draft).glob("*.json"))[part::4]:
        for group in json.loads(path.read_text(encoding="utf-8")):
            schema = group["schema"]
            if draft == "draft7" and isinstance(schema, dict) and "$ref" not in schema:
                schema = {"$schema": "http://json-schema.org/draft-07/schema#", **schema}
            unserved += _unserved(path.stem, group, schema, registry)
    assert [name for name in unserved if name not in NOT_SERVED] == []


NOT_SERVED: set[tuple[str, str, str]] = set()


def _unserved(stem, group, schema, registry):
    cls = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    validator = cls(schema, registry=registry, format_checker=cls.FORMAT_CHECKER)
    for label in ("valid", "invalid"):
        strategy = from_schema(schema, label=label, registry=registry)
        if strategy.is_empty:
            if any(validator.is_valid(test["data"]) == (label == "valid") for test in group["tests"]):
                yield stem, group["description"], label
            continue
        try:
            value = find(strategy, lambda _: True, settings=settings(QUIET, max_examples=5))
        except NoSuchExample:
            yield stem, group["description"], label
            continue
        assert validator.is_valid(value) == (label == "valid"), (stem, group["description"], label, value)
