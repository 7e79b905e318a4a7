"""What is added for one owner is not listed for another."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.apart import apart_scenarios

from .behaviour_lab import findings_of

NOTES = '''
kept = []
def add_note(owner: str, text: str) -> dict:
    """Add a note for its owner."""
    kept.append((owner, text))
    return {"text": text}
def list_notes(owner: str) -> list[str]:
    """List the notes of one owner."""
    return [text for who, text in kept if who == owner]
'''
LEAKY = NOTES.replace(" if who == owner", "")
ALL = (" if who == owner", "")
ROWS = (
    "[text for who, text in kept if who == owner]",
    "[{'owner': owner, 'text': t} for w, t in kept if w[:1] == owner[:1]]",
)


BEGINNING = ("who == owner", "who[:3] == owner[:3]")


@pytest.mark.parametrize(("wanted", "made"), [ALL, ROWS, BEGINNING])
def test_a_list_that_forgets_whose_it_is(tmp_path: Path, wanted: str, made: str) -> None:
    """The text of one is shown to another; the twin differs by the condition alone."""
    [found] = findings_of(tmp_path, NOTES.replace(wanted, made), "", room=apart_scenarios)
    assert "list_notes shows for owner n" in found
    assert "what add_note added for n" in found
    assert findings_of(tmp_path, NOTES, "", room=apart_scenarios) == []


def test_tools_whose_verbs_say_little(tmp_path: Path) -> None:
    """`post_message(owner, text)` and `history(owner)`: what one shows of the other is the evidence; a key of a pattern."""
    spec = """
    tools:
      post_message: {input: {type: object, properties: {owner: {type: string, pattern: '^[a-z]{1,12}$'}, text: {type: string}}, required: [owner, text]}}
      history: {input: {type: object, properties: {owner: {type: string, pattern: '^[a-z]{1,12}$'}}, required: [owner]}}
    """
    code = (
        NOTES.replace("add_note", "post_message")
        .replace("list_notes", "history")
        .replace("Add a note for its owner", "Say it")
    )
    [found] = findings_of(tmp_path, code.replace(*BEGINNING), spec, room=apart_scenarios)
    assert "history shows for owner " in found
    assert findings_of(tmp_path, code, spec, room=apart_scenarios) == []
    assert findings_of(tmp_path, code.replace("history", "send_all").replace(*ALL), "", room=apart_scenarios) == []


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ("List the notes of one owner.", "List all notes, as seen by their owner."),
        ("Add a note for its owner.", "Add a public note."),
        ("owner", "query"),
        ("[text for who, text in kept]", "[owner]"),
        ("list_notes", "list_owners"),
        ("owner: str) -> list", "owner: str = '') -> list"),
        ("return {", "raise ValueError('read only') or {"),
    ],
)
def test_lists_that_may_show_it_to_others(tmp_path: Path, wanted: str, made: str) -> None:
    """What is everybody's, a search, lists of something else or without the text, an owner that need not be given, nothing added."""
    assert wanted in LEAKY
    assert findings_of(tmp_path, LEAKY.replace(wanted, made), "", room=apart_scenarios) == []
