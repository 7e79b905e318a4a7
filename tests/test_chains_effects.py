"""What a tool with a verb of its own does to one thing: faulty tools are found, correct ones are not accused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.effects import effect_scenarios

from .behaviour_lab import findings_of

DESK = """
import itertools
from typing import Literal
kept, ids = {}, itertools.count(100)
def open_ticket(subject: str) -> dict:
    key = next(ids)
    kept[key] = {"id": key, "subject": subject, "status": "open", "comments": []}
    return dict(kept[key])
def get_ticket(id: int) -> dict:
    if id not in kept: raise ValueError(f"no ticket {id}")
    return dict(kept[id])
def set_status(id: int, status: Literal["open", "pending", "closed"]) -> dict:
    get_ticket(id)
    kept[id]["status"] = status
    return dict(kept[id])
def add_comment(id: int, text: str) -> dict:
    get_ticket(id)
    kept[id] = {**kept[id], "comments": [*kept[id]["comments"], text]}
    return dict(kept[id])
"""
FAULTY = {
    "a comment that is lost": (
        """    kept[id] = {**kept[id], "comments": [*kept[id]["comments"], text]}
    return dict(kept[id])""",
        """    return {**kept[id], "comments": [*kept[id]["comments"], text]}""",
        "add_comment answers /comments/0 * and get_ticket still answers nothing there",
    ),
    "a status that is lost": (
        """    kept[id]["status"] = status
    return dict(kept[id])""",
        """    return {**kept[id], "status": status}""",
        "set_status answers /status *, and get_ticket still answers open",
    ),
    "a status of all": (
        """    kept[id]["status"] = status
""",
        """    for each in kept.values(): each["status"] = status
""",
        "set_status of * also changed *: /status",
    ),
    "a status taken for another": (
        """    kept[id]["status"] = status
""",
        """    kept[id]["status"] = "open" if status == "pending" else status
""",
        "get_ticket answers status open, set_status was given pending",
    ),
}
CORRECT = {
    "plain": ("", ""),
    "it tells what would be": ("def add_comment(id: int, text: str)", "def preview_comment(id: int, text: str)"),
    "a switch for a rehearsal": ("text: str) -> dict:", "text: str, dry_run: bool = True) -> dict:"),
    "the answer is of another kind": (
        "    return dict(kept[id])\n",
        '    return {"id": id, "added": text, "subject": ""}\n',
    ),
    "the state before is answered": ("    return dict(kept[id])\n", "    return before\n"),
    "two names of one thing": ("kept[key] = {", 'kept[str(key)] = kept[key] = {"alias": str(key), '),
    "a last status": (
        """    kept[id]["status"] = status
""",
        """    if kept[id]["status"] != "closed": kept[id]["status"] = status
""",
    ),
    "two names of one status": (
        """    kept[id]["status"] = status
""",
        """    kept[id]["status"] = {"pending": "waiting"}.get(status, status)
""",
    ),
    "a lead that only one has": (
        """    kept[id]["status"] = status
""",
        """    for each in kept.values(): each["status"] = "open" if status == "pending" else each["status"]
    kept[id]["status"] = status
""",
    ),
}
"""Of tools that keep what they answer, and of such as never promised it: the last lines of `add_comment` are changed too."""
REHEARSED = {"it tells what would be", "a switch for a rehearsal", "the answer is of another kind"}


@pytest.mark.parametrize("name", FAULTY)
def test_what_a_tool_answers_is_read(name: str, tmp_path: Path) -> None:
    """One finding, that says what was answered and what is read."""
    right, faulty, said = FAULTY[name]
    assert right in DESK
    found = findings_of(tmp_path, DESK.replace(right, faulty, 1), "", room=effect_scenarios)
    assert len(found) == 1, found
    assert all(part in found[0] for part in said.split("*")), found


@pytest.mark.parametrize("name", CORRECT)
def test_correct_tools_are_not_accused(name: str, tmp_path: Path) -> None:
    """Previews, rehearsals, answers of another kind or of the time before, things with two names."""
    right, other = CORRECT[name]
    head, _, comment = DESK.rpartition("def add_comment")
    code = head.replace(right, other, 1) + ("def add_comment" + comment).replace(right, other, 1)
    if name in REHEARSED:
        code = code.replace('    kept[id] = {**kept[id], "comments"', '    after = {**kept[id], "comments"')
        code = code.replace("text]}\n    return dict(kept[id])", "text]}\n    return after")
    if name == "the state before is answered":
        code = code.replace("    get_ticket(id)\n", "    before = get_ticket(id)\n")
    assert findings_of(tmp_path, code, "", room=effect_scenarios) == []


def test_nothing_is_said_without_a_reader_that_knows_the_thing(tmp_path: Path) -> None:
    """One that answers whatever it is asked, and two that might be meant, prove nothing."""
    knows_all = DESK.replace('raise ValueError(f"no ticket {id}")', "return {}")
    lost = FAULTY["a status that is lost"]
    code = knows_all.replace(lost[0], lost[1], 1)
    assert findings_of(tmp_path, code, "", room=effect_scenarios) == []
    two = DESK.replace(lost[0], lost[1], 1) + "def get_invoice(id: int) -> dict: return get_ticket(id)\n"
    assert findings_of(tmp_path, two, "", room=effect_scenarios) == []


SHOP = """
from typing import Annotated
from pydantic import Field
Sku = Annotated[str, Field(pattern="^[A-Z]{2}-[0-9]{4}$")]
kept = {}
def add_item(sku: Sku, name: str) -> dict:
    kept[sku] = {"sku": sku, "name": name, "quantity": 0}
    return dict(kept[sku])
def get_item(sku: Sku) -> dict:
    if sku not in kept: raise ValueError(f"no item {sku}")
    return dict(kept[sku])
def set_quantity(sku: Sku, quantity: int) -> dict:
    get_item(sku)
    kept[sku]["quantity"] = quantity
    return dict(kept[sku])
"""


def test_a_second_thing_is_made_under_a_key_of_a_form(tmp_path: Path) -> None:
    """What its caller names: the other one must not be the first one again."""
    assert findings_of(tmp_path, SHOP, "", room=effect_scenarios) == []
    faulty = SHOP.replace(
        '    kept[sku]["quantity"] = quantity', '    for each in kept.values(): each["quantity"] = quantity'
    )
    [found] = findings_of(tmp_path, faulty, "", room=effect_scenarios)
    assert "set_quantity of" in found
    assert "also changed" in found


LAMPS = DESK[: DESK.index("def set_status")].replace('"comments": []', '"lit": False').replace("ticket", "lamp")
LIGHT = "def light_lamp(id: int, lit: bool) -> dict:\n    get_lamp(id)\n    kept[id]['lit'] = LIT\n    return dict(kept[id])\n"


@pytest.mark.parametrize(
    ("lit", "is_told"),
    [("not kept[id]['lit']", True), ("lit", False), ("kept[id]['lit'] or lit", False), ("False", False)],
)
def test_a_switch_that_is_set_again_stays(lit: str, is_told: bool, tmp_path: Path) -> None:
    """What toggles takes no switch; what never goes on, or never off, may have its reasons."""
    found = findings_of(tmp_path, LAMPS + LIGHT.replace("LIT", lit), "", room=effect_scenarios)
    assert [each.endswith(" again") for each in found] == [True] * is_told
