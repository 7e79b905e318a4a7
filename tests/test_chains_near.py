"""Things whose names begin alike, makers that only their key tells, and lists that may be asked for a page: what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.behaviour.fresh_values import begun_alike, last_in_order
from pytest_toolcheck.chains.effects import effect_scenarios
from pytest_toolcheck.chains.lifecycle import chain_scenarios
from pytest_toolcheck.chains.lists import largest_page

from .behaviour_lab import findings_of

DOCS = '''
from typing import Annotated
from pydantic import Field
Path = Annotated[str, Field(pattern="^[a-z0-9-]{1,24}$")]
kept = {}
def index_doc(doc: Path, text: str) -> dict:
    """Index a document."""
    INDEX
    return {"doc": doc}
def get_doc(doc: Path) -> dict:
    if doc not in kept: raise ValueError(f"no document {doc}")
    return {"doc": doc, "text": kept[doc]}
def remove_doc(doc: Path) -> dict:
    get_doc(doc)
    REMOVE
    return {"removed": doc}
def list_docs(limit: Annotated[int, Field(ge=1, le=50)] = 50, order: str = "doc") -> list:
    rows = [{"doc": doc, "size": len(text)} for doc, text in sorted(kept.items())]
    return LIST
'''
INDEX, REMOVE, LIST = "kept[doc] = text", "del kept[doc]", "rows[:limit]"
FAULTY = {
    "the first stays": (
        "kept.setdefault(doc, text)",
        REMOVE,
        LIST,
        "index_doc was given text * and get_doc still answers",
    ),
    "it stays": (INDEX, "", LIST, "get_doc still answers * after remove_doc was accepted"),
    "all that begin so": (
        INDEX,
        "for each in [*kept]:\n        if each.startswith(doc): del kept[each]",
        LIST,
        "also removed",
    ),
    "the last is left out": (
        INDEX,
        REMOVE,
        "rows[:-1][:limit]",
        "list_docs lists * only since * was made, which it does not list",
    ),
}
CORRECT = {
    "plain": (DOCS, INDEX, REMOVE, LIST),
    "a page": (DOCS, INDEX, REMOVE, "rows[:min(limit, 5)]"),
    "it makes none": (DOCS.replace("index_doc", "check_doc"), "pass", REMOVE, LIST),
    "it counts": (DOCS.replace("index_doc", "judge_doc"), "kept[doc] = kept.get(doc, '') + text", REMOVE, LIST),
    "no keys are listed": (DOCS, INDEX, REMOVE, "[{'size': row['size']} for row in rows]"),
    "the largest": (DOCS, INDEX, REMOVE, "sorted(rows, key=lambda row: -row['size'])[:3]"),
}


def _in(folder: Path, code: str, index: str, remove: str, listed: str) -> list[str]:
    code = code.replace("INDEX", index).replace("REMOVE", remove).replace("LIST", listed)
    return [found for room in (chain_scenarios, effect_scenarios) for found in findings_of(folder, code, "", room=room)]


@pytest.mark.parametrize("name", FAULTY)
def test_what_is_left_out_or_taken_too_is_found(name: str, tmp_path: Path) -> None:
    """Of a maker with a verb that no list of verbs has."""
    *code, told = FAULTY[name]
    [found] = _in(tmp_path, DOCS, *code)
    assert all(part in found for part in told.split("*")), found


@pytest.mark.parametrize("name", CORRECT)
def test_the_right_ones_are_not_accused(name: str, tmp_path: Path) -> None:
    """Pages, lists of other things than keys, tools that are given a key and make nothing, or more of it."""
    assert _in(tmp_path, *CORRECT[name]) == []


def test_names_that_begin_alike_and_come_last() -> None:
    """As far as the schema takes them."""
    form = {"type": "string", "pattern": "^[a-z]{2,8}/[a-z]+[.]txt$"}
    assert begun_alike(form, "docs/readme.txt") == "docs/readmex.txt"
    assert begun_alike({"type": "string", "maxLength": 3}, "abc") is None
    assert begun_alike({"type": "integer"}, 5) is None
    assert last_in_order(form, "docs/readme.txt", "7") == "zzcs/readme.txt"
    assert last_in_order({"pattern": "^[A-Z]{2}-[0-9]{4}$"}, "AB-1234", "7") == "ZZ-1234"
    assert last_in_order({"enum": ["readme"]}, "readme", "7") == "readme"
    assert last_in_order({"maxLength": 3}, "ab", "7") == "zz7"
    assert last_in_order({"maxLength": 3}, "ab", "77") == "ab"
    assert last_in_order({}, 7, "7") == 7


def test_the_largest_page() -> None:
    """As far as somebody says how large."""
    assert largest_page({"properties": {"limit": {"type": "integer", "maximum": 7}}}) == {"limit": 7}
    assert largest_page({"properties": {"limit": {"type": "integer"}, "page": {"maximum": 9}}}) == {}
