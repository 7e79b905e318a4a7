"""Type hints that name what is not there are told by name, and do not take the others with them."""

from __future__ import annotations

import types
from textwrap import dedent
from typing import Annotated, Any

import pytest
from pydantic import Field

from pytest_toolcheck.targets._hints import adapter_of
from pytest_toolcheck.targets._signatures import describe_function

from .specs import run, write_tool

MODULE = '''
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypedDict

if TYPE_CHECKING:
    from decimal import Decimal

@dataclass
class Item:
    sku: str
    price: Decimal

@dataclass
class Tree:
    value: int
    kids: list[Tree]

class Row(TypedDict):
    item: Item

class Cell(NamedTuple):
    at: Decimal

def add(item: Item) -> dict:
    """Add an item."""
    return {"sku": item.sku}

def plain(price: Decimal, count: int) -> int:
    """Count."""
    return count

def deep(rows: list[Row] | None, cell: Cell) -> int:
    """Count."""
    return 1

def tree(tree: Tree) -> Decimal:
    """Count."""
    return 1
'''


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module whose hints are imported for type checkers only."""
    made = types.ModuleType("hinted")
    monkeypatch.setitem(__import__("sys").modules, "hinted", made)
    exec(compile(dedent(MODULE), "hinted.py", "exec", dont_inherit=True), made.__dict__)
    return made


@pytest.mark.parametrize(
    ("name", "unresolved"),
    [
        ("plain", ("price: name 'Decimal' is not defined",)),
        ("add", ("item: Item.price: name 'Decimal' is not defined",)),
        ("deep", ("rows: Item.price: name 'Decimal' is not defined", "cell: Cell.at: name 'Decimal' is not defined")),
        ("tree", ()),
    ],
)
def test_which_hint_cannot_be_resolved(module: Any, name: str, unresolved: tuple[str, ...]) -> None:
    """The parameter, the member of a class at any depth, and the name that is missing; of results nothing depends on it."""
    assert describe_function(name, getattr(module, name)).unresolved == unresolved


def test_one_hint_does_not_spoil_the_others(module: Any) -> None:
    """A parameter whose hint can be resolved keeps its schema."""
    schema: Any = describe_function("plain", module.plain).input_schema
    assert schema["properties"] == {"price": {}, "count": {"type": "integer"}}


def test_who_finds_no_valid_call_is_told_the_hint(pytester: pytest.Pytester) -> None:
    """It is the most likely reason; with an `input` in the spec it is none, and not mentioned."""
    write_tool(pytester, MODULE, "tools: {add: {variations: {categories: [example]}}}\n")
    told = run(pytester, "-q")
    told.stdout.fnmatch_lines(
        [
            "*no valid call succeeded: add*",
            "*hints:",
            "*the type hint of item: Item.price: name 'Decimal' is not defined",
        ]
    )
    own = "input: {type: object, properties: {price: {}, count: {}}, required: [price, count], additionalProperties: false}"
    write_tool(pytester, MODULE, f"tools: {{plain: {{{own}, variations: {{categories: [example]}}}}}}\n", name="other")
    shown = run(pytester, "other.tool.yaml", "-q").stdout.str()
    assert "passed" in shown
    assert "type hint" not in shown


def test_plain_hints_share_their_adapters() -> None:
    """Pydantic makes one for each parameter of each tool otherwise, and most are of few types; a hint with a bound has its own."""
    assert adapter_of(int) is adapter_of(int, "serialization")
    assert [adapter_of(hint).json_schema() for hint in (int, bool, type(None))] == [
        {"type": "integer"},
        {"type": "boolean"},
        {"type": "null"},
    ]
    assert adapter_of(Annotated[int, Field(ge=1)]).json_schema() == {"minimum": 1, "type": "integer"}
