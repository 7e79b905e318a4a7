"""Chains whose ids, verbs and answers are unlike each other: what names a thing is shown by reading it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.lifecycle import chain_scenarios

from .behaviour_lab import findings_of

HEAD = """
import itertools
from typing import Literal
ids, kept, shown = itertools.count(100), {}, {}

def known(key):
    if key not in kept: raise ValueError("there is no such thing")
    return dict(kept[key])

def made(key, **about):
    kept[key] = {KEY: key, **about}
    shown[key] = dict(kept[key])
    return key
"""
PAIRS: dict[str, tuple[str, str, str, str, str]] = {
    "a number called ref": ("ref", """
def new_order(sku: str, count: int = 1) -> dict: return {"order": {"order_ref": made(next(ids), sku=sku, count=count)}}
def show_order(ref: int) -> dict: return known(ref)
def destroy_order(ref: int) -> dict:
    known(ref); kept.pop(ref)
    return {"done": True}
""", "kept.pop(ref)", "kept.clear()", "* also removed *"),
    "a list of ids under another name": ("id", """
def create_labels(names: list[str]) -> dict: return {"created": [made(next(ids), name=name) for name in names or ["x"]]}
def get_label(label_id: int) -> dict: return known(label_id)
def delete_label(label_id: int) -> dict:
    known(label_id); kept.pop(label_id)
    return {"ok": True}
""", "kept.pop(label_id)", "pass", "get_label still answers *"),
    "a list of ids to delete": ("user_id", """
def create_user(email: str) -> dict: return {"user": {"user_id": made(next(ids), email=email)}}
def get_user(user_id: int) -> dict: return known(user_id)
def delete_users(user_ids: list[int]) -> dict:
    for each in user_ids: known(each); kept.pop(each)
    return {"ok": True}
""", "kept.pop(each)", "pass", "get_user still answers *"),
    "a place that is free again": ("slot", """
def add_booking(guest: str) -> dict: return {"slot": made(next(ids), guest=guest), "guest": guest}
def get_booking(slot: int) -> dict: return known(slot)
def remove_booking(slot: int) -> dict:
    known(slot); kept.pop(slot)
    return {"freed": True}
""", "kept.pop(slot)", "pass", "get_booking still answers *"),
    "two keys": ("key", """
def create_member(team: str, name: str) -> dict:
    made((team, name))
    return {"team": team, "name": name}
def get_member(team: str, name: str) -> dict: return {"team": known((team, name)) and team, "name": name}
def delete_member(team: str, name: str) -> dict:
    known((team, name)); [kept.pop(key) for key in list(kept) if key == (team, name)]
    return {"ok": True}
""", "if key == (team, name)", "if key[0] == team", "* also removed *"),
    "a list that shows what is softly deleted": ("id", """
def create_page(title: str) -> dict: return {**known(made(next(ids), title=title)), "deleted": False}
def get_page(id: int) -> dict: return known(id)
def delete_page(id: int) -> dict:
    known(id); kept.pop(id)
    return {"deleted": True}
def list_pages() -> list: return [page for id, page in shown.items() if id in kept]
""", " if id in kept", "", "list_pages still lists *"),
    "an update that brings back": ("id", """
def create_draft(text: str) -> dict: return {"id": made(f"d{next(ids)}", text=text)}
def get_draft(id: str) -> dict: return known(id)
def update_draft(id: str, text: str) -> dict:
    known(id); made(id, text=text)
    return {"ok": True}
def delete_draft(id: str) -> dict:
    known(id); kept.pop(id)
    return {"ok": True}
""", "known(id); made(", "made(", "update_draft of * brings back *"),
    "put, get, del": ("key", """
def put_value(key: str, value: str) -> dict:
    made(key, value=value)
    return {"ok": True}
def get_value(key: str) -> dict: return known(key)
def del_value(key: str) -> dict:
    known(key); kept.pop(key)
    return {"ok": True}
""", "kept.pop(key)", "pass", "get_value still answers *"),
    "set where nothing creates": ("key", """
def set_value(key: str, value: str) -> str: return made(key, value=value) and "OK"
def get_value(key: str) -> dict: return known(key)
def delete_value(key: str) -> int: return int(kept.pop(key, None) is not None)
""", "kept.pop(key, None) is not None", "key in kept", "get_value still answers *"),
    "a text cut off": ("name", """
def store_memo(name: str, content: str) -> str: return made(name, content=content) and "stored"
def recall_memo(name: str) -> str: return known(name)["content"]
""", "content=content)", "content=content[:3])", "recall_memo answers * alike, with the same content"),
    "write and read": ("path", """
def write_file(path: str, content: str) -> str: return made(path, content=content) and "written"
def read_file(path: str) -> str: return known(path)["content"]
def delete_file(path: str) -> dict: return {"deleted": known(path) and bool(kept.pop(path))}
""", "kept.pop(path)", "kept[path]", "read_file still answers *"),
    "save and load": ("name", """
def save_memo(name: str, text: str) -> str: return made(name, text=text) and "saved"
def load_memo(name: str) -> str: return known(name)["text"]
""", 'known(name)["text"]', 'known(name) and list(kept.values())[-1]["text"]', "load_memo answers * alike*"),
    "a switch": ("id", """
def create_todo(title: str) -> dict: return known(made(next(ids), title=title, done=False))
def get_todo(id: int) -> dict: return known(id)
def update_todo(id: int, done: bool) -> dict:
    known(id); kept[id].update(done=done)
    return {"ok": True}
""", "kept[id].update", "known(id).update", "update_todo was accepted, and get_todo still answers done false"),
    "a choice, behind a text": ("id", """
def create_job(title: str) -> dict: return known(made(next(ids), title=title, state="new"))
def get_job(id: int) -> dict: return known(id)
def set_job(id: int, title: str | None = None, state: Literal["new", "running"] | None = None) -> dict:
    known(id); kept[id].update({name: new for name, new in (("title", title), ("state", state)) if new})
    return {"ok": True}
""", '("state", state)', '("title", title)', "set_job was accepted, and get_job still answers state new"),
    "a number that is not kept": ("id", """
def create_event(title: str, seats: int) -> dict: return {"id": made(next(ids), title=title, seats=seats)}
def get_event(event_id: int) -> dict: return known(event_id)
""", "seats=seats", "seats=99", "get_event answers seats 99, whatever create_event was given"),
    "a key of a form, which the caller chooses": ("sku", """
from typing import Annotated
from pydantic import Field
Sku = Annotated[str, Field(pattern="^[A-Z]{2}-[0-9]{4}$")]
def add_item(sku: Sku, name: str) -> dict: return {**known(made(sku, name=name))}
def get_item(sku: Sku) -> dict: return known(sku)
def remove_item(sku: Sku) -> dict: return {"removed": known(sku) and bool(kept.pop(sku))}
""", "bool(kept.pop(sku))", "kept.clear()", "remove_item of * also removed *"),
    "a number that the caller chooses": ("seat", """
from typing import Annotated
from pydantic import Field
Seat = Annotated[int, Field(ge=1, le=500)]
def add_seat(seat: Seat, guest: str) -> dict: return {**known(made(seat, guest=guest))}
def get_seat(seat: Seat) -> dict: return known(seat)
def remove_seat(seat: Seat) -> dict: return {"removed": known(seat) and bool(kept.pop(seat))}
""", "bool(kept.pop(seat))", "kept.clear()", "remove_seat of * also removed *"),
    "texts that spell JSON, errors too": ("id", """
import json
BAD = json.dumps({"error": True, "code": "not_found", "message": "no such todo"})
def create_todo(text: str) -> dict: return {"result": json.dumps({"id": made(f"t{next(ids)}", text=text)}, indent=2)}
def get_todo(id: str) -> dict: return {"result": json.dumps(kept[id]) if id in kept else BAD}
def update_todo(id: str, text: str, done: bool) -> dict: return {"result": BAD if id not in kept or not done else json.dumps({"id": made(id, text=text)})}
def delete_todo(id: str) -> dict: return {"result": json.dumps({"gone": bool(kept.pop(id))}) if id in kept else BAD}
""", "bool(kept.pop(id))", "True", "get_todo still answers t1*"),
    "one of few keys, made twice": ("shelf", """
Shelf = Literal["a"]
def add_shelf(shelf: Shelf, label: str) -> dict: return {**known(made(shelf, label=label))}
def get_shelf(shelf: Shelf) -> dict: return known(shelf)
def remove_shelf(shelf: Shelf) -> dict: return {"removed": known(shelf) and bool(kept.pop(shelf))}
""", "bool(kept.pop(shelf))", "True", "get_shelf still answers *"),
}  # fmt: skip
"""What the id is called, the code, what in it is right, what instead is faulty, and what is found."""


def found(folder: Path, key: str, code: str) -> list[str]:
    """Run the chains of the tools of a module."""
    return findings_of(folder, HEAD.replace("KEY", repr(key)) + code, "", room=chain_scenarios)


@pytest.mark.parametrize("name", PAIRS)
def test_a_faulty_chain_is_found_and_its_twin_passes(name: str, tmp_path: Path) -> None:
    """Each pair: exactly the faulty one is told, with what it does."""
    key, code, right, faulty, said = PAIRS[name]
    assert found(tmp_path, key, code) == []
    [finding] = found(tmp_path, key, code.replace(right, faulty, 1))
    assert all(part in finding for part in said.split("*")), finding


def test_what_the_caller_names_may_be_made_by_an_update(tmp_path: Path) -> None:
    """An update that makes what is not there is meant so where the caller chooses the key."""
    code = """
def create_entry(key: str, text: str) -> dict: return {"key": made(key, text=text)}
def get_entry(key: str) -> dict: return known(key)
def update_entry(key: str, text: str) -> dict: return {"key": made(key, text=text)}
def delete_entry(key: str) -> dict: return {"gone": known(key) and kept.pop(key)}
"""
    assert found(tmp_path, "key", code) == []


def test_a_switch_may_change_what_follows_from_it(tmp_path: Path) -> None:
    """What is done has another status: nobody is accused of changing it beside."""
    code = """
def create_todo(title: str, status: Literal["open", "done"] = "open") -> dict:
    return known(made(next(ids), title=title, status=status, done=status == "done"))
def get_todo(id: int) -> dict: return known(id)
def update_todo(id: int, done: bool | None = None, status: Literal["open", "done"] | None = None) -> dict:
    known(id); done = (status == "done") if done is None else done
    kept[id].update(done=done, status="done" if done else "open")
    return {"ok": True}
"""
    assert found(tmp_path, "id", code) == []


def test_what_is_booked_is_not_made_by_booking_it(tmp_path: Path) -> None:
    """A verb that acts on a thing begins no chain: the room has a name of its own."""
    code = """
made(1, name="Blue room")
def book_room(room_id: int, name: str) -> dict: return {"booking": 7, "name": known(room_id) and name}
def get_room(room_id: int) -> dict: return known(room_id)
"""
    assert found(tmp_path, "id", code) == []
