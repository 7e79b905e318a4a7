"""What is refused has done nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.refusals import refusal_scenarios

from .behaviour_lab import findings_of

ORDERS = '''
stock, attempts = {"tea": 10**6, "cup": 10**6}, {"made": 0}
def place_order(lines: list) -> dict:
    """SAID"""
    attempts["made"] += 1
    for line in lines:
        if line["item"] not in stock: raise ValueError("no such item")
        FIRST
    for line in lines:
        SECOND
    return {"placed": len(lines)}
def get_stock() -> dict:
    """What there is."""
    return SHOWN
'''
TAKE = 'stock[line["item"]] -= 1'
SPEC = """
tools:
  place_order:
    input:
      type: object
      properties: {lines: {type: array, minItems: 1, items: {type: object, properties: {item: {type: string}}, required: [item]}}}
      required: [lines]
    examples: [{input: {lines: [{item: tea}]}}]
  get_stock: {}
"""
WRONG = ORDERS.replace("FIRST", TAKE).replace("SECOND", "pass")
MOVES = '''
kept = {"cash": 10**6, "bank": 0}
def transfer(source: str, to: str) -> dict:
    """Transfer one."""
    if source not in kept: raise ValueError("no such source")
    FIRST
    if to not in kept: raise ValueError("no such target")
    SECOND
    kept[to] += 1
    return {"moved": 1}
def list_balances() -> dict:
    """All."""
    return dict(kept)
'''
LOSE = "kept[source] -= 1"


def found_in(folder: Path, code: str) -> list[str]:
    code = code.replace("SAID", "Place an order.").replace("SHOWN", "dict(stock)")
    return findings_of(folder, code, SPEC, room=refusal_scenarios)


def test_half_of_what_is_refused(tmp_path: Path) -> None:
    """The twin looks at all lines before it takes one."""
    [found] = found_in(tmp_path, WRONG)
    assert "place_order refuses " in found
    assert "and changes what get_stock answers" in found
    assert found_in(tmp_path, ORDERS.replace("FIRST", "pass").replace("SECOND", TAKE)) == []


def test_one_side_of_what_is_refused(tmp_path: Path) -> None:
    """A value that names nothing, after the other one was used."""
    spec = "tools: {transfer: {examples: [{input: {source: cash, to: bank}}]}, list_balances: {}}\n"
    [found] = findings_of(
        tmp_path, MOVES.replace("FIRST", LOSE).replace("SECOND", "pass"), spec, room=refusal_scenarios
    )
    assert "and changes what list_balances answers" in found
    right = MOVES.replace("FIRST", "pass").replace("SECOND", LOSE)
    assert findings_of(tmp_path, right, spec, room=refusal_scenarios) == []


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ("SAID", "Place as many lines as there are; a partial order stays."),
        ("SHOWN", "{**stock, 'tea': 5, 'cup': 5}"),
        ('raise ValueError("no such item")', "continue"),
        ("get_stock", "usage_log"),
    ],
)
def test_what_may_change(tmp_path: Path, wanted: str, made: str) -> None:
    """Said to be done in part, nothing that shows it, nothing refused, a record."""
    assert wanted in WRONG
    spec = SPEC.replace("get_stock", made) if wanted == "get_stock" else SPEC
    code = WRONG.replace(wanted, made).replace("SAID", "Place an order.").replace("SHOWN", "dict(stock)")
    assert findings_of(tmp_path, code, spec, room=refusal_scenarios) == []


def test_attempts_are_counted_where_they_are_refused_too(tmp_path: Path) -> None:
    """A member that is named after attempts moves with each."""
    code = ORDERS.replace("FIRST", "pass").replace("SECOND", TAKE).replace("SAID", "Order.")
    assert (
        findings_of(
            tmp_path, code.replace("SHOWN", "{**stock, 'attempts': attempts['made']}"), SPEC, room=refusal_scenarios
        )
        == []
    )
