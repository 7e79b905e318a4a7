"""Behaviour of MCP servers: of one in this process as much is seen as of Python tools, of a child what the system shows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_toolcheck.resilience import mcp_inside

from .behaviour_lab import Log, findings_of

HEAD = """
import asyncio, os, time
from mcp.server.mcpserver import MCPServer
server, state, kept = MCPServer("lab"), {"n": 0}, []

"""
SPEC = "target: {mcp: {server: 'MODULE.py:server'}}\ntools: {tool: {variations: {categories: [example]}MORE}}\n"
RACES = {
    "a shared variable": (
        "async def tool(name: str = 'a') -> dict:\n    state['name'] = name\n    await asyncio.sleep(0)\n    return {'hello': NAME}",
        ("NAME", "state['name']", "name"),
    ),
    "checked before it is taken": (
        "async def tool(seat: int = 1) -> dict:\n    free = seat not in kept\n    FIRST\n    SECOND\n    return {'free': free}",
        (
            "FIRST\n    SECOND",
            "await asyncio.sleep(0)\n    kept.append(seat)",
            "kept.append(seat)\n    await asyncio.sleep(0)",
        ),
    ),
}


def found(folder: Path, code: str, more: str = "", log: Log | None = None, *, cases: bool = False) -> list[str]:
    """Run a tool of a server in this process."""
    served = f"{HEAD}{code}\nserver.add_tool(tool)\n"
    spec = SPEC.replace("MORE", more).replace("[example]", "[example, concurrent]")
    return findings_of(folder, served, spec, log=log, cases=cases)


@pytest.mark.parametrize("name", RACES)
def test_a_race_in_a_server_of_this_process_is_found_under_shuffles(name: str, tmp_path: Path) -> None:
    """Async tools behind an in-process server are shuffled like plain ones; the twin is not accused."""
    code, (hole, faulty, correct) = RACES[name]
    seeds = ", checks: {isolated: {seeds: 5}}"
    [finding] = found(tmp_path, code.replace(hole, faulty), seeds)
    assert finding.startswith("tool: isolated: tool is not isolated: under seed ")
    assert found(tmp_path, code.replace(hole, correct), seeds) == []


def test_what_an_earlier_call_wrote_hides_no_writing_in_a_server_of_this_process(tmp_path: Path) -> None:
    """A call that writes once is seen in newly imported modules, where nothing has written yet; the twin is not accused."""
    code = """
def tool(name: Literal["a", "b", "z"]) -> dict:
    if name not in state: LINE
    return {"found": state.get(name)}
def list_all() -> dict:
    return dict(state)
state.clear(); state.update(a=1, b=2)
reads = ToolAnnotations(read_only_hint=True)
server.add_tool(list_all, annotations=reads)
server.add_tool(tool, annotations=reads)
"""
    head = f"from typing import Literal\nfrom mcp.types import ToolAnnotations\n{HEAD}"
    spec = "target: {mcp: {server: 'MODULE.py:server'}}\n"
    [finding] = findings_of(tmp_path, head + code.replace("LINE", "state[name] = 0"), spec, cases=True)
    assert finding.startswith("tool: read_only: tool is not read_only: called with ")
    assert findings_of(tmp_path, head + code.replace("LINE", "return {'found': None}"), spec, cases=True) == []


def test_shuffles_that_share_an_import_share_its_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting costs more than a call: three sessions serve ten shuffles of three calls, and the call after each."""
    made: list[object] = []

    class Counted(mcp_inside._Connection):
        def __init__(self, server: Any) -> None:
            made.append(self)
            super().__init__(server)

    monkeypatch.setattr(mcp_inside, "_Connection", Counted)
    code = "async def tool(name: str = 'a') -> dict:\n    await asyncio.sleep(0)\n    return {'hello': name}"
    assert found(tmp_path, code, ", checks: {isolated: {seeds: 30}}") == []
    assert 20 < len(made) < 60, "not one for each of more than 150 calls"


def test_calls_under_shuffles_are_in_the_log(tmp_path: Path) -> None:
    """Each call that a shuffle makes is logged with its seed and its answer."""
    log = Log()
    code = "async def tool(n: int = 1) -> dict:\n    await asyncio.sleep(0)\n    return {'n': n}"
    assert found(tmp_path, code, ", checks: {isolated: {seeds: [7]}}", log) == []
    started = [fields["rid"] for ev, fields in log.events if ev == "call.start" and fields["attrs"].get("seed") == 7]
    ended = {fields.get("rid"): fields for ev, fields in log.events if ev == "call.end"}
    assert len(started) in (3, 6)  # two choices of inputs
    assert all(ended[rid]["outcome"] == "accepted" and "n" in ended[rid]["attrs"]["value"] for rid in started)


def test_what_a_tool_behind_a_server_of_this_process_leaves_is_found(tmp_path: Path) -> None:
    """Descriptors and tasks that outlive the calls are a leak, a held loop is one; the twins are not accused."""
    pairs = {
        "leaves file descriptors behind": (
            "kept.append(os.open('/dev/null', os.O_RDONLY))",
            "open('/dev/null').close()",
        ),
        "leaves tasks behind": (
            "kept.append(asyncio.create_task(asyncio.Event().wait()))",
            "await asyncio.create_task(asyncio.sleep(0))",
        ),
        "answers before what it started has ended: task wait (locks.py:": (
            "kept and kept[0].set()\n    kept[:] = [asyncio.Event()]\n    asyncio.create_task(kept[0].wait())",
            "await asyncio.create_task(asyncio.sleep(0))",
        ),
        "answers before what it started has ended: task write (": (
            "asyncio.create_task(write())",
            "sent = asyncio.create_task(write()); await asyncio.sleep(0); sent.cancel()",
        ),
        "held its event loop": ("time.sleep(0.12)", "await asyncio.sleep(0.12)"),
    }
    off = ", checks: {isolated: false}"
    short = "async def write():\n    await asyncio.sleep(0)\n    await asyncio.sleep(0)\n"
    for said, lines in pairs.items():
        faulty, correct = (f"{short}async def tool(n: int = 1) -> dict:\n    {line}\n    return {{}}" for line in lines)
        [finding] = set(found(tmp_path, faulty, off, cases=True))
        assert said in finding
        assert found(tmp_path, correct, off, cases=True) == []


SERVER = """
import json, os, subprocess, sys, threading
kept, garbage = [], []
stop = threading.Event()

def work(name):
    if name == "descriptors":
        kept.append(os.open("/dev/null", os.O_RDONLY))
    elif name == "threads":
        threading.Thread(target=stop.wait, daemon=True).start()
    elif name == "children":
        kept.append(subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
    elif name == "collected":
        garbage.append(os.open("/dev/null", os.O_RDONLY))
        if len(garbage) > 20:
            list(map(os.close, garbage)), garbage.clear()
    else:
        os.close(os.open("/dev/null", os.O_RDONLY))
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
        kept or kept.append(os.open("/dev/null", os.O_RDONLY))

def answer(message):
    if message["method"] == "initialize":
        return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "x", "version": "1"}}
    if message["method"] == "tools/list":
        names = "descriptors", "threads", "children", "collected", "nothing"
        return {"tools": [{"name": name, "inputSchema": {"type": "object", "additionalProperties": False}} for name in names]}
    work(message["params"]["name"])
    return {"content": [{"type": "text", "text": "ok"}]}

for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": answer(message)}), flush=True)
"""


def test_what_a_child_server_keeps_with_every_call_is_a_leak(tmp_path: Path) -> None:
    """File descriptors, threads and children of a server over stdio are counted from outside; what is reused, or freed now and then, is none."""
    command = f"target: {{mcp: {{command: ['{sys.executable}', MODULE.py]}}}}\n"
    spec = command + "defaults: {variations: {categories: [example]}}\n"
    said = [finding.partition(":")[0::2] for finding in findings_of(tmp_path, SERVER, spec, cases=True)]
    assert [(tool, text.rpartition(" behind")[0]) for tool, text in said] == [
        ("descriptors", " leaks: descriptors leaves file descriptors"),
        ("threads", " leaks: threads leaves threads"),
        ("children", " leaks: children leaves child processes"),
    ]


def test_a_choice_that_calls_share_is_found_beside_a_text(tmp_path: Path) -> None:
    """The calls at once differ in more than a text: in the choice that the tool keeps for all of them as well."""
    code = """
    import asyncio
    from typing import Literal
    from mcp.server import MCPServer
    from mcp.types import ToolAnnotations
    server = MCPServer("x")
    state = {}
    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    async def translate(text: str, lang: Literal["de", "fr", "it"] = "de") -> str:
        state["lang"] = lang
        await asyncio.sleep(0.001)
        return f"[{state['lang']}] {text}"
    """
    spec = "target: {mcp: {server: 'MODULE.py:server'}}\n"
    found = findings_of(tmp_path, code, spec)
    assert any(told.startswith("translate: isolated: ") for told in found), found


def test_a_cache_with_half_a_key_is_found_where_no_hint_promises_anything(tmp_path: Path) -> None:
    """New servers, asked in both orders, are the evidence; one in this process is made of newly imported modules."""
    code = """
from typing import Literal
def tool(town: Literal["Oslo", "Rome"], unit: Literal["km", "mi"] = "km") -> dict:
    far = {"Oslo": 10, "Rome": 20}[town] * (2 if unit == "mi" else 1)
    kept.append({}) if not kept else None
    return {"far": kept[0].setdefault(KEY, far), "unit": unit}
"""
    spec = "target: {mcp: {server: 'MODULE.py:server'}}\ntools: {tool: {variations: {categories: [repeat]}}}\n"
    served = f"{HEAD}{code}\nserver.add_tool(tool)\n"
    [finding] = findings_of(tmp_path, served.replace("KEY", "town"), spec)
    assert "what is asked first decides" in finding
    assert findings_of(tmp_path, served.replace("KEY", "(town, unit)"), spec) == []
