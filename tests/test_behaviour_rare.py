"""Promises that are broken for one rare input, in another order or on another day only: found, and no twin accused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_toolcheck.behaviour import again

from .behaviour_lab import Log, findings_of

HEAD = """
import datetime, pathlib
stock = {"left": 100}
here = pathlib.Path(__file__).parent
seen = {}

def get_stock() -> dict:
    return dict(stock)

"""
WINDOW = "get_stock: {annotations: {read_only: true}}"
ENUM = "input: {type: object, properties: {kind: {enum: [a, b, c, d, e, f, g, h, i, j, k, l]}, count: {type: integer, minimum: 1, maximum: 50}, dry: {type: boolean}}, required: [kind, count, dry]}"
RARE = {
    "one member": ("kind == 'l'", '"kind": "l"'),
    "a bound": ("count == 50", '"count": 50'),
    "a combination": ("kind == 'c' and not dry", '"dry": false'),
    "once": ("kind == 'k' and stock['left'] == 100", '"kind": "k"'),
}


SERVER = """
import json, sys
seen = {"z": 1}
kinds = {"type": "object", "properties": {"kind": {"enum": ["a", "b", "c", "d"]}}, "required": ["kind"]}
shapes = {"tool": kinds, "show": {"type": "object", "properties": {}}}
listed = [{"name": n, "inputSchema": s, "annotations": {"readOnlyHint": True}} for n, s in shapes.items()]

def answer(method, params):
    if method == "initialize":
        version = params["protocolVersion"]
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": {"name": "x", "version": "1"}}
    if method == "tools/list":
        return {"tools": listed}
    if method != "tools/call":
        return {}
    kind = (params.get("arguments") or {}).get("kind")
    if kind == "c":
        ACT
    told = "ok" if params["name"] == "tool" else ", ".join(seen)
    return {"content": [{"type": "text", "text": told}], "isError": False}

for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        result = answer(request["method"], request.get("params"))
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
"""


def found(folder: Path, condition: str, act: str, more: str = "") -> list[str]:
    """Run a read-only tool that does `act` where the condition holds."""
    code = f"{HEAD}def tool(kind, count, dry):\n    if {condition}:\n        {act}\n    return {{'ok': True}}\n"
    spec = f"tools:\n  tool: {{annotations: {{read_only: true}}, {ENUM}{more}}}\n  {WINDOW}\n"
    return findings_of(folder, code, spec)


@pytest.mark.parametrize("name", RARE)
def test_a_tool_that_writes_for_one_rare_input_is_found_and_the_input_named(name: str, tmp_path: Path) -> None:
    """Among all valid inputs the one that changes the state is found by halving, also where it writes only once."""
    condition, named = RARE[name]
    [finding] = found(tmp_path, condition, "stock['left'] -= 1")
    assert finding.startswith("tool: read_only: tool is not read_only: called with {")
    assert named in finding
    assert "changes what get_stock /left answers, from 100 to 99" in finding
    assert found(tmp_path, condition, "dict(stock)") == []


def test_a_file_that_is_written_again_with_what_it_holds_is_written(tmp_path: Path) -> None:
    """The earlier cases have left the same content already; reading it, or making its folder, is no writing."""
    paths = ", checks: {read_only: {paths: [data]}}"
    (tmp_path / "data").mkdir()
    write, read = "(here / 'data' / 'last').write_text('x')", "(here / 'data').mkdir(exist_ok=True)"
    [finding] = found(tmp_path, "kind == 'l'", write, paths)
    assert '"kind": "l"' in finding
    assert finding.endswith("it writes the file data/last again")
    assert found(tmp_path, "kind == 'l'", read, paths) == []


def test_a_server_that_writes_for_one_rare_input_is_found(tmp_path: Path) -> None:
    """The same over MCP: in a server of its own, begun anew where a second time writes nothing."""
    spec = f"target: {{mcp: {{command: [{sys.executable}, MODULE.py]}}}}\ndefaults: {{variations: {{categories: [repeat]}}}}\n"
    [finding] = findings_of(tmp_path, SERVER.replace("ACT", "seen[kind] = 1"), spec)
    assert 'tool is not read_only: called with {"kind": "c"} it changes what show answers' in finding
    log = Log()
    assert findings_of(tmp_path, SERVER.replace("ACT", "seen.get(kind)"), spec, log=log) == []
    opened = [ev for ev, _ in log.events if ev == "session.opened"]
    assert len(opened) == 2, "the file's, and one to read in"


DETERMINISTIC = {
    "the day": (
        "return {'day': str(datetime.date.today())}",
        "return {'day': str(datetime.date(2026, 1, 1))}",
        "400 days later",
    ),
    "a cache with half a key": (
        "return {'sum': seen.setdefault(count, count * 10 + dry)}",
        "return {'sum': seen.setdefault((count, dry), count * 10 + dry)}",
        "with nothing called before",
    ),
}


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_equal_calls_are_compared_on_another_day_and_in_another_order(name: str, tmp_path: Path) -> None:
    """What is the same within one run, in one order, is not: seen in a new process; the twin is not accused."""
    faulty, correct, when = DETERMINISTIC[name]
    spec = f"tools:\n  tool: {{annotations: {{deterministic: true}}, {ENUM}}}\n"
    [finding] = findings_of(tmp_path, f"{HEAD}def tool(kind, count, dry):\n    {faulty}\n", spec)
    assert f"tool is not deterministic: called {when}" in finding
    assert findings_of(tmp_path, f"{HEAD}def tool(kind, count, dry):\n    {correct}\n", spec) == []


@pytest.mark.parametrize("number", [6, 12])
def test_a_hang_that_comes_once_among_repetitions_is_told(number: int, tmp_path: Path) -> None:
    """Nobody else may meet it again: the scenario that met it fails, and the twin's does not."""
    code = """
    import asyncio
    calls = []
    async def tool(n: int = 1) -> dict:
        calls.append(n)
        if len(calls) == LAST:
            await asyncio.Event().wait()
        return {"n": n}
    """
    spec = "tools: {tool: {timeout: 100ms, annotations: {idempotent: true}, checks: {isolated: false}}}\n"
    [finding] = findings_of(tmp_path, code.replace("LAST", str(number)), spec)
    assert finding.startswith("tool: timeout: tool did not answer within 100 ms")
    assert findings_of(tmp_path, code.replace("LAST", "-1"), spec) == []


def test_another_day_needs_no_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process that only asks a tool once more, `time_machine` would import it for a fixture; then it is as it was."""
    for name in [
        name for name in sys.modules if name in ("pytest", "time_machine") or name.startswith("time_machine.")
    ]:
        monkeypatch.delitem(sys.modules, name)
    assert again._time_machine().travel
    assert "pytest" not in sys.modules
    assert sys.modules["time_machine"].HAVE_PYTEST is False
