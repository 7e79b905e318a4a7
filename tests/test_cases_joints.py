"""Schemas that all hold for one value, laid flat: the same answers as `jsonschema`, with fewer questions."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from pytest_toolcheck.cases import generate_cases
from pytest_toolcheck.cases.elementary import MOST_STEPS, Steps, TooManyStepsError
from pytest_toolcheck.cases.joints import Joints
from pytest_toolcheck.cases.labels import Validity
from pytest_toolcheck.cases.schema import Document

from .function_calls import function_calls

NOWHERE = {"$ref": "#/nowhere"}
INTEGER = {"type": "integer"}
SCHEMAS: dict[str, Any] = {
    "the same asked twice": {"allOf": [{"type": "object"}, {"type": "object", "properties": {"a": INTEGER}}]},
    "members of several": {
        "$defs": {"base": {"properties": {"a": INTEGER, "b": {"minLength": 2}}}},
        "allOf": [{"$ref": "#/$defs/base"}, {"properties": {"a": {"minimum": 3}, "c": False}}],
        "properties": {"a": {"maximum": 5}},
    },
    "itself inside": {
        "$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/node"}, "v": INTEGER}}},
        "allOf": [{"$ref": "#/$defs/node"}, {"properties": {"next": {"type": ["object", "null"]}}}],
    },
    "nothing behind a reference": {"allOf": [{"type": "integer"}, NOWHERE]},
    "nothing before": {"allOf": [NOWHERE, {"type": "integer"}]},
    "nothing behind a member": {"allOf": [{"properties": {"a": INTEGER}}, {"properties": {"b": NOWHERE}}]},
}
VALUES: list[Any] = [
    *(1, "x", None, {}, {"a": 1}, {"a": 4}, {"a": 9}, {"a": "x"}, {"a": 4, "b": "x"}, {"a": 4, "b": "xx"}, {"c": 1}),
    *({"a": "x", "b": 1}, {"next": {"v": 1}}, {"next": {"next": {"v": "x"}}}, {"next": None}, {"next": 1, "v": 1}),
]


def verdict(predicate: Any, value: Any) -> Any:
    try:
        return bool(predicate(value))
    except Exception:
        return "undecided"


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_answers_are_those_of_jsonschema(name: str) -> None:
    """Whether a value is accepted, refused, or nobody can say, as what is asked first already decides."""
    judge = jsonschema.Draft202012Validator(SCHEMAS[name])
    document = Document(SCHEMAS[name])
    for value in VALUES:
        assert verdict(document.accepts, value) == verdict(judge.is_valid, value), value


def test_each_question_is_asked_once() -> None:
    """Of parts within parts that share a question, and ask for the same member."""
    asked: list[str] = []

    def asks(name: str) -> Any:
        return lambda _: asked.append(name) or True

    joints, first, second, member = Joints(Steps()), asks("first"), asks("second"), asks("member")
    of_members = [joints.of_members({"a": member}, asks(f"members {number}")) for number in range(2)]
    inner = joints.listed([first, of_members[0]])
    reference = asks("reference")
    joints.stand_for(reference, lambda: joints.listed([first, of_members[1], second]))
    assert joints.joined([inner, reference, first])({"a": 1})
    assert asked == ["first", "member", "second"]


def test_a_member_that_passed_is_asked_again_where_it_may_have_changed():
    """Of the same object or list as before, changed in between, the label is that of what it holds now."""
    item = {"type": "object", "properties": {"n": {"type": "integer"}, "m": {"type": "string"}}}
    schema = {"type": "object", "properties": {"a": item, "b": {"items": {"type": "integer"}}, "c": {"const": "x"}}}
    validity, inner, row = Validity(schema), {"n": 1, "m": "text"}, [1]
    value = {"a": inner, "b": row, "c": "x"}
    assert validity.accepts(value)
    inner["n"] = "one"
    assert not validity.accepts(value)
    inner["n"] = 2
    row.append("two")
    assert not validity.accepts(value)
    row.pop()
    assert validity.accepts(value)
    assert not validity.accepts({**value, "c": "y"})
    assert validity.accepts(value)


def test_equal_members_of_other_types_are_asked_apart():
    """1, 1.0 and true are equal to Python; what passed for one says nothing of the others."""
    validity = Validity({"properties": {"a": {"type": "boolean"}, "b": {"const": "x"}}})
    assert [validity.accepts({"a": value, "b": "x"}) for value in (True, 1, 1.0, True)] == [True, False, False, True]


def test_members_of_what_is_no_object_are_asked_for_nothing():
    """Classes and members asked for at once, behind a reference: what is neither class nor object is refused."""
    kind = {"type": ["object", "boolean"], "properties": {"a": {"$ref": "#/$defs/kind"}}}
    validity = Validity({"$ref": "#/$defs/kind", "$defs": {"kind": {"allOf": [kind, {"properties": {"b": {}}}]}}})
    for value, label in ((True, True), ({}, True), ({"a": {"a": False}}, True), ([], False), (None, False)):
        assert validity.accepts(value) is label, value
    assert not validity.accepts({"a": {"a": 1}, "b": 2})
    assert not validity.accepts({"a": []})


def test_a_reference_to_nothing_is_told_only_when_it_is_asked():
    """As `jsonschema` does: where the member is missing, no one follows its reference."""
    document = Document({"properties": {"a": {"$ref": "#/$defs/none"}, "b": {}, "c": {"type": "string"}}})
    assert document.accepts({"b": 1, "c": "x"})
    with pytest.raises(Exception, match="none"):
        document.accepts({"a": 1})


def test_a_reference_to_nothing_is_looked_up_once():
    """Each look goes through the whole document, of which every value would ask again."""
    parts = {f"p{number}": {"type": "object", "properties": {"x": {"type": "integer"}}} for number in range(300)}
    schema = {"type": "object", "properties": {"a": {"anyOf": [{"type": "integer"}, {"$ref": "gone"}]}}, "$defs": parts}
    document = Document(schema)
    with pytest.raises(Exception, match="gone"):
        document.accepts({"a": "x"})

    def again() -> None:
        with pytest.raises(Exception, match="gone"):
            document.accepts({"a": "y"})

    assert function_calls(again) < 100
    assert document.accepts({"a": 1})


DOUBLING = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "patternProperties": {"^a": {"if": {"$ref": "#", "required": ["n"]}, "then": {"$ref": "#"}, "else": {"$ref": "#"}}},
}


def nested_in_itself(levels: int, value: Any) -> Any:
    for _ in range(levels):
        value = {"n": 1, "a": value}
    return value


def test_what_asks_twice_as_often_at_each_level_ends():
    """Such a value is judged as far as that takes few steps, else not at all; cases are made of what can be judged."""
    document = Document(DOUBLING)
    assert document.accepts(nested_in_itself(8, {}))
    assert not document.accepts(nested_in_itself(8, 1))
    with pytest.raises(TooManyStepsError, match="more than"):
        document.accepts(nested_in_itself(40, {}))
    assert document.accepts({"n": 2})
    assert document.steps((document.root,), nested_in_itself(40, {})) > MOST_STEPS
    calls = function_calls(lambda: [*generate_cases(DOUBLING)])
    assert calls < 100_000


def test_what_is_counted_twice_at_each_level_ends():
    """The same where each level is an array of which `contains` asks twice."""
    twice = {"contains": {"oneOf": [{"$ref": "#"}, {"allOf": [{"$ref": "#"}, {"maxItems": 0}]}]}}
    document, value = Document({"type": "array", **twice}), []
    for _ in range(40):
        value = [value]
    assert document.steps((document.root,), value) > MOST_STEPS


def test_how_deep_such_a_value_may_be_is_found_in_few_steps():
    """Values of which dozens are judged take a small part of the steps that one may take."""
    other = {"oneOf": [{"$ref": "#/$defs/d"}, {"type": "string"}, {"enum": ["1", True, 1]}], "$ref": "#/$defs/d"}
    inner = {"type": "array", "contains": {**other, "type": "boolean"}, "minContains": 0, "maxContains": 2}
    schema = {"type": "object", "properties": {"c": {"$ref": "#/$defs/d"}}, "$defs": {"d": inner}}
    assert function_calls(lambda: [*generate_cases(schema)]) < 400_000


def test_steps_may_be_counted_to_fewer():
    """No more of a value is looked at than that; the next one has all its steps again."""
    document, value = Document(DOUBLING), nested_in_itself(12, {})
    root = (document.root,)
    all_steps = document.steps(root, value)
    assert 1000 < all_steps < MOST_STEPS
    assert document.steps(root, value, most=1000) == 1001
    assert document.steps(root, value) == all_steps
    assert document.accepts(value)


def test_a_long_list_and_a_deep_value_are_judged():
    """Neither twenty thousand items nor sixty levels are too many steps where none is asked twice."""
    tree = Document({"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#"}}}})
    deep: dict[str, Any] = {}
    for _ in range(60):
        deep = {"kids": [deep]}
    assert tree.accepts(deep)
    assert tree.accepts({"kids": [{} for _ in range(20_000)]})
    assert not tree.accepts({"kids": [*({} for _ in range(20_000)), 1]})
