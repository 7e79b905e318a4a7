"""Tools with verbs of their own: one that takes what the maker takes changes the thing, one may end it, one adds to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_toolcheck.chains.effects import effect_scenarios
from pytest_toolcheck.chains.lifecycle import chain_scenarios

from .behaviour_lab import findings_of

DAYS = """
import datetime, itertools
from typing import Annotated
from pydantic import Field
kept, ids = {}, itertools.count(1)
Start = Annotated[int, Field(ge=0, le=1439, description="minute")]
def _found(event_id):
    if event_id not in kept: raise ValueError(f"no event {event_id}")
    return kept[event_id]
def add_event(title: str, day: datetime.date, start: Start = 540) -> dict:
    key = f"ev{next(ids)}"
    kept[key] = {"event_id": key, "title": title, "day": str(day), "start": start, "state": "planned"}
    return dict(kept[key])
def get_event(event_id: str) -> dict:
    return dict(_found(event_id))
def move_event(event_id: str, start: Start, day: datetime.date | None = None) -> dict:
    _found(event_id)
    MOVE
    return get_event(event_id)
def cancel_event(event_id: str) -> str:
    _found(event_id)
    CANCEL
    return "cancelled"
"""
MOVE = 'kept[event_id].update(start=start, day=str(day or kept[event_id]["day"]))'
GONE, MARKED = "del kept[event_id]", 'kept[event_id]["state"] = "cancelled"'
FAULTY = {
    "not the start": (
        MOVE.replace("start=start, ", ""),
        GONE,
        "move_event was accepted, and get_event still answers start",
    ),
    "the title too": (
        MOVE.replace("start=start", 'start=start, title=""'),
        GONE,
        "move_event of start also changed title",
    ),
    "all events": (MOVE, "kept.clear()", "cancel_event of * also removed *"),
    "one more": (MOVE, GONE + "\n    if kept: kept.popitem()", "cancel_event of * also removed *"),
    "all are marked": (
        MOVE,
        'for each in kept.values(): each["state"] = "cancelled"',
        "cancel_event of * also changed *: /state",
    ),
}
CORRECT = {
    "gone": (DAYS, MOVE, GONE),
    "marked": (DAYS, MOVE, MARKED),
    "a copy": (DAYS.replace("move_event", "copy_event"), "kept[event_id + 'c'] = {**kept[event_id], 'start': start, 'day': str(day)}", GONE),
    "it tells": (DAYS.replace("move_event", "preview_event"), "return {**kept[event_id], 'start': start}", MARKED),
    "by so much": (DAYS, MOVE.replace("start=start", 'start=(kept[event_id]["start"] + start) % 1440'), MARKED),
    "one is chosen": (
        DAYS.replace("cancel_event", "choose_event"), MOVE,
        'for each in kept.values(): each["state"] = "chosen" if each is kept[event_id] else "planned"'),
    "counted": (DAYS, MOVE, MARKED + '\n    for each in kept.values(): each["cancelled"] = each.get("cancelled", 0) + 1'),
}  # fmt: skip


def _in(folder: Path, code: str, move: str, cancel: str) -> list[str]:
    code = code.replace("MOVE", move).replace("CANCEL", cancel)
    return [found for room in (chain_scenarios, effect_scenarios) for found in findings_of(folder, code, "", room=room)]


@pytest.mark.parametrize("name", FAULTY)
def test_what_such_a_tool_does_wrong_is_found(name: str, tmp_path: Path) -> None:
    """What was asked for, and nothing else, of this thing alone."""
    move, cancel, told = FAULTY[name]
    [found] = _in(tmp_path, DAYS, move, cancel)
    assert all(part in found for part in told.split("*")), found


@pytest.mark.parametrize("name", CORRECT)
def test_such_tools_that_are_right_are_not_accused(name: str, tmp_path: Path) -> None:
    """Copies, rehearsals, steps, one of many that is chosen, a number that all show."""
    assert _in(tmp_path, *CORRECT[name]) == []


FILES = """
kept = {}
def write_file(path: str, content: str) -> dict:
    kept[path] = content
    return {"path": path, "bytes": len(content)}
def read_file(path: str) -> dict:
    if path not in kept: raise ValueError(f"no file {path}")
    return {"path": path, "content": kept[path]}
def append_file(path: str, content: str) -> dict:
    read_file(path)
    kept[path] = ADDED
    return {"path": path, "bytes": len(kept[path])}
"""


def test_what_is_added_to_a_text_leaves_it_there(tmp_path: Path) -> None:
    """At its end or its beginning; a tool that does not say that it adds may replace."""
    for added in ("kept[path] + content", "content + kept[path]", 'kept[path] + "\\n" + content'):
        assert findings_of(tmp_path, FILES.replace("ADDED", added), "", room=effect_scenarios) == []
    [found] = findings_of(tmp_path, FILES.replace("ADDED", "content"), "", room=effect_scenarios)
    assert "append_file of" in found
    assert "dropped what was there" in found
    fills = FILES.replace("ADDED", "content").replace("append_file", "fill_file")
    assert findings_of(tmp_path, fills, "", room=effect_scenarios) == []


DESK = """
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
server, kept = MCPServer("desk"), {}
@server.tool()
def add_event(title: str) -> dict:
    kept[key := f"ev{len(kept) + 1}"] = title
    return {"event_id": key, "title": title}
@server.tool()
def get_event(event_id: str) -> dict:
    if not kept.get(event_id): raise ToolError("no such event")
    return {"event_id": event_id, "title": kept[event_id]}
@server.tool()
def END(event_id: str) -> str:
    if not kept.get(event_id): SAY
    kept[event_id] = None
    return "done"
"""


@pytest.mark.parametrize("name", ["delete_event", "cancel_event"])
def test_an_error_about_what_is_gone_is_no_success(name: str, tmp_path: Path) -> None:
    """Its result must say so by its flag; that nothing was there to end may be an answer."""
    spec = "target: {mcp: {server: 'MODULE.py:server'}}\n"
    told = []
    for said in ('return "Error: no such event"', 'raise ToolError("no such event")', 'return "there was none"'):
        code = DESK.replace("END", name).replace("SAY", said)
        rooms = (chain_scenarios, effect_scenarios)
        told.append([found for room in rooms for found in findings_of(tmp_path, code, spec, room=room)])
    assert len(told[0]) == 1
    assert "reports an error as a success (isError false)" in told[0][0]
    assert told[1:] == [[], []]
