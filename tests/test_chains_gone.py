"""What was removed is listed no more, also where nothing reads one thing alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.gone import gone_scenarios

from .behaviour_lab import findings_of

MARKS = '''
kept = {}
def add_bookmark(url: str) -> dict:
    """Add a bookmark."""
    kept[len(kept) + 1] = {"id": len(kept) + 1, "url": url, "off": False}
    return {"id": len(kept), "url": url}
def remove_bookmark(id: int) -> str:
    """Remove a bookmark."""
    if id not in kept or kept[id]["off"]: raise ValueError("no such bookmark")
    kept[id]["off"] = True
    return "removed"
def list_bookmarks() -> list[dict]:
    """List the bookmarks."""
    return [{"id": b["id"], "url": b["url"]} for b in kept.values() if not b["off"]]
'''
SPEC = "allow: [destructive]\n"
SHOWN = MARKS.replace(' if not b["off"]]', "]")


def test_a_list_that_forgets_what_was_removed(tmp_path: Path) -> None:
    """A flag that the list does not look at; the twin differs by the condition alone."""
    [found] = findings_of(tmp_path, SHOWN, SPEC, room=gone_scenarios)
    assert "list_bookmarks still lists " in found
    assert ", which remove_bookmark has removed: {" in found
    assert findings_of(tmp_path, MARKS, SPEC, room=gone_scenarios) == []


def test_another_one_than_that_is_removed(tmp_path: Path) -> None:
    """The newest instead of the one that was named: one more is made before."""
    newest = MARKS.replace('kept[id]["off"] = True', 'kept[max(k for k in kept if not kept[k]["off"])]["off"] = True')
    [found] = findings_of(tmp_path, newest, SPEC, room=gone_scenarios)
    assert "list_bookmarks still lists " in found


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ("List the bookmarks.", "List the bookmarks, those in the trash too."),
        ('"url": b["url"]} for', '"url": b["url"], "off": b["off"]} for'),
        ("def remove_bookmark", "def restore_bookmark(id: int) -> str: return 'restored'\ndef remove_bookmark"),
        ("list_bookmarks()", "list_bookmarks(archived: bool = True)"),
        ('return "removed"', 'raise ValueError("busy")'),
        ('return "removed"', 'return {"deleted": False}'),
        ("list_bookmarks", "list_folders"),
        ("def list_bookmarks", "def get_bookmark(id: int) -> dict: return kept[id]\ndef list_bookmarks"),
        ('{"id": b["id"], "url": b["url"]} for', '{"url": b["url"]} for'),
        ('{"id": b["id"], "url": b["url"]} for', '"a bookmark" for'),
        ("remove_bookmark(id: int)", "remove_bookmark(id: int, why: str)"),
    ],
)
def test_lists_that_may_show_what_was_removed(tmp_path: Path, wanted: str, made: str) -> None:
    """Kept on purpose, marked, brought back, asked for, not removed, of something else, read by another tool, without its id or text."""
    assert wanted in SHOWN
    assert findings_of(tmp_path, SHOWN.replace(wanted, made), SPEC, room=gone_scenarios) == []


def test_a_list_may_be_late_once(tmp_path: Path) -> None:
    """Who answers from what was read before shows it once more, and not a second time."""
    late = (
        "def shows_once_more(b):\n    was, b['off'] = b['off'], b['off'] and 2\n    return was != 2\ndef list_bookmarks"
    )
    code = MARKS.replace("def list_bookmarks", late)
    assert (
        findings_of(tmp_path, code.replace('if not b["off"]', "if shows_once_more(b)"), SPEC, room=gone_scenarios) == []
    )


def test_another_of_the_same_values_stays(tmp_path: Path) -> None:
    """Whoever removes by the address takes both; the twin removes by the id."""
    by_url = MARKS.replace(
        '    kept[id]["off"] = True', '    for b in kept.values():\n        b["off"] |= b["url"] == kept[id]["url"]'
    )
    [found] = findings_of(tmp_path, by_url, SPEC, room=gone_scenarios)
    assert "remove_bookmark of " in found
    assert found.endswith(", which was made of the same values")
