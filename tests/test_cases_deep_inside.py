"""Values that hold themselves in several ways: through others, under `not`, among a dozen; a wrong one is met in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import jsonschema
import pytest

from pytest_toolcheck.cases import generate_cases
from pytest_toolcheck.cases.schema import Document
from pytest_toolcheck.cases.through_others import through_others

LIMIT = 100
INTEGER: dict[str, Any] = {"type": "integer"}
TEXT: dict[str, Any] = {"type": "string"}
Place = tuple[str | int, ...]
Passes = Callable[[Place], bool]
"""Whether the tool looks at nothing there."""


def an_object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    names = [*properties] if required is None else required
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def a_tool(name: str, **defs: Any) -> dict[str, Any]:
    return {**an_object({"it": {"$ref": f"#/$defs/{name}"}, "count": INTEGER}, ["it"]), "$defs": defs}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


FILTERS = {"type": "array", "items": ref("filter"), "minItems": 1}
RULE = an_object({"field": TEXT, "op": {"enum": ["eq", "lt", "gt"]}, "value": {"type": ["string", "number"]}})
FILTER = {"oneOf": [an_object({"and": FILTERS}), an_object({"or": FILTERS}), an_object({"not": ref("filter")}), RULE]}
TOOLS = {
    "filter": a_tool("filter", filter=FILTER),
    "two": a_tool("a", a=an_object({"x": INTEGER, "b": ref("b")}, ["x"]), b=an_object({"y": TEXT, "a": ref("a")}, ["y"])),
    "three": a_tool(
        "a",
        a=an_object({"b": ref("b")}, []),
        b=an_object({"many": {"type": "array", "items": ref("c")}}, []),
        c=an_object({"z": {"type": "integer", "maximum": 9}, "a": ref("a")}, []),
    ),
    "chain": a_tool("n", n=an_object({"n": INTEGER, "next": ref("n")}, ["n"])),
}  # fmt: skip


def beyond(most: int, name: str) -> Passes:
    return lambda place: place.count(name) > most


def behind(place: Place, name: str) -> Iterator[int]:
    """Yield which items of lists of that name a place is in."""
    return (at for step, at in pairwise(place) if step == name and isinstance(at, int))


def is_wrong_unseen(name: str, value: Any, passes: Passes) -> bool:
    """Whether the value is wrong, and all that is wrong with it stands where the tool does not look."""
    judge = jsonschema.Draft202012Validator(TOOLS[name])
    errors = [*judge.iter_errors(value)]
    places = [place for error in errors for place in _deepest(error)]
    return bool(places) and all(map(passes, places))


def _deepest(error: Any) -> Iterator[Place]:
    if not error.context:
        yield tuple(error.absolute_path)
    else:
        furthest = max(len(inner.absolute_path) for inner in error.context)
        yield from (
            place for inner in error.context if len(inner.absolute_path) == furthest for place in _deepest(inner)
        )


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        *(("filter", beyond(most, "not")) for most in (0, 1, 3)),
        *(("filter", lambda place, n=n: any(at >= 10 for at in behind(place, n))) for n in ("and", "or")),
        ("two", lambda place: place.count("b") > 3 and place[-1] == "y"),
        ("two", lambda place: place.count("a") > 3 and place[-1] == "x"),
        ("three", lambda place: place.count("many") > 2 and place[-1] == "z"),
        ("three", lambda place: place.count("many") > 8 and place[-1] == "z"),
    ],
    ids=["one not", "two nots", "four nots", "ten of and", "ten of or", "b", "a", "c", "c from the ninth level on"],
)  # fmt: skip
def test_what_is_wrong_far_inside_is_met(name: str, passes: Passes) -> None:
    """Some invalid case among the first hundred is wrong only where such a tool does not look."""
    cases = generate_cases(TOOLS[name], limit=LIMIT)
    assert any(is_wrong_unseen(name, case.input, passes) for case in cases if case.label == "invalid")


def depth_of(value: Any) -> int:
    depth = 0
    while isinstance(value, dict) and "next" in value:
        value, depth = value["next"], depth + 1
    return depth


def test_a_chain_goes_beyond_sixty_levels() -> None:
    """A valid value is deep enough for tools that stop early, and not so deep that parsers and validators do."""
    depths = [
        depth_of(case.input["it"]) for case in generate_cases(TOOLS["chain"], limit=LIMIT) if case.label == "valid"
    ]
    assert 60 < max(depths) < 100


def test_the_way_back_leads_through_lists_and_other_schemas() -> None:
    """A value that holds one of its own schema is made, though no sample does."""
    document = Document({**ref("a"), "$defs": TOOLS["three"]["$defs"]})
    [value, *_] = through_others(document, (document.root,), depth=0)
    assert isinstance(value["b"]["many"][0]["a"], dict)
    assert document.accepts(value)
