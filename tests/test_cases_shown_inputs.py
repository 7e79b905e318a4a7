"""Descriptions that show whole inputs, or list words of which several parameters take one: these are tried before all guesses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_toolcheck.cases.shown_inputs import rows_alike, shown_inputs
from pytest_toolcheck.proof import prove
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import CallError, Outcome


def texts(**descriptions: str) -> dict[str, Any]:
    properties = {name: {"type": "string", "description": text} for name, text in descriptions.items()}
    return {"type": "object", "properties": properties, "required": list(properties)}


CONVERT = texts(value="", source="", target="")
BASE = {"value": "text", "source": "text", "target": "text"}
RED = {"value": "#ff0000", "source": "hex", "target": "rgb"}


@pytest.mark.parametrize(
    "text",
    [
        "Examples:\n  value='#ff0000' source='hex' target='rgb' -> 'rgb(255, 0, 0)'",
        "Call it so: convert(value='#ff0000', source='hex', target='rgb')",
        'Takes {"value": "#ff0000", "source": "hex", "target": "rgb"} and the like',
        "- `value`: '#ff0000', `source`: 'hex', `target`: 'rgb'",
    ],
)
def test_a_line_that_assigns_to_several_parameters_is_an_input(text: str) -> None:
    assert shown_inputs(CONVERT, text, BASE) == [RED]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "value='#ff0000' alone says nothing of the others",
        "my_value='a' other.source='b'",
        "value = input, source = file",
        "",
    ],
)
def test_what_assigns_to_fewer_is_none(text: str | None) -> None:
    assert shown_inputs(CONVERT, text, BASE) == []


def test_numbers_and_switches_are_read_as_what_the_parameter_takes() -> None:
    properties = {
        "n": {"type": "integer"},
        "loud": {"type": "boolean"},
        "code": {"type": "string"},
        "of": {"type": "array"},
    }
    schema = {"type": "object", "properties": properties}
    text = "say(n=3, loud=True, code=42, of=['a', 'b'])\nsay(n=2.5, loud=False)"
    assert shown_inputs(schema, text, {}) == [{"n": 3, "loud": True, "code": "42", "of": ["a", "b"]}]


def test_a_word_that_one_description_lists_may_be_meant_for_all() -> None:
    schema = texts(one="First band (digit 1): Black, Brown, Red, Orange", two="same colors as the first", three="3rd")
    base = {"one": "1", "two": "2", "three": "4"}
    rows = rows_alike(schema, base)
    assert rows[:2] == [dict.fromkeys(base, "Black"), dict.fromkeys(base, "Brown")]
    assert rows_alike(texts(one="Steps: first, then more", two=""), {"one": "a", "two": "b"}) == []
    assert rows_alike(texts(one="Colors: Red, Blue, Green"), {"one": "a"}) == []


def test_a_base_is_proven_by_what_the_description_shows() -> None:
    """Three texts that must all be right at once: no guess finds them; an error that is reported as a result is no proof."""

    def call(sent: Mapping[str, Any]) -> Outcome:
        said = {"error": f"cannot convert {sent['value']}", "source": sent["source"]} if dict(sent) != RED else "rgb"
        return Outcome("accepted", 1, value=said, raw={"isError": False, "content": [], "structuredContent": said})

    about = "Convert.\n\n  value='#ff0000' source='hex' target='rgb'"
    tool = ToolSpec("convert", input=CONVERT)
    proof = prove(tool, call, about=about)
    assert proof.base == RED
    assert len(proof.tried) == 2
    unproven = prove(tool, call)
    assert unproven.base is None
    assert "was answered by the report of an error" in unproven.explanation


def test_an_explanation_tells_the_first_refusal_too_where_it_is_another() -> None:
    """The last of many inputs is the oddest, and what is said of it hides why the plain one was refused."""

    def call(sent: Mapping[str, Any]) -> Outcome:
        said = "no connection" if len(tried) < 1 else f"odd value {sent['value']!r}"
        tried.append(sent)
        return Outcome("refused", 1, error=CallError("ToolError", said))

    tried: list[Mapping[str, Any]] = []
    told = prove(ToolSpec("convert", input=CONVERT), call).explanation
    assert "inputs tried, the last {" in told
    assert "; the first {" in told
    assert told.endswith("was refused: ToolError: no connection")
    tried.append({})
    assert "; the first" not in prove(ToolSpec("convert", input=CONVERT), call).explanation
