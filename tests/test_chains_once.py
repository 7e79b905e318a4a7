"""What is made stays: under an id of its own, and also when it has been read; what is meant to be there once is not accused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.lifecycle import chain_scenarios

from .behaviour_lab import findings_of

NOTES = '''
import hashlib, itertools
_ids, _notes = itertools.count(100), {}
def create_note(title: str, stars: int = 3) -> dict:
    """Make a note."""
    if type(title) is not str or type(stars) is not int: raise TypeError
    MAKE
    _notes[key] = {"title": title, "stars": stars}
    return {"id": key}
def get_note(id: int) -> dict:
    """Get a note."""
    if id not in _notes: raise ValueError(f"no note {id!r}")
    READ
'''
NEW, COPY = "key = next(_ids)", "return dict(_notes[id])"
FAULTY = {
    "one id": ("key = 100", COPY, "create_note returned 100 twice, and the second thing took the place of the first"),
    "counts what is there": ("key = 100 + len(set(_notes) & {1})", COPY, "create_note returned 100 twice"),
    "reading takes": (NEW, "return _notes.pop(id)", "once, and not when it is asked again"),
    "reading clears": (NEW, "found = dict(_notes[id]); _notes.clear(); return found", "once, and not when it is asked again"),
    "reading empties": (NEW, "found = _notes[id]; _notes[id] = None\n    if found is None: raise ValueError('no note')\n    return found", "once, and"),
}  # fmt: skip
DAY = NOTES.replace("title: str, stars: int = 3", "title: str, day: int = 1").replace("stars", "day")
CORRECT = {
    "plain": (NOTES, NEW, COPY),
    "by its words": (NOTES, "key = int(hashlib.sha256(title.encode()).hexdigest()[:8], 16)", COPY),
    "there already": (NOTES, "for key, note in _notes.items():\n        if note['title'] == title: return {'id': key}\n    key = next(_ids)", COPY),
    "a new game": (NOTES.replace("Make a note.", "Make the current note."), "key = 100", COPY),
    "replaces": (NOTES.replace("Make a note.", "Make a note; it replaces what there is."), "key = 100", COPY),
    "a note a day": (DAY.replace("day: int = 1", "day: int"), "key = 100 + day", COPY),
    "says nothing": (NOTES, "key = 100", 'return {"stars": _notes[id]["stars"]}'),
    "once, and told": (NOTES.replace("Get a note.", "Get a note; it is burned then."), NEW, "return _notes.pop(id)"),
    "a ticket": (NOTES.replace("note", "ticket"), NEW, "return _tickets.pop(id)"),
    "marks": (NOTES, NEW, "_notes[id]['seen'] = True; return dict(_notes[id])"),
    "limited": (NOTES, NEW, "_notes[id]['n'] = _notes[id].get('n', 0) + 1\n    if _notes[id]['n'] > 1: raise ValueError('too many calls')\n    return dict(_notes[id])"),
}  # fmt: skip


def _found(folder: Path, code: str, make: str, read: str) -> list[str]:
    return findings_of(folder, code.replace("MAKE", make).replace("READ", read), "", room=chain_scenarios)


@pytest.mark.parametrize("name", FAULTY)
def test_what_does_not_stay_is_found(tmp_path: Path, name: str) -> None:
    """One id for two things, and a reader that takes away what it reads."""
    make, read, told = FAULTY[name]
    [found] = _found(tmp_path, NOTES, make, read)
    assert told in found


@pytest.mark.parametrize("name", CORRECT)
def test_tools_that_are_right_are_not_accused(tmp_path: Path, name: str) -> None:
    """Ids of their words, one thing at a time, what is there to be read once, readers that say little."""
    assert _found(tmp_path, *CORRECT[name]) == []


LISTED = (
    NOTES.replace("MAKE", NEW).replace("READ", "if _notes[id].get('deleted'): raise ValueError('no note')\n    " + COPY)
    + '''
def delete_note(id: int) -> bool:
    """Delete a note."""
    if id not in _notes: raise ValueError("no note")
    DELETE
    return True
def list_notes() -> list:
    """List the notes."""
    LIST
'''
)
MARK, GONE = "_notes[id]['deleted'] = True", "del _notes[id]"
ROWS = "return [{'id': key, **note} for key, note in _notes.items()]"
TEXTS = "return [f\"{key}: {'[deleted] ' * bool(note.get('deleted'))}{note['title']}\" for key, note in _notes.items()]"
MARKING = {
    "in a text": (
        MARK,
        TEXTS.replace("{key}: {'[deleted] '", "{'[deleted] '").replace("}{note['title']}", "}{key}: {note['title']}"),
        "with a mark",
    ),
    "word": (
        "_notes[id]['title'] = '[deleted] ' + _notes[id]['title']; " + MARK,
        ROWS,
        "list_notes still lists * with a mark",
    ),
    "at the end": (
        MARK,
        "return [f\"{key}: {note['title']}{' (deleted)' * bool(note.get('deleted'))}\" for key, note in _notes.items()]",
        "with a mark",
    ),
}
"""What deleting does, what listing shows, and what is told of it."""
UNMARKING = [
    ("", GONE, ROWS),
    ("", MARK, ROWS),
    ("", MARK, "return [{'id': key, **note} for key, note in _notes.items() if not note.get('deleted')]"),
    ("", GONE, "return [f\"{key}: {note['title']}\" for key, note in _notes.items()] + ['deleted so far: 1']"),
    ("Delete a note: it is only marked.", MARK, ROWS),
    ("Move a note to the trash.", MARK, TEXTS),
    ("Delete a note; restore_note brings it back. Soft.", MARK, ROWS),
]


@pytest.mark.parametrize("name", MARKING)
def test_what_is_deleted_is_listed_no_more(tmp_path: Path, name: str) -> None:
    """The reader knows it no more; a list that shows it with a mark has forgotten to leave it out."""
    delete, rows, told = MARKING[name]
    found = findings_of(tmp_path, LISTED.replace("DELETE", delete).replace("LIST", rows), "", room=chain_scenarios)
    assert len(found) == 1
    assert all(part in found[0] for part in told.split("*"))


@pytest.mark.parametrize(("about", "delete", "rows"), UNMARKING)
def test_marks_that_somebody_speaks_of_accuse_nobody(tmp_path: Path, about: str, delete: str, rows: str) -> None:
    """A trash, a tombstone that is told, a list that leaves it out."""
    code = LISTED.replace("DELETE", delete).replace("LIST", rows).replace("Delete a note.", about or "Delete a note.")
    assert findings_of(tmp_path, code, "", room=chain_scenarios) == []


ONE_MORE = [
    ("key = len(_notes) + 1", GONE, ROWS, "create_note returned *, and the second thing took the place of the first"),
    (NEW, GONE, ROWS.replace("_notes.items()]", "[*_notes.items()][:-1]]"), "which it does not list"),
    ("key = next(n for n in range(1, 99) if n not in _notes)", GONE, ROWS, None),  # a number that is free again
    ("key = max(_notes, default=0) + 1", GONE, ROWS, None),
    (NEW, GONE, ROWS.replace("_notes.items()]", "[*_notes.items()][-2:]]"), None),  # the newest
    (NEW, GONE, ROWS.replace("_notes.items()]", "[*_notes.items()][:2]]"), None),  # a page
    (NEW, GONE, ROWS.replace("_notes.items()]", "_notes.items() if note['stars'] > 3]"), None),  # a selection
]


@pytest.mark.parametrize(("make", "delete", "rows", "told"), ONE_MORE)
def test_a_third_thing_has_its_own_place_and_is_listed(
    tmp_path: Path, make: str, delete: str, rows: str, told: str | None
) -> None:
    """What is made after a deletion must not overwrite what is there; a list that lacks the newest is one behind."""
    for options in ("", "newest_first: bool = False"):
        code = LISTED.replace(NEW, make).replace("DELETE", delete).replace("LIST", rows)
        code = code.replace("def list_notes()", f"def list_notes({options})")
        found = findings_of(tmp_path, code, "", room=chain_scenarios)
        assert len(found) == (told is not None)
        assert told is None or all(part in found[0] for part in told.split("*"))


def test_a_list_that_may_be_of_another_time_is_not_looked_at(tmp_path: Path) -> None:
    """It may show what it remembers; another option says nothing of that."""
    code = LISTED.replace("DELETE", GONE).replace(
        "LIST", "if not REMEMBERED: REMEMBERED.update(_notes)\n    " + ROWS.replace("_notes.", "REMEMBERED.")
    )
    code = f"REMEMBERED = {{}}\n{code}".replace("_notes[key] =", "REMEMBERED[key] = _notes[key] =")
    for option, is_told in (("refresh", False), ("newest_first", True)):
        found = findings_of(
            tmp_path, code.replace("list_notes()", f"list_notes({option}: bool = False)"), "", room=chain_scenarios
        )
        assert ["still lists" in each for each in found] == [True] * is_told
