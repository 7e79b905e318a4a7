"""What a thing is given beside what it needs: it is read, and updates of something else leave it as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from .test_chains_wide import chains

NOTES = '''
def create_note(title: str, body: str = "") -> dict:
    id = next(ids)
    kept[id] = {"id": id, "title": title, "body": body}
    return {"id": id}

def get_note(id: int) -> dict:
    return found(id)

def update_note(id: int, title: str | None = None, body: str | None = None) -> dict:
    """Change a note."""
    given = {"title": title, "body": body}
    kept[id] = {**found(id), **{name: value for name, value in given.items() if value is not None}}
    return {"ok": True}
'''
TITLE_ALONE = """
def create_note(title: str, body: str | None = None) -> dict:
    id = next(ids)
    kept[id] = {"id": id, "title": title, "body": body}
    return {"id": id}

def get_note(id: int) -> str:
    note = found(id)
    return f"{note['title']}: {note['body']}"

def update_note(id: int, title: str) -> dict:
    kept[id] = {**found(id), "title": title}
    return {"ok": True}
"""
TASKS = """
from typing import Literal

def create_task(title: str, notes: str | None = None, priority: Literal["low", "high"] = "low") -> dict:
    id = next(ids)
    kept[id] = {"id": id, "title": title, "notes": notes, "priority": priority}
    return {"id": id}

def get_task(id: int) -> dict:
    return found(id)

def update_task(id: int, title: str) -> dict:
    kept[id] = {**found(id), "title": title}
    return {"ok": True}

def delete_task(id: int) -> dict:
    found(id)
    del kept[id]
    return {"ok": True}
"""
WIPED = '{**found(id), "body": "", **{name'
PAIRS: dict[str, tuple[str, str, str, str]] = {
    "cleared": (NOTES, "{**found(id), **{name", WIPED, "update_note of title also cleared body"),
    "cleared, as the update cannot even be given it": (
        TITLE_ALONE, '{**found(id), "title": title}', '{**found(id), "title": title, "body": None}',
        "update_note of title also cleared body"),
    "cleared, though a title is needed": (
        NOTES.replace("title: str | None = None, body", "title: str, body"), "{**found(id), **{name", WIPED,
        "update_note of title also cleared body"),
    "changed, as the update cannot even be given it": (
        TASKS, '"title": title}\n    return {"ok"', '"title": title, "priority": "low"}\n    return {"ok"',
        "update_task of title also changed priority from high to low"),
    "back to its default, though it was left out": (
        TASKS.replace("(id: int, title: str)", "(id: int, title: str | None = None, priority: Literal['low', 'high'] | None = None)")
        .replace('{**found(id), "title": title}', '{**found(id), "title": title or found(id)["title"], "priority": priority or found(id)["priority"]}'),
        'priority or found(id)["priority"]', 'priority or "low"', "update_task of title also changed priority from high to low"),
    "a number back to its default": (
        TASKS.replace("(id: int, title: str)", "(id: int, title: str | None = None, points: int | None = None)")
        .replace('priority: Literal["low", "high"] = "low"', "points: int = 0").replace('"priority": priority', '"points": points')
        .replace('{**found(id), "title": title}', '{**found(id), "title": title or found(id)["title"], "points": found(id)["points"] if points is None else points}'),
        'found(id)["points"] if points is None else points', "points or 0", "update_task of title also changed points from 1 to 0"),
    "a choice that is not kept": (TASKS, '"priority": priority}', '"priority": "low"}', "get_task answers priority low, whatever"),
    "mixed up": (
        TASKS, '"title": title, "notes": notes, ', '"title": notes or title, "notes": title if notes else None, ',
        "get_task answers as title what create_task was given as notes"),
    "emptied": (
        TASKS, "    del kept[id]\n", '    kept[id] = {"id": id, "title": "", "notes": None, "priority": "low"}\n',
        "get_task still answers"),
    "emptied lists": (
        NOTES.replace('body: str = ""', "tags: list[str] | None = None").replace("body: str", "tags: list[str]").replace("body", "tags"),
        "{**found(id), **{name", '{**found(id), "tags": [], **{name', "update_note of title also cleared tags, which was"),
    "dropped, as an update shows": (
        NOTES.replace("body", "phone"), '"phone": phone}\n    return {"id"', '"phone": ""}\n    return {"id"',
        "get_note answers no phone, create_note was given"),
    "a switch that goes off": (
        NOTES.replace('body: str = ""', "vip: bool = False").replace("body: str", "vip: bool").replace("body", "vip"),
        "{**found(id), **{name", '{**found(id), "vip": False, **{name', "update_note of title also changed vip from true to false"),
    "dropped": (NOTES, '"body": body}\n    return {"id"', '"body": ""}\n    return {"id"',
                "get_note answers no body, create_note was given"),
}  # fmt: skip
LONG = NOTES.replace("title: str, body", "title: str, body", 1).replace('return {"id": id}', "return dict(kept[id])")
PAIRS["cut"] = (
    "from typing import Annotated\nfrom annotated_types import MaxLen\n" + LONG.replace("body: str =", "body: Annotated[str, MaxLen(90)] ="),
    "return found(id)", 'return {**found(id), "body": found(id)["body"][:80]}', "get_note answers body n")  # fmt: skip
REPLACING = NOTES.replace("{**found(id), **{name", WIPED).replace("Change a note", "Replace a note")
CORRECT = {
    "it replaces": REPLACING,
    "what is needed and a default make a whole": NOTES.replace("title: str | None = None, body: str | None = None", "title: str, body: str = ''"),
    "set says not what stays": REPLACING.replace("Replace a", "Set the fields of a").replace("update_note", "set_note"),
    "null is as good a text as another": REPLACING.replace("Replace", "Change").replace("title: str | None = None, body", "title: str, body").replace('body: str = ""', "body: str | None = None"),
    "a date alone is taken": NOTES.replace("    id = next(ids)\n", "    if body and not body[:4].isdecimal(): raise ValueError('body: a date')\n    id = next(ids)\n"),
    "a slug follows its title": TASKS.replace("notes", "slug").replace('"title": title}', '"title": title, "slug": title.replace(" ", "-")}'),
    "a slug that is made of the title": TASKS.replace('"notes": notes', '"slug": (slug or title).replace(" ", "-")').replace("notes: str", "slug: str").replace('"title": title}', '"title": title, "slug": title.replace(" ", "-")}'),
    "a tombstone": TASKS.replace("    del kept[id]\n", '    kept[id] = {"id": id, "title": "(deleted)", "notes": None, "priority": "low"}\n'),
    "a text that is masked": NOTES.replace("body", "password").replace("return found(id)", "return {**found(id), 'password': None}"),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_given_beside_stays(name: str, tmp_path: Path) -> None:
    """The faulty tool is named with what it lost, and no word is said about its twin."""
    code, old, new, expected = PAIRS[name]
    assert code.count(old) == 1
    found = chains(tmp_path, code.replace(old, new))
    assert any(expected in finding for finding in found), found
    assert chains(tmp_path, code) == []


@pytest.mark.parametrize("name", CORRECT)
def test_other_ways_of_keeping_are_no_faults(name: str, tmp_path: Path) -> None:
    """Who replaces the whole, asks for a form, or shows no secrets does as a correct tool may."""
    assert chains(tmp_path, CORRECT[name]) == []
