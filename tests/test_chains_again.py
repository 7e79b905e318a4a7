"""What is put a second time is read, and an update changes what it was asked to, whatever else the thing was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.lifecycle import chain_scenarios

from .behaviour_lab import findings_of

PLACES = '''
kept = {}
def save_place(name: str, lat: float, lon: float, note: str = "") -> dict:
    """Save a place."""
    PUT
    return {"name": name, "lat": kept[name]["lat"], "lon": kept[name]["lon"]}
def get_place(name: str) -> dict:
    if name not in kept: raise ValueError(f"no place {name}")
    return {"name": name, **kept[name]}
'''
PUT = 'kept[name] = {"lat": lat, "lon": lon, "note": note}'
FIRST = 'kept.setdefault(name, {"lat": lat, "lon": lon, "note": note})'
ACCOUNTS = '''
import itertools
kept, ids = {}, itertools.count(7)
def _found(id):
    if id not in kept: raise ValueError(f"no account {id}")
    return kept[id]
def create_account(owner: str, email: str | None = None) -> dict:
    id = next(ids)
    kept[id] = {"id": id, "owner": owner, "email": email, "frozen": False, "edited": False, "balance": 0}
    return dict(kept[id])
def get_account(id: int) -> dict:
    return dict(_found(id))
def update_account(id: int, owner: str | None = None, email: str | None = None) -> dict:
    """Change an account; what is left out stays."""
    given = {"owner": owner, "email": email}
    CHANGE
    _found(id).update({name: value for name, value in given.items() if value is not None})
    return get_account(id)
def freeze_account(id: int, frozen: bool, edited: bool = False) -> dict:
    _found(id).update(frozen=frozen, edited=edited)
    return get_account(id)
'''


def _in(folder: Path, code: str) -> list[str]:
    return findings_of(folder, code, "", room=chain_scenarios)


def test_a_second_write_is_read(tmp_path: Path) -> None:
    """Also of numbers with parts."""
    assert _in(tmp_path, PLACES.replace("PUT", PUT)) == []
    inside = PLACES.replace("lat: float, lon: float", "at: Point")
    head = "from typing_extensions import TypedDict\nclass Point(TypedDict):\n    lat: float\n    lon: float\n"
    for code, put in ((PLACES, FIRST), (head + inside, FIRST.replace('"lat": lat, "lon": lon', "**at"))):
        [found] = _in(tmp_path, code.replace("PUT", put))
        assert "save_place was given l" in found
        assert "get_place still answers" in found


@pytest.mark.parametrize(
    ("code", "put"),
    [
        (PLACES.replace("save_place", "create_place"), FIRST),
        (PLACES.replace("Save a place.", "Save a place; the first one stays."), FIRST),
        (PLACES, 'if name in kept: raise ValueError("name: is there already")\n    ' + PUT),
        (PLACES, 'kept[name] = {"lat": round(lat) * 0.0, "lon": 0.0, "note": ""}'),
        (PLACES.replace('"lat": kept[name]["lat"], ', ""), 'kept[name] = {"lat": -lat, "lon": lon, "note": note}'),
    ],
    ids=["makes one only", "told", "refused", "shows something else", "turned"],
)
def test_a_second_write_that_nobody_promised(tmp_path: Path, code: str, put: str) -> None:
    """Who makes a thing once, says so, refuses, or keeps something else from the beginning is not accused of it."""
    assert not [
        found for found in _in(tmp_path, code.replace("PUT", put)) if "was given" in found and "and get" in found
    ]


UPDATES = {
    "given beside": ('given.pop("email")', "update_account was accepted, and get_account still answers email"),
    "another tool's": ('kept[id]["frozen"] = True', "update_account of owner also changed frozen from false to true"),
}


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_of_what_creation_leaves_out(tmp_path: Path, name: str) -> None:
    """An address that only some are made with, and a switch that only another tool takes."""
    change, told = UPDATES[name]
    [found] = _in(tmp_path, ACCOUNTS.replace("CHANGE", change))
    assert told in found


@pytest.mark.parametrize(
    "change",
    [
        "",
        'kept[id]["edited"] = True',
        'kept[id]["balance"] += 1',
        'given["email"] = email and email.lower()',
        'kept[id].update(frozen=kept[id]["frozen"], revision=1)',
    ],
)
def test_updates_that_are_right(tmp_path: Path, change: str) -> None:
    """What tells that there was an update, what nobody sets, what is spelled alike."""
    assert _in(tmp_path, ACCOUNTS.replace("CHANGE", change)) == []
