"""`non_blocking` of servers in processes of their own: while a call lasts, anything else that is asked is answered."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pytest_toolcheck.clock import virtual_time
from pytest_toolcheck.spec.model import Annotations, ToolSpec
from pytest_toolcheck.targets._pinged import is_pinged, while_pinging
from pytest_toolcheck.targets.base import Outcome

from .behaviour_lab import findings_of
from .benchmarks.generators.forms import free_port

SERVER = """
import asyncio, json, sys, time

async def answer(message):
    result, method = {}, message["method"]
    if method == "initialize":
        served = {"capabilities": {"tools": {}}, "serverInfo": {"name": "lab", "version": "1"}}
        result = {"protocolVersion": "2025-06-18", **served}
    elif method == "tools/list":
        schema = {"type": "object", "properties": {"n": {"type": "integer", "default": 1}}}
        result = {"tools": [{"name": "tool", "inputSchema": schema}]}
    elif method == "tools/call":
        WAIT
        result = {"content": [{"type": "text", "text": "ok"}]}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)

async def main():
    loop, answers = asyncio.get_running_loop(), set()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if "id" in (message := json.loads(line)):
            answers.add(asyncio.create_task(answer(message)))

asyncio.run(main())
"""
SPEC = (
    "target: {mcp: {command: [python, MODULE.py]}}\n"
    "tools: {tool: {annotations: {non_blocking: true}, variations: {categories: [example]}, checks: {isolated: false}}}\n"
)


@pytest.mark.parametrize(
    ("wait", "is_found"), [("time.sleep", True), ("await asyncio.to_thread(time.sleep, 0); await asyncio.sleep", False)]
)
def test_a_server_that_answers_nothing_meanwhile_is_found(tmp_path: Path, wait: str, is_found: bool) -> None:
    """Whoever promises `non_blocking` and holds the loop is found; whoever awaits as long is not accused."""
    found = findings_of(tmp_path, SERVER.replace("WAIT", f"{wait}(0.3)"), SPEC, cases=True)
    assert bool(found) == is_found, found
    assert all("tool held its event loop for" in each for each in found)


HTTP_SERVER = """
import asyncio, json, sys, time

async def answer(reader, writer):
    head = (await reader.readuntil(b"\\r\\n\\r\\n")).decode().lower()
    length = next((int(line[15:]) for line in head.splitlines() if line.startswith("content-length:")), 0)
    await reader.readexactly(length)
    if head.startswith("post"):
        WAIT
    writer.write(b"HTTP/1.1 200 OK\\r\\nconnection: close\\r\\ncontent-length: 2\\r\\n\\r\\n" + (b"" if "head /" in head else b"{}"))
    writer.close()

async def main():
    async with await asyncio.start_server(answer, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()

asyncio.run(main())
"""
SOCKET_SERVER = """
import asyncio, json, sys, time
from websockets.asyncio.server import serve

async def answer(socket):
    async for text in socket:
        WAIT
        await socket.send(json.dumps({"id": json.loads(text)["id"], "result": "ok"}))

async def main():
    async with serve(answer, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()

asyncio.run(main())
"""
SERVED = {
    "http": (HTTP_SERVER, "call: POST /tool"),
    "websocket": (SOCKET_SERVER, "call: tool"),
}


@pytest.mark.parametrize("kind", SERVED)
@pytest.mark.parametrize(("wait", "is_found"), [("time.sleep", True), ("await asyncio.sleep", False)])
def test_a_started_service_is_asked_beside_the_call(tmp_path: Path, kind: str, wait: str, is_found: bool) -> None:
    """A service whose handler holds its loop answers nobody else; one that awaits as long does."""
    code, call = SERVED[kind]
    (tmp_path / "service.py").write_text(code.replace("WAIT", f"{wait}(0.2)"), encoding="utf-8")
    port = free_port()
    scheme = {"http": "http", "websocket": "ws"}[kind]
    spec = (
        f"target: {{{kind}: {{url: '{scheme}://127.0.0.1:{port}', start: [python, service.py, '{port}']}}}}\n"
        f"tools: {{tool: {{{call}, input: {{type: object}}, annotations: {{non_blocking: true}},\n"
        "  variations: {categories: [example]}}}\n"
    )
    found = findings_of(tmp_path, "", spec, cases=True)
    assert bool(found) == is_found, found
    assert all("tool held its event loop for" in each for each in found)


@pytest.mark.parametrize(("idle_s", "busy_s", "held_s"), [(0.3, 0.3, 0.0), (0.1, 0.3, 0.2)])
def test_what_a_ping_takes_anyway_does_not_count(
    monkeypatch: pytest.MonkeyPatch, idle_s: float, busy_s: float, held_s: float
) -> None:
    """A service that is slow to say how it is, with no call too, is not held by the call."""
    monkeypatch.setattr("pytest_toolcheck.targets._pinged._waited_ns", lambda pid: 0)  # real, where the clock is not
    is_called: list[bool] = []

    async def call() -> Outcome:
        is_called.append(True)
        await asyncio.sleep(1.0)
        return Outcome("accepted", 0)

    async def ping() -> None:
        await asyncio.sleep(busy_s if is_called else idle_s)

    with virtual_time():
        _, held_ns = asyncio.run(while_pinging(call(), ping, None))
    assert held_ns / 1e9 == pytest.approx(held_s, abs=0.05)


@pytest.mark.parametrize(
    ("checks", "promised", "is_wanted"),
    [({}, True, True), ({}, None, False), ({"non_blocking": False}, True, False), ({"non_blocking": {}}, None, False),
     ({"non_blocking": {"limit": "300ms"}}, None, True), ({"non_blocking": True}, None, True)],
)  # fmt: skip
def test_only_a_promise_is_accompanied_by_pings(checks, promised, is_wanted) -> None:
    """Without a word in the spec or a hint no call costs more; the spec's checks decide over its annotations."""
    tool = ToolSpec(name="tool", checks=checks, annotations=Annotations(non_blocking=promised))
    assert is_pinged(tool) == is_wanted
