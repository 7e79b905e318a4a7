"""Tools that use something up: what they refuse is judged where nothing is used up, and nobody is accused falsely."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pytest_toolcheck import used_up

from .behaviour_lab import findings_of
from .specs import events, run, write_tool

ROOM = """
_FREE = {"A1", "A2"}
_NAMES = set()

def book_seat(seat: str, days: int = 1) -> str:
    if type(days) is not int or type(seat) is not str or not 1 <= days <= 30:
        raise ValueError("days and seat")
    if seat not in _FREE:
        raise ValueError("no such seat, or taken")
    BUG
    _FREE.remove(seat)
    return "booked"

def create_user(name: str, is_admin: bool = False) -> str:
    if type(name) is not str or type(is_admin) is not bool or not 1 <= len(name) <= 9:
        raise ValueError("name and is_admin")
    if name in _NAMES:
        raise ValueError("exists")
    _NAMES.add(name)
    return name
"""
SPEC = """
defaults: {variations: {fuzz: 0}}
tools:
  book_seat:
    input:
      type: object
      properties: {seat: {type: string}, days: {type: integer, minimum: 1, maximum: 30}}
      required: [seat]
      additionalProperties: false
    values: {seat: {valid: [A1, A2]}}
  create_user:
    input:
      type: object
      properties: {name: {type: string, minLength: 1, maxLength: 9}, is_admin: {type: boolean}}
      required: [name]
      additionalProperties: false
"""


def test_a_correct_tool_that_uses_something_up_is_not_accused(pytester: pytest.Pytester) -> None:
    """A seat is booked once and a name taken once; both are told in a warning, not in a finding."""
    write_tool(pytester, ROOM.replace("BUG", "pass"), SPEC)
    result = run(pytester, "-rs")
    result.assert_outcomes(passed=result.parseoutcomes()["passed"], skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*: no input of book_seat that nobody has used is accepted"])
    result.stdout.fnmatch_lines(
        [
            '  book_seat refuses {"seat": "A1"}, which it accepted before: its refusals are judged with a new start *',
            "  create_user refuses *, which it accepted before: its refusals are judged with a new start of the target",
        ]
    )


ACCOUNT = """
_left = [100]

def withdraw(amount: int, note: bool = False, fast: bool = False) -> str:
    if type(amount) is not int or type(note) is not bool or type(fast) is not bool or not 1 <= amount <= 60: raise ValueError("amount")
    if _left[0] < amount or amount == NEVER: raise ValueError("amount: there is not so much left")
    _left[0] -= amount
    return "here you are"
"""
AMOUNT = """
tools:
  withdraw:
    variations: {categories: [boundary, optional, combination]}
    input:
      type: object
      properties: {amount: {type: integer, minimum: 1, maximum: 60}, note: {type: boolean}, fast: {type: boolean}}
      required: [amount]
      additionalProperties: false
"""


def test_an_account_that_is_low_and_not_empty_accuses_nobody(tmp_path: Path) -> None:
    """A small amount is paid out still, and a large one not any more; who never pays out 60 is found."""
    assert findings_of(tmp_path, ACCOUNT.replace("NEVER", "0"), AMOUNT, cases=True) == []
    found = findings_of(tmp_path, ACCOUNT.replace("NEVER", "60"), AMOUNT, cases=True)
    assert [finding for finding in found if "boundary amount: 60" in finding], found


@pytest.mark.parametrize(
    ("bug", "found"),
    [
        ("if days == 30: raise ValueError('days')", "accepts_valid: book_seat refused a valid input (boundary days: *"),
        ("if days == 30: return {}['x']", "no_crash: book_seat crashed: KeyError: 'x' *"),
    ],
)
def test_its_bugs_are_found_behind_what_is_used_up(pytester: pytest.Pytester, bug: str, found: str) -> None:
    """After the first booking each call would be refused before it came to the bug."""
    write_tool(pytester, ROOM.replace("BUG", bug), SPEC.replace("fuzz: 0", "fuzz: 0, limit: 30"))
    run(pytester, "-k", "book_seat").stdout.fnmatch_lines([found])


def test_forbidden_inputs_are_found_behind_what_is_used_up(pytester: pytest.Pytester) -> None:
    """The refusal of a taken seat is not taken for a refusal of a wrong number of days."""
    write_tool(pytester, ROOM.replace("BUG", "pass").replace("not 1 <= days <= 30", "days < 1"), SPEC)
    run(pytester, "-k", "book_seat and boundary").stdout.fnmatch_lines(
        ["rejects_invalid: book_seat accepted * 31 is greater than *"]
    )


@pytest.mark.parametrize("promise", ["annotations: {idempotent: true}", "acceptance: strict"])
def test_who_promises_to_accept_again_is_held_to_it(pytester: pytest.Pytester, promise: str) -> None:
    """An idempotent tool does not refuse what it accepted before, and a strict one refuses nothing valid."""
    spec = SPEC.replace("  book_seat:\n", f"  book_seat:\n    {promise}\n")
    write_tool(pytester, ROOM.replace("BUG", "pass"), spec)
    run(pytester, "-k", "book_seat and example").stdout.fnmatch_lines(
        ["*accepts_valid: book_seat refused a valid input*"]
    )


SERVER = """
import json, sys
free = {"A1"}
SCHEMA = {"type": "object", "properties": {"seat": {"enum": ["A1"]}, "days": {"type": "integer", "minimum": 1, "maximum": 9}},
          "required": ["seat"], "additionalProperties": False}

def book(seat=None, days=1, **more):
    if seat != "A1" or more or type(days) is not int or not 1 <= days <= MOST:
        return True, "seat A1 and days"
    if seat not in free:
        return True, "taken"
    free.discard(seat)
    return False, "booked"

for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    answer = {}
    if asked["method"] == "initialize":
        answer = {"protocolVersion": asked["params"]["protocolVersion"], "capabilities": {"tools": {}},
                  "serverInfo": {"name": "seats", "version": "1"}}
    elif asked["method"] == "tools/list":
        answer = {"tools": [{"name": "book", "description": "Book.", "inputSchema": SCHEMA}]}
    elif asked["method"] == "tools/call":
        is_error, text = book(**asked["params"].get("arguments", {}))
        answer = {"content": [{"type": "text", "text": text}], "isError": is_error}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": answer}), flush=True)
"""


@pytest.mark.parametrize(("most", "failed"), [(9, 0), (8, 1), (10, 1)])
def test_a_server_is_started_anew_for_what_it_refuses(pytester: pytest.Pytester, most: int, failed: int) -> None:
    """Its state goes with it; the server that refused is kept for the next case, and all end with the run."""
    (pytester.path / "seats.py").write_text(SERVER.replace("MOST", str(most)))
    command = json.dumps([sys.executable, "seats.py"])
    spec = (
        f"toolcheck: 1\ntarget: {{mcp: {{command: {command}}}}}\ndefaults: {{variations: {{categories: [boundary]}}}}\n"
    )
    (pytester.path / "seats.tool.yaml").write_text(spec)
    result = run(pytester, "--toolcheck-log=log.jsonl", "-k", "boundary")
    assert result.parseoutcomes().get("failed", 0) == failed
    assert _sessions(pytester.path / "log.jsonl", "session.opened") == _sessions(
        pytester.path / "log.jsonl", "session.closed"
    )


@pytest.mark.parametrize("bound", ["MOST_STARTS", "MOST_START_SECONDS"])
def test_starts_are_bounded_in_number_and_in_time(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """A server is not started for every refusal: the rest is left unjudged, and no one is accused for that."""
    monkeypatch.setattr(used_up, bound, 0)
    (pytester.path / "seats.py").write_text(SERVER.replace("MOST", "9"))
    command = json.dumps([sys.executable, "seats.py"])
    (pytester.path / "seats.tool.yaml").write_text(
        f"toolcheck: 1\ntarget: {{mcp: {{command: {command}}}}}\ndefaults: {{variations: {{categories: [boundary]}}}}\n"
    )
    result = run(pytester, "--toolcheck-log=log.jsonl", "-k", "boundary")
    assert set(result.parseoutcomes()) <= {"passed", "deselected"}
    assert len(_sessions(pytester.path / "log.jsonl", "session.opened")) == 1


def _sessions(log: Path, ev: str) -> set[str]:
    return {event["sid"] for event in events(log) if event["ev"] == ev}


def test_fuzz_reaches_what_is_behind_what_is_used_up(pytester: pytest.Pytester) -> None:
    """A drawn input that is refused because its seat is taken is tried where it is free."""
    spec = SPEC.replace("fuzz: 0", "fuzz: 40, seed: 3")
    write_tool(pytester, ROOM.replace("BUG", "if 22 <= days <= 29: {}['x']"), spec)
    run(pytester, "-k", "book_seat and fuzz").stdout.fnmatch_lines(["*no_crash: book_seat crashed: KeyError: 'x' *"])
    write_tool(pytester, ROOM.replace("BUG", "pass"), spec)
    result = run(pytester, "-k", "fuzz")
    result.assert_outcomes(passed=result.parseoutcomes()["passed"], deselected=result.parseoutcomes()["deselected"])
