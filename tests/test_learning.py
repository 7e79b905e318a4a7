"""Good values are learned from siblings' results and from the words of refusals."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_toolcheck.proof import prove
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import Outcome

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


SHELVES = """
_taken, _notes = {}, {}

def add_note(title: str) -> dict:
    'Add a note; a title can be taken once.'
    if title in _taken: raise ValueError("title: taken")
    _taken[title] = key = f"note-{len(_taken):06}"
    _notes[key] = title
    return {"id": key}

def get_note(note_id: str) -> dict:
    'Get a note.'
    if note_id not in _notes: raise ValueError("note_id: unknown")
    return {"title": _notes[note_id]}

def delete_note(note_id: str) -> str:
    'Delete a note.'
    if note_id not in _notes: raise ValueError("note_id: unknown")
    _notes.pop(note_id)
    return "gone"

def archive(note_id: str, shelf: str) -> str:
    'Put a note onto a shelf.'
    if note_id not in _notes: raise ValueError("note_id: unknown")
    if shelf == "moon": raise ValueError("shelf: closed today")
    if shelf not in ("attic", "cellar"): raise ValueError("shelf: must be one of: attic, cellar, moon")
    return shelf

def find_person(who: str) -> str:
    'Find a person, e.g. "Ada".'
    if who != "Ada": raise ValueError("who: unknown")
    return who
"""


def test_what_a_parameter_names_is_learned_from_who_makes_it_and_words_of_refusals_are_offered(
    pytester: pytest.Pytester,
) -> None:
    """`archive` gets its `note_id` from `add_note` and its shelf from a refusal, which is offered as `values`, tried."""
    write_tool(pytester, SHELVES, "defaults: {variations: {fuzz: 0, categories: [required]}}\n")
    result = run(pytester, "-k", "valid_call or chain", "--toolcheck-log=log")
    result.assert_outcomes(passed=7)
    result.stdout.fnmatch_lines(["*archive: {values: {shelf: {valid: *attic*cellar*"])
    attrs = [event.get("attrs", {}) for event in events(pytester.path / "log")]
    assert {"shelf": ["attic", "cellar"]} in [each["learned"] for each in attrs if each.get("source") == "refusal"]
    assert {"source": "add_note"}.items() <= next(each for each in attrs if "shelf" in each.get("learned", {})).items()


def test_a_taken_name_accuses_nobody_and_the_chain_takes_another(pytester: pytest.Pytester) -> None:
    """What can be made or removed once is refused the next time, rightly; a faulty removal is found all the same."""
    write_tool(pytester, SHELVES, "defaults: {variations: {fuzz: 0, categories: [example, optional]}}\n")
    write_tool(
        pytester,
        SHELVES.replace("    _notes.pop(note_id)\n", ""),
        "defaults: {variations: {fuzz: 0, categories: [required]}}\n",
        name="faulty",
    )
    result = run(pytester, "-rf", "--toolcheck-log=off")
    result.stdout.fnmatch_lines(["FAILED faulty*chain*get_note still answers * after delete_note was accepted"])
    assert result.parseoutcomes()["failed"] == 1


def test_the_report_of_an_error_is_no_good_answer() -> None:
    """A result that only reports an error proves nothing; its words are hints all the same, and no values."""

    def call(arguments: Mapping[str, Any], known: str = "furlong") -> Outcome:
        text = "ok" if arguments["unit"] == known else "Error: unknown unit. Valid units: one of: furlong, league"
        return Outcome("accepted", 0, value=text, raw={"isError": False, "content": [{"type": "text", "text": text}]})

    schema = {"type": "object", "properties": {"unit": {"type": "string"}}, "required": ["unit"]}
    tool = ToolSpec("convert", input=schema)
    assert prove(tool, call).base == {"unit": "furlong"}
    nothing = prove(tool, lambda arguments: call(arguments, "yard"))
    assert (nothing.base, nothing.accepted) == (None, [])
    assert nothing.explanation.endswith(
        "was answered by the report of an error: Error: unknown unit. Valid units: one of: furlong, league"
    )
    of_errors = ToolSpec("explain_error", input=schema)
    assert prove(of_errors, lambda arguments: call(arguments, "yard")).base is not None
    unchecked = ToolSpec("convert", input=schema, checks={"error_text": False})
    assert prove(unchecked, lambda arguments: call(arguments, "yard")).base is not None


PLANS = '''
from typing import Annotated
from pydantic import Field

PLANS = {"bronze-7": 5, "silver-9": 10, "gold-3": 20}

def price(plan: str, seats: Annotated[int, Field(ge=1, le=500)]) -> int:
    """The price of a plan."""
    if plan not in PLANS: raise ValueError("unknown plan, must be one of: " + ", ".join(PLANS))
    if BREAKS(plan, seats): raise KeyError(plan)
    return PLANS[plan] * seats
'''


@pytest.mark.parametrize(
    ("breaks", "sent"),
    [
        ("False", None),
        ("plan == 'gold-3'", '{"plan": "gold-3", "seats": *}'),
        ("plan == 'silver-9' and seats == 500", '{"plan": "silver-9", "seats": 500}'),
    ],
)
def test_each_value_that_a_refusal_names_is_judged(pytester: pytest.Pytester, breaks: str, sent: str | None) -> None:
    """A crash on one of them, alone or beside the end of another parameter, is a finding and not only no candidate."""
    code = PLANS.replace("BREAKS(plan, seats)", breaks)
    write_tool(pytester, code, "defaults: {variations: {fuzz: 0, categories: [boundary, combination]}}\n")
    result = run(pytester, "-k", "valid_call", "--toolcheck-log=off")
    result.assert_outcomes(
        **({"failed": 1} if sent else {"passed": 1}), deselected=result.parseoutcomes()["deselected"]
    )
    if sent:
        result.stdout.fnmatch_lines(["no_crash: price crashed: KeyError: *", f"  sent *{sent.replace('{', '[{]')}"])


def test_what_was_refused_twice_is_not_asked_again_for_each_value_of_a_sibling(pytester: pytest.Pytester) -> None:
    """A tool that takes none of what many siblings make is tried with each of that, and with the plain inputs but twice."""
    makers = "\n".join(
        f'def add_item{n}(label: str) -> dict:\n    """Add."""\n    return {{"item_id": "made-{n}"}}\n'
        for n in range(6)
    )
    code = f'{makers}\ndef move(item_id: str, to: str) -> str:\n    """Move."""\n    raise ValueError("not today")\n'
    write_tool(pytester, code, "defaults: {variations: {fuzz: 0, categories: [required]}}\n")
    run(pytester, "-k", "move and valid_call", "--toolcheck-log=log")
    sent = Counter(
        json.dumps(event["attrs"]["input"], sort_keys=True)
        for event in events(pytester.path / "log")
        if event["ev"] == "call.start" and event["tool"] == "move"
    )
    assert any("made-5" in text for text in sent)
    assert max(sent.values()) <= 5  # twice here, and once or twice before and after
