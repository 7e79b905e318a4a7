"""What a chain does beside what it was asked for: other fields, other things, lists, a second deletion, answers in text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_toolcheck.chains.answers import changed_beside, mistaken
from pytest_toolcheck.chains.lists import Listed
from pytest_toolcheck.chains.roles import role_of_tool
from pytest_toolcheck.chains.tools import Chain, chain_from
from pytest_toolcheck.chains.values import denies, keyed_values
from pytest_toolcheck.checks.no_crash import shows_crash
from pytest_toolcheck.rooms import _may_create
from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets.base import ToolDescription

from .specs import run, write_tool
from .test_chains import spec_of, tool, write

SHOP = '''
import itertools
_ids, _notes, _gone, _rows = itertools.count(100), {}, set(), []

def create_note(title: str, stars: int = 1):
    """Create a note."""
    key = f"note-{next(_ids)}"
    _notes[key] = {"title": title, "stars": stars}
    _rows.append(key)
    return {"notes": [{"note_id": key}]}

def get_note(id: str):
    """Get a note."""
    if id not in _notes: raise ValueError("id: no such note")
    return dict(_notes[id])

def update_note(id: str, title: str, stars: int | None = None):
    """Update a note."""
    get_note(id)
    _notes[id]["title"] = title
    if stars is not None: _notes[id]["stars"] = stars
    return {"ok": True}

def delete_note(id: str):
    """Delete a note."""
    if id not in _notes: raise ValueError("id: no such note")
    _gone.add(id)
    _rows.remove(id)
    _notes.pop(id)
    return {"ok": True}

def get_notes():
    """All notes."""
    return {"notes": [key for key in _rows]}
'''
TEXT = (
    "    return dict(_notes[id])",
    "    return f\"Note {id}: title={_notes[id]['title']}, stars={_notes[id]['stars']}\"",
)
MADE = '"stars": stars}\n    _rows.append(key)\n    return {"notes": [{"note_id": key}]}'
ECHOED = '"stars": stars}\n    _rows.append(key)\n    return {"note_id": key, "title": title, "stars": stars}'
FAULTY = {
    "lost": (MADE, ECHOED.replace("stars}", "1}", 1), "get_note answers stars 1, create_note was given and *"),
    "field": ('    if stars is not None: _notes[id]["stars"] = stars\n', '    _notes[id]["stars"] = 0\n', "*changed stars*"),
    "spread": ('    _notes[id]["title"] = title\n', "    for n in _notes.values(): n['title'] = title\n", "*also changed *"),
    "fixed": ("dict(_notes[id])", "dict(next(iter(_notes.values())))", "get_note answers * alike*"),
    "twice": ('no such note")\n    _gone', 'no such note") if id not in _gone else KeyError(id)\n    _gone', "*had deleted before"),
    "afterwards": ('no such note")\n    return', 'no such note") if id not in _gone else KeyError(id)\n    return', "get_note crashed on what *"),
    "unlisted": ("_rows.append(key)", "_rows or _rows.append(key)", "get_notes lists what there was before*"),
    "listed": ("_rows.remove(id)", "pass", "get_notes still lists *, which has been deleted"),
    "worded": (TEXT[0], TEXT[1].replace("_notes[id]['title']", "next(iter(_notes.values()))['title']"), "get_note answers *"),
    "liar": ('{"note_id": key}', '{"note_id": key + "9"}', "get_note refuses *"),
    "all": ("_notes.pop(id)", "_notes.clear()", "delete_note of * also removed *"),
    "deaf": ('    _notes[id]["title"] = title\n', "", "update_note was accepted, and get_note still answers title *"),
}  # fmt: skip
CORRECT = {
    "echoed": (MADE, ECHOED),
    "whole": ("", ""),
    "rows": ("[key for", "[{'id': key, **_notes[key]} for"),
    "said": TEXT,
    "twice_ok": ('    if id not in _notes: raise ValueError("id: no such note")\n    _g', "    if id in _gone: return {'ok': True}\n    get_note(id)\n    _g"),
    "unfound": ('raise ValueError("id: no such note")\n    return dict', "return {'found': False}\n    return dict"),
    "replaced": ("stars: int | None = None):", "stars: int = 1):"),
    "masked": ("dict(_notes[id])", "{'title': '***'}"),
    "cut": ("dict(_notes[id])", "{'title': _notes[id]['title'][:6]}"),
    "paged": ("for key in _rows]}", "for key in _rows[:1]], 'next': len(_rows)}"),
    "buried": ("[key for", "[{'id': key, 'gone': key in _gone} for"),
}  # fmt: skip


def test_what_a_chain_does_beside_is_seen(pytester: pytest.Pytester) -> None:
    """Another field, another thing, a list, a second deletion; a correct twin, in whatever form it answers, passes."""
    for name, (old, new, *_) in (FAULTY | CORRECT).items():
        assert old in SHOP
        code = SHOP.replace(old, new, 1) if old else SHOP
        write(pytester, name, code.replace("_rows.remove(id)", "pass") if name == "buried" else code)
    result = run(pytester, "-k", "chain", "-rA", "--toolcheck-log=off")
    shown = "[[]create_note-get_note-update_note-delete_note]"
    for name, (_, _, message) in FAULTY.items():
        result.stdout.fnmatch_lines_random([f"FAILED {name}.tool.yaml::create_note::chain{shown} - chain: {message}"])
    for name in CORRECT:
        result.stdout.fnmatch_lines_random([f"PASSED {name}.tool.yaml::create_note::chain{shown}"])
    result.assert_outcomes(passed=len(CORRECT), failed=len(FAULTY))


def test_http_tools_belong_together_by_method_and_path(tmp_path: Any) -> None:
    """Names that a framework made of its paths say nothing: the operation does. Actions on a thing do not create one."""

    def operation(source: str, name: str, *keys: str) -> ToolDescription:
        schema = {"type": "object", "properties": {key: {"type": "string"} for key in keys}, "required": list(keys)}
        return ToolDescription(name, input_schema=schema, source=source)

    tools = [
        operation("POST /v1/notes", "make_it_v1_notes_post", "title"),
        operation("GET /v1/notes/{note_id}", "read_it_notes__note_id__get", "note_id"),
        operation("GET /v1/notes", "notes_get"),
        operation("PUT /v1/notes/{note_id}", "x", "note_id", "title"),
        operation("DELETE /v1/notes/{note_id}", "y", "note_id"),
        operation("POST /v1/notes/{note_id}/archive", "create_note", "note_id"),
    ]
    named = [tool.name for tool in tools]
    spec = spec_of(tmp_path)
    assert chain_from(spec, named[0], tools) == Chain(named[0], named[1], "note_id", "x", "y", "notes_get")
    assert chain_from(spec, "create_note", tools) is None


def test_http_tools_that_are_called_by_name_belong_together_by_it(tmp_path: Any) -> None:
    """`POST /get_note`: the method says nothing there, the last part of the path does; of a resource it does not."""

    def posted(path: str, *keys: str) -> ToolDescription:
        schema = {"type": "object", "properties": {key: {"type": "string"} for key in keys}, "required": list(keys)}
        return ToolDescription(path, input_schema=schema, source=f"POST {path}")

    tools = [posted("/create_note", "title"), posted("/get_note", "id"), posted("/deleteNote", "id")]
    assert chain_from(spec_of(tmp_path), "/create_note", tools) == Chain(
        "/create_note", "/get_note", "id", None, "/deleteNote"
    )
    assert role_of_tool(posted("/notes/search")) == ("create", "search")
    assert role_of_tool(posted("/address-changes")) == ("create", "address_change")


def test_what_is_posted_may_begin_a_chain() -> None:
    """Whatever its operation is called; an upload is asked too, and has no siblings."""
    named = [ToolSpec("items_post"), ToolSpec("x", call="POST /items"), ToolSpec("addItem")]
    assert [_may_create(tool) for tool in named] == [True] * 3
    assert not any(_may_create(tool) for tool in (ToolSpec("compost"), ToolSpec("x", call="GET /items")))
    assert _may_create(ToolSpec("openAccount"), "POST /accounts")
    assert not _may_create(ToolSpec("compost"), "GET /items")


def test_what_is_put_under_a_name_is_made_by_it(tmp_path: Any) -> None:
    """Where nothing else makes such things and the caller chooses the name; a change of one that is posted makes none."""

    def operation(source: str, name: str, *keys: str) -> ToolDescription:
        schema = {"type": "object", "properties": {key: {"type": "string"} for key in keys}, "required": list(keys)}
        return ToolDescription(name, input_schema=schema, source=source)

    put = operation("PUT /places/{name}", "keepPlace", "name", "lat")
    others = [
        operation("GET /places/{name}", "thePlace", "name"),
        operation("DELETE /places/{name}", "noPlace", "name"),
    ]
    assert _may_create(ToolSpec("keepPlace"), put.source)
    assert chain_from(spec_of(tmp_path), "keepPlace", [put, *others]) == Chain(
        "keepPlace", "thePlace", "name", None, "noPlace"
    )
    posted = operation("POST /places", "newPlace", "lat")
    assert chain_from(spec_of(tmp_path), "keepPlace", [put, posted, *others]) is None
    patched = operation("PATCH /places/{name}", "setPlace", "name", "lat")
    assert chain_from(spec_of(tmp_path), "setPlace", [patched, *others]) is None


def test_a_reader_without_parameters_lists(tmp_path: Any) -> None:
    """`get_notes` beside `get_note` is no second reader."""
    everything = ToolDescription("get_notes", input_schema={"type": "object", "properties": {}})
    chain = chain_from(spec_of(tmp_path), "create_note", [tool("create_note"), tool("get_note"), everything])
    assert chain == Chain("create_note", "get_note", "id", lister="get_notes")


def test_ids_are_found_under_their_other_names() -> None:
    """In lists, nested, as `id`, `uuid`, `key` or after the noun; never the id of something else."""
    assert list(keyed_values({"notes": [{"note_id": 7}]}, "id", "note")) == [7]
    assert list(keyed_values({"data": {"uuid": "u-1"}}, "noteId")) == ["u-1"]
    assert list(keyed_values({"key": "k", "owner_id": 3, "id": "i"}, "item_id")) == ["i", "k"]
    assert list(keyed_values({"owner_id": 3}, "id", "note")) == []
    assert list(keyed_values({"id": 3}, "name")) == []


@pytest.mark.parametrize(
    ("before", "after", "arguments", "found"),
    [
        ({"a": "x", "b": 5}, {"a": "y", "b": 0}, {}, ("b", 5, 0)),
        ({"a": "x", "b": 5}, {"a": "y", "b": 2}, {}, None),
        ({"a": "x", "b": 5}, {"a": "y", "b": 2}, {"b": 5}, ("b", 5, 2)),
        ({"a": "x", "b": 5}, {"a": "y"}, {}, None),
        ({"a": "x", "version": 1}, {"a": "y", "version": 2}, {}, None),
        ({"a": "x", "length": 1}, {"a": "y", "length": 2}, {}, None),
        ("a=x, b=5", "a=y, b=0", {}, ("b", "5", "0")),
        ("5 of x", "0 of y", {}, None),
    ],
)
def test_only_parameters_that_nobody_asked_to_change_are_watched(
    before: Any, after: Any, arguments: Mapping[str, Any], found: object
) -> None:
    """A default or nothing in place of what is left out replaces; a version moves on; what is derived is free."""
    schema = {"properties": {"a": {}, "b": {"default": 2}, "version": {}}}
    assert changed_beside(before, after, arguments, ("a",), [schema], {"b": 5}) == found


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"name": "sample 2"}, "name"),
        ({"name": "***"}, None),
        ({"name": "samp"}, None),
        ({"name": "sample"}, "name"),
        ({"state": "stored"}, None),
        ("the sample 1", "name"),
        ("stored", None),
        ("a sample", "name"),
    ],
)
def test_equal_answers_about_different_things(answer: object, found: str | None) -> None:
    """They are mixed up where they show what differs; a value cut short and an answer that shows nothing are free."""
    assert mistaken(answer, {"name": ("sample 1", "sample 2")}, {"name": "sample"}) == found


def test_a_list_of_a_round_number_may_be_a_page() -> None:
    """As is one that comes with a cursor; a list that was empty is no evidence."""
    for rows, is_found in (([1, 2], True), (list(range(10)), False), ([], False), ({"rows": [1], "next": 2}, False)):
        listed = Listed("list", lambda rows=rows: rows)  # type: ignore[misc]
        assert (listed.missing("k", "l") is not None) == is_found
    assert Listed(None, lambda: [1]).missing("k", "l") is None


def test_a_refusal_that_says_nothing_is_looked_up_in_the_log() -> None:
    """The MCP SDK sends only that there was an error; what the server logged tells a crash from a refusal."""
    logged = "Traceback (most recent call last):\n  ...\nKeyError: 0\n"
    assert shows_crash("Error executing tool drop", logged)
    assert not shows_crash("Error executing tool drop", logged.replace("KeyError", "ValueError"))
    assert not shows_crash("Error executing tool drop: no such item", logged)
    assert shows_crash("KeyError: 0")


def test_the_interpreter_s_words_are_told_from_a_tool_s_own() -> None:
    """A tool may refuse a division by zero in words of its own; the interpreter's alone are those of a crash."""
    for words in ("division by zero", "float division by zero", "integer division or modulo by zero"):
        assert shows_crash(words)
        assert shows_crash(f"Error executing tool divide: {words}")
        assert shows_crash(f'{{"error": "{words}", "code": 1}}')
    for own in ("division by zero is not defined: b must not be 0", "b: a division by zero, give another number"):
        assert not shows_crash(f"Error executing tool divide: {own}")


def test_an_answer_may_deny_that_anything_was_done() -> None:
    """`false`, or a flag of success that is false."""
    assert [denies(value, "delete") for value in (False, {"deleted": False})] == [True, True]
    assert not denies({"id": 3, "deleted": False}, "read"), "there it is a state"
    assert not any(denies(value, "delete") for value in (0, {"deleted": True}, {"done": False}, None, "false"))


TASKS = '''
_tasks = {}

def create_task(title: str, done: bool = False, pieces: int = 2) -> dict:
    """Create a task."""
    key = len(_tasks) + 100
    _tasks[key] = {"id": key, "title": title, "done": done, "pieces": pieces}
    return dict(_tasks[key])

def get_task(id: int) -> dict:
    """Get a task."""
    if id not in _tasks: raise ValueError(f"id: no task {id!r}")
    return dict(_tasks[id])

def update_task(id: int, done: bool | None = None, pieces: int | None = None) -> dict:
    """Change a task; what is left out stays."""
    task = _tasks[get_task(id)["id"]]
    if done is not None: task["done"] = done
    if pieces is not None: task["pieces"] = pieces
    return dict(task)
'''


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("if done is not None:", "if done:", "update_task was accepted, and get_task still answers done true"),
        ("if pieces is not None:", "if pieces:", "update_task was accepted, and get_task still answers pieces *"),
        ("", "", None),
        ("pieces: int | None = None", "pieces: int = 0", None),
        ('task["pieces"] = pieces', 'task["pieces"] = max(pieces, 1)', None),
        (
            "if pieces is not None:",
            "if pieces is not None and pieces < 1: raise ValueError('too few')\n    if pieces:",
            None,
        ),
    ],
)
def test_an_update_to_false_or_nothing_is_one(
    pytester: pytest.Pytester, old: str, new: str, message: str | None
) -> None:
    """What is given as `false` or 0 is not left out, but where 0 is the default, is refused, or is kept in bounds."""
    code = TASKS.replace(old, new) if old else TASKS
    code = code.replace("if pieces is not None:", "if pieces:") if "int = 0" in new else code
    write_tool(pytester, code, "defaults: {variations: {fuzz: 0, categories: [required]}}\n")
    result = run(pytester, "-k", "chain", "--toolcheck-log=off")
    result.assert_outcomes(
        **({"failed": 1} if message else {"passed": 1}), deselected=result.parseoutcomes()["deselected"]
    )
    if message:
        result.stdout.fnmatch_lines([f"*chain: {message}*"])
