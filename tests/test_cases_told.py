"""What only a description tells is tried: values, the ends of ranges and what lies beside them, also together with others."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_toolcheck import generate_cases


def schema(required: tuple[str, ...], **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


HOUR = {"type": "integer", "description": "the hour, 0 to 23"}
SORT = {"type": "string", "description": "one of 'name', 'size' or 'date'"}
ZONE = {"type": "string", "description": "an IANA name, e.g. 'Asia/Tokyo'"}
COLUMNS = {"type": "array", "items": {"type": "string"}, "description": "some of 'id' and 'name'"}
FLAG = {"type": "boolean"}


def inputs(required: tuple[str, ...], **properties: dict[str, Any]) -> list[dict[str, Any]]:
    return [case.input for case in generate_cases(schema(required, **properties)) if case.label == "valid"]


@pytest.mark.parametrize("hour", [0, 23, -1, 24])
def test_the_ends_of_a_range_and_what_lies_beside_them(hour: int) -> None:
    """`0 to 23` makes 0 and 23, and the first two hours that are none; the schema accepts all of them."""
    assert {"hour": hour} in inputs(("hour",), hour=HOUR)


@pytest.mark.parametrize("sort", ["name", "size", "date"])
def test_each_value_that_is_named(sort: str) -> None:
    """Every word that the description of a text offers is tried with the base."""
    assert {"sort": sort} in inputs(("sort",), sort=SORT)


@pytest.mark.parametrize("text", ["x1, x2 or x3", "x1, x2, or x3; e.g. x1", "either x1, x2 or x3 (the last is new)"])
@pytest.mark.parametrize("sku", ["x1", "x2", "x3"])
def test_a_description_that_begins_with_a_list(text: str, sku: str) -> None:
    """Values without quotes and without a word before them are values all the same."""
    assert {"sku": sku} in inputs(("sku",), sku={"type": "string", "description": text})


def test_a_sentence_with_an_or_is_no_list() -> None:
    """The first words of a sentence are no values."""
    made = inputs(("user",), user={"type": "string", "description": "name or address of a user"})
    assert not {"name", "address"} & {value["user"] for value in made}


@pytest.mark.parametrize("column", ["id", "name"])
def test_items_that_are_named(column: str) -> None:
    """What the description of an array offers is tried as its item."""
    assert {"columns": [column]} in inputs(("columns",), columns=COLUMNS)


@pytest.mark.parametrize("sort", ["name", "size", "date"])
@pytest.mark.parametrize("descending", [True, False])
def test_named_values_are_combined(sort: str, descending: bool) -> None:
    """A named value meets every value of another parameter."""
    made = inputs(("sort", "descending"), sort=SORT, descending=FLAG)
    assert {"sort": sort, "descending": descending} in made


def test_named_numbers_are_combined() -> None:
    """The end of a range that is told meets every value of another parameter."""
    made = inputs(("hour", "sort"), hour=HOUR, sort=SORT)
    assert {(23, "name"), (23, "size"), (23, "date")} <= {(value["hour"], value["sort"]) for value in made}


def test_corners_stand_on_known_texts() -> None:
    """Where all else is at its ends, a free text keeps the value that is told for it: the tool may refuse any other."""
    flags = dict.fromkeys(("a", "b", "c"), FLAG)
    seats = {"type": "integer", "minimum": 1, "maximum": 500}
    made = inputs(("zone", "seats", *flags), zone=ZONE, seats=seats, **flags)
    assert {"zone": "Asia/Tokyo", "seats": 500, "a": True, "b": True, "c": True} in made
    assert {"zone": "Asia/Tokyo", "seats": 1, "a": False, "b": False, "c": False} in made


def test_the_tool_s_own_words_are_meant_for_who_has_none() -> None:
    """What the tool's description names is tried for parameters without words of their own, and for no other."""
    made = [
        case.input
        for case in generate_cases(
            schema(("n", "kind", "hour"), n={"type": "integer"}, kind={"type": "string"}, hour=HOUR),
            about="Book 'single' or 'double' rooms for 1 to 9 nights.",
        )
    ]
    first = made[0]
    wanted = [{**first, "n": n} for n in (1, 9, 10)] + [{**first, "kind": kind} for kind in ("single", "double")]
    assert all(value in made for value in wanted)
    assert {**first, "hour": 9} not in made


def test_a_list_behind_its_own_name() -> None:
    """`Moods: calm, happy or sad` offers three words."""
    made = [
        case.input
        for case in generate_cases(
            schema(("mood",), mood={"type": "string"}), about="Speak. Moods: calm, happy or sad."
        )
    ]
    assert all({"mood": mood} in made for mood in ("calm", "happy", "sad"))


def test_what_the_schema_refuses_is_not_tried() -> None:
    """A number that is told beyond the schema's bounds, or a word that is no member, makes no valid case."""
    hour = {**HOUR, "maximum": 12}
    kind = {"enum": ["x", "y"], "description": "'z' is gone"}
    assert all(value["hour"] <= 12 for value in inputs(("hour",), hour=hour))
    assert all(value["kind"] in ("x", "y") for value in inputs(("kind",), kind=kind))


@pytest.mark.parametrize(
    ("about", "near"),
    [
        (
            {"description": "Pages to print, as ranges such as '1-5' or '2,4'."},
            {"5-1", "1-1", "0-5", "1-1000", "1-", "-5", "1--5", "1 - 5", "1-5-", "1-5-5", "2,", ",4", "2,,4", "2,4,"},
        ),
        ({"examples": ["1-5"]}, {"5-1", "1-1", "1-", "-5", "1-5-"}),
        ({"description": "How long, in the form '1h30m'."}, {"0h30m", "1h30", "30m1h", "h30m", "1H30M", "1h30m1h30m"}),
        ({"description": "A sum, such as '8/2-1'."}, {"0/2-1", "8/0-1", "8/2-0"}),
    ],
    ids=["ranges", "an example", "a duration", "each number nought"],
)
def test_texts_nearly_of_the_form_that_is_shown_are_tried(about: dict[str, Any], near: set[str]) -> None:
    """Of a free text whose form only words or examples tell: parts exchanged, equal, left out, doubled, far away."""
    schema = {"type": "object", "properties": {"it": {"type": "string", **about}}, "required": ["it"]}
    sent = {case.input.get("it") for case in generate_cases(schema, limit=200) if case.label == "valid"}
    assert near <= {text for text in sent if isinstance(text, str)}


def test_what_the_tool_itself_says_shows_the_form_of_a_silent_parameter() -> None:
    """`Add and divide, such as 8/2-1`: the one text has no description of its own."""
    schema = {"type": "object", "properties": {"it": {"type": "string"}}, "required": ["it"]}
    sent = {
        case.input.get("it")
        for case in generate_cases(schema, about="Add and divide, such as 8/2-1.")
        if case.label == "valid"
    }
    assert {"8/2-1", "8/0-1"} <= {text for text in sent if isinstance(text, str)}
    formed = {**schema, "properties": {"it": {"type": "string", "pattern": "^[-0-9/]+$"}}}
    assert not [c.id for c in generate_cases(formed, about="such as 8/2-1.") if "nearly of the form" in c.detail]


def test_words_of_sentences_have_no_form() -> None:
    """A text with blanks, a bare number and a bare word are not taken apart, and a pattern says enough by itself."""
    for about in ({"description": "One of 'left', 'right' or 'go 5 on'."}, {"examples": ["1-5"], "pattern": "^1-5$"}):
        schema = {"type": "object", "properties": {"it": {"type": "string", **about}}, "required": ["it"]}
        assert not [case.id for case in generate_cases(schema) if "nearly of the form" in case.detail]
