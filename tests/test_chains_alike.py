"""Two things of the same values are two; a key is read as it was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.lifecycle import chain_scenarios

from .behaviour_lab import findings_of

NOTES = '''
import itertools
notes, ids = {}, itertools.count(1)
def create_note(title: str, body: str = "") -> dict:
    """Create a note."""
    number = next(ids)
    notes[number] = {"id": number, "title": title, "body": body}
    return dict(notes[number])
def get_note(id: int) -> dict:
    """Get a note."""
    if id not in notes: raise ValueError("no such note")
    return dict(notes[id])
def update_note(id: int, body: str) -> dict:
    """Change the body of a note."""
    if id not in notes: raise ValueError("no such note")
    for note in notes.values():
        if CHANGED: note["body"] = body
    return dict(notes[id])
def delete_note(id: int) -> dict:
    """Delete a note."""
    if id not in notes: raise ValueError("no such note")
    for each in [each for each in notes if REMOVED]: del notes[each]
    return {"deleted": id}
'''
ONE, SAME = ('note["id"] == id', "each == id"), ('note["title"] == notes[id]["title"]', 'notes[each]["title"] == title')
USERS = '''
users = {}
def add_user(name: str, city: str = "") -> dict:
    """SAID"""
    key = MADE
    if not key.strip(): raise ValueError("name is blank")
    users[key] = {"name": name, "city": city}
    return ANSWER
def get_user(name: str) -> dict:
    """Get a user."""
    if READ not in users: raise ValueError("no such user")
    return users[READ]
'''


def found_in(folder: Path, code: str) -> list[str]:
    return findings_of(folder, code, "", room=chain_scenarios)


def test_what_is_done_to_one_is_not_done_to_another_of_the_same_values(tmp_path: Path) -> None:
    """Things are told apart by their ids, not by their titles."""
    one = NOTES.replace("CHANGED", ONE[0]).replace("REMOVED", ONE[1])
    assert found_in(tmp_path, one) == []
    [found] = found_in(tmp_path, one.replace(ONE[0], SAME[0]))
    assert found.startswith("create_note: chain: update_note of ")
    assert found.endswith(", which was made of the same values")
    title = '    title = notes[id]["title"]\n    for each in'
    [found] = found_in(tmp_path, one.replace("    for each in", title).replace(f"if {ONE[1]}]", f"if {SAME[1]}]"))
    assert found.startswith("create_note: chain: delete_note of ")
    assert found.endswith(", which was made of the same values")


@pytest.mark.parametrize(
    ("made", "read", "told"),
    [
        ("name.strip()", "name", '" n'),
        ("name.lower()", "name", "Xy"),
        ("name.casefold()", "name.lower()", "ß"),
        ("__import__('unicodedata').normalize('NFC', name)", "name", "does not find"),
        ("name.strip()", "name.strip()", None),
        ("name.casefold()", "name.casefold()", None),
        ("name", "name", None),
    ],
)
def test_a_key_is_found_as_it_was_given(tmp_path: Path, made: str, read: str, told: str | None) -> None:
    """A twin makes the same of it where it reads."""
    code = (
        USERS.replace("MADE", made).replace("READ", read).replace("ANSWER", "users[key]").replace("SAID", "Add a user.")
    )
    found = found_in(tmp_path, code)
    assert len(found) == (told is not None), found
    assert told is None or (told in found[0] and "which add_user was given and accepted" in found[0])


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("ANSWER", '{"name": key}'),
        ("SAID", "Add a user, by the name in lower case."),
        ("if not key.strip()", "if key != name"),
    ],
)
def test_keys_that_may_be_others(tmp_path: Path, wanted: str, said: str) -> None:
    """Said back as it is kept, told by the description, refused."""
    code = USERS.replace(wanted, said).replace("MADE", "name.strip().lower()").replace("READ", "name")
    assert found_in(tmp_path, code.replace("ANSWER", "users[key]").replace("SAID", "Add a user.")) == []


def test_a_key_of_a_form_has_blanks_around_it_too(tmp_path: Path) -> None:
    """Where a made-up word is refused, such as one without an @, the form of a known key is used."""
    spec = "tools: {add_user: {examples: [{input: {name: ada@example.com}}]}, get_user: {}}\n"
    code = (
        USERS.replace("if not key.strip()", "if '@' not in key")
        .replace("ANSWER", "users[key]")
        .replace("MADE", "name.strip()")
    )
    [found] = findings_of(tmp_path, code.replace("READ", "name").replace("SAID", "Add."), spec, room=chain_scenarios)
    assert "which add_user was given and accepted" in found
    assert (
        findings_of(tmp_path, code.replace("READ", "name.strip()").replace("SAID", "Add."), spec, room=chain_scenarios)
        == []
    )
