"""Values that must fit each other: maps keyed by a text beside them, texts longer than the number that cuts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_toolcheck.cases.model import Case
from pytest_toolcheck.cases.plan import generate_cases
from pytest_toolcheck.cases.texts import AWKWARD, UNUSUAL
from pytest_toolcheck.checks import OUTCOME_CHECKS, Evidence
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import CallError, Outcome


def valid_inputs(required: list[str], /, **properties: Any) -> list[dict[str, Any]]:
    schema = {"type": "object", "properties": properties, "required": required}
    return [
        case.input
        for case in generate_cases(schema, categories=["combination", "unicode", "boundary"])
        if case.label == "valid"
    ]


MAP_OF_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
PATH = {"type": "string", "pattern": r"^[a-z]{1,8}(\.[a-z]{1,8}){0,3}$"}


def leads_through_a_number(value: dict[str, Any]) -> bool:
    """A path of two names at least, the first of which is there and holds no object."""
    first, _, rest = value["path"].partition(".")
    return bool(rest) and isinstance(value["document"].get(first), int)


@pytest.mark.parametrize(
    ("properties", "shows"),
    [
        ({"parents": MAP_OF_TEXTS, "of": {"type": "string"}}, lambda v: v["parents"].get(v["of"]) == v["of"]),
        (
            {"parents": MAP_OF_TEXTS, "of": {"type": "string"}},
            lambda v: v["parents"].get(v["parents"].get(v["of"])) == v["of"] != v["parents"].get(v["of"]),
        ),
        ({"document": {"type": "object"}, "path": PATH}, leads_through_a_number),
        (
            {"body": {"type": "string"}, "limit": {"type": "integer", "minimum": 1, "maximum": 200}},
            lambda v: v["limit"] == 200 < len(v["body"]),
        ),
        (
            {"body": {"type": "string"}, "limit": {"type": "integer", "minimum": 1, "maximum": 200}},
            lambda v: v["limit"] == 1 and len(v["body"]) > 200,
        ),
        (
            {"body": {"type": "string"}, "most": {"type": "integer", "minimum": 0, "maximum": 400}},
            lambda v: 0 < v["most"] < 4 and len(v["body"][:1].encode("utf-8", "replace")) == 4,
        ),
        (
            {"bytes": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 255}}},
            lambda v: sum(v["bytes"]) == 256,
        ),
        (
            {"path": {"type": "string", "maxLength": 20}},
            lambda v: v["path"].endswith("x/"),
        ),
        ({"template": {"type": "string", "maxLength": 20}}, lambda v: "$HOME" in v["template"]),
        ({"term": {"type": "string", "maxLength": 20}}, lambda v: "\\1" in v["term"] and "\\q" in v["term"]),
    ],
    ids=[
        "a circle of one",
        "a circle of two",
        "a path through a number",
        "cut at the most",
        "cut at the least",
        "cut in a character",
        "a sum of one more",
        "slashes",
        "dollar",
        "escapes",
    ],
)
def test_what_a_bug_needs_side_by_side_is_sent_side_by_side(
    properties: dict[str, Any], shows: Callable[[dict[str, Any]], bool]
) -> None:
    """Neither value alone shows a lookup that fails, a walk that never ends, a text that is cut too late."""
    assert any(map(shows, valid_inputs(list(properties), **properties)))


def test_no_odd_text_looks_like_a_path_of_the_machine_when_a_refusal_repeats_it() -> None:
    """A tool that says which id it does not know gives nothing away."""
    schema = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    for _, text in (*AWKWARD, *UNUSUAL):
        said = CallError("ValueError", f"unknown id {text}")
        case = Case("id", {"id": text}, "valid", "unicode", "/id", "odd")
        evidence = Evidence(
            tool=ToolSpec(name="tool", input=schema), case=case, outcome=Outcome("refused", 1, error=said)
        )
        assert OUTCOME_CHECKS["clean_error"](evidence) is None, text
