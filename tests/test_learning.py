"""Good values are learned from siblings' results and from the words of refusals."""

from __future__ import annotations

import pytest

from .specs import events, run, write_tool

STORE = '''
_items = {}

def add_item(label: str) -> dict:
    """Add an item."""
    _items[f"it-{len(_items):09}"] = label
    return {"item_id": list(_items)[-1]}

def get_item(item_id: str) -> dict:
    """Get an item."""
    if item_id not in _items: raise ValueError("item_id: unknown")
    return {"label": _items[item_id]}

def convert(unit: str) -> str:
    """Convert."""
    if unit != "furlong": raise ValueError("unit: unknown. Did you mean 'furlong'?")
    return unit
'''


def test_an_id_that_one_tool_returns_feeds_another(pytester: pytest.Pytester) -> None:
    """`get` is proven with the id that `add` returned; it is logged and offered for the spec. "Did you mean" is heard."""
    write_tool(pytester, STORE, "defaults: {variations: {fuzz: 0, categories: [required]}}\n")
    result = run(pytester, "-k", "valid_call", "--toolcheck-log=log")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*learned from the result of add_item; for the spec: tools: {get_item: {examples: *"])
    learned = [event["attrs"] for event in events(pytester.path / "log") if "learned" in event.get("attrs", {})]
    assert [(attrs["source"], list(attrs["learned"])) for attrs in learned] == [("add_item", ["item_id"])]


def test_a_learned_value_that_a_call_uses_up_accuses_nobody(pytester: pytest.Pytester) -> None:
    """A tool that removes what was learned refuses it the second time, rightly."""
    code = STORE.replace("item_id: str", "item_id: int").replace('f"it-{len(_items):09}"', "len(_items) + 7000")
    code = code.replace("def get_item", "def delete_item").replace(
        'return {"label": _items[item_id]}', "_items.pop(item_id)"
    )
    write_tool(pytester, code, "defaults: {variations: {fuzz: 0, categories: [optional]}}\n")
    result = run(pytester, "-k", "delete_item", "--toolcheck-log=off")
    assert "failed" not in result.parseoutcomes()
    result.stdout.fnmatch_lines(["*learned from the result of add_item*"])
