"""`leaks` and `non_blocking`: seen in ordinary cases, believed only when it repeats; correct twins are not accused."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import psutil
import pytest

from pytest_toolcheck.spec.model import ToolSpec
from pytest_toolcheck.targets import _observe

from .behaviour_lab import findings_of

HEAD = "import asyncio, os, pathlib, subprocess, sys, threading, time\nkept, gates = [], []\nSTOP = pathlib.Path(__file__).with_name('stop')\n"
LEAKS = {
    "file descriptors": (
        "def tool() -> str:\n    kept.append(os.open('/dev/null', os.O_RDONLY))\n    return 'ok'",
        "def tool() -> str:\n    kept or kept.append(os.open('/dev/null', os.O_RDONLY))\n    return 'ok'",
    ),
    "threads": (
        "def tool() -> str:\n    kept.append(threading.Thread(target=STOP.read_bytes))\n    kept[-1].start()\n    return 'ok'",
        "def tool() -> str:\n    threading.Thread(target=lambda: None).start()\n    return 'ok'",
    ),
    "child processes": (
        "def tool() -> str:\n    kept.append(subprocess.Popen(['sleep', '60']))\n    return 'ok'",
        "def tool() -> str:\n    subprocess.run(['true'])\n    return 'ok'",
    ),
    "tasks": (
        "async def tool() -> str:\n    kept.append(asyncio.create_task(asyncio.sleep(3600)))\n    return 'ok'",
        "async def tool() -> str:\n    kept.append(asyncio.create_task(asyncio.sleep(0.001)))\n    return 'ok'",
    ),
}
CLEAN_UP = """

def _clean_up():
    for thing in kept:
        getattr(thing, "kill", getattr(thing, "close", getattr(thing, "cancel", int)))()
        getattr(thing, "wait", int)()
import atexit
atexit.register(_clean_up)
"""
CHECKS = "variations: {categories: [example]}"


def found(folder: Path, code: str, more: str = "") -> list[str]:
    """Run the cases of one tool. Children and threads that it leaves behind end here: virtual time sees them in later tests."""
    (folder / "stop").exists() or os.mkfifo(folder / "stop")
    try:
        return findings_of(folder, HEAD + code + CLEAN_UP, f"tools: {{tool: {{{CHECKS}{more}}}}}\n", cases=True)
    finally:
        for child in psutil.Process().children():
            if child.name() == "sleep":
                child.kill()
                child.wait()
        os.close(os.open(folder / "stop", os.O_RDWR))  # whoever waits for the other end gets on


@pytest.mark.parametrize("kind", LEAKS)
def test_what_outlives_each_call_is_a_leak(kind: str, tmp_path: Path) -> None:
    """Growth with every call is a leak; one that is kept and used again, and one that ends by itself, are none."""
    faulty, correct = LEAKS[kind]
    assert found(tmp_path, faulty) == [f"tool: leaks: tool leaves {kind} behind: 5 more after 5 further calls"]
    assert found(tmp_path, correct) == []


UNAWAITED = {
    "task _send (": (
        (
            "async def _send(gate):\n    await gate.wait()\n\n"
            "async def tool() -> str:\n    [gate.set() for gate in gates]\n    gates[:] = [asyncio.Event()]\n"
            "    sent = asyncio.create_task(_send(gates[0]))\n    WAIT\n    return 'ok'"
        ),
        "gates[0].set(); await sent",
    ),
    "thread late": (
        (
            "def tool() -> str:\n    [gate.set() for gate in gates]\n    gates[:] = [threading.Event()]\n"
            "    sent = threading.Thread(target=gates[0].wait, args=(2,), name='late')\n    sent.start()\n    WAIT\n    return 'ok'"
        ),
        "gates[0].set(); sent.join()",
    ),
}


@pytest.mark.parametrize("said", UNAWAITED)
def test_what_a_call_starts_and_does_not_wait_for_is_told(said: str, tmp_path: Path) -> None:
    """A task or thread that ends by itself after each answer has outlived its call; one that is awaited, or winding down, has not."""
    code, waits = UNAWAITED[said]
    try:
        [finding] = found(tmp_path, code.replace("WAIT", "pass"))
    finally:
        for thread in threading.enumerate():
            if thread.name == "late":
                thread.join()
    assert finding.startswith(f"tool: leaks: tool answers before what it started has ended: {said}")
    assert found(tmp_path, code.replace("WAIT", waits)) == []
    assert found(tmp_path, code.replace("WAIT", "gates[0].set()")) == []


def test_leaks_can_be_switched_off(tmp_path: Path) -> None:
    """`checks: {leaks: false}`, for tools that start what is to stay."""
    spec = "tools: {tool: {variations: {categories: [example]}, checks: {leaks: false}}}\n"
    assert findings_of(tmp_path, HEAD + LEAKS["tasks"][0] + CLEAN_UP, spec, cases=True) == []


BLOCKS = "async def tool(fast: bool = False) -> str:\n    {wait}\n    return 'ok'"


def test_a_held_loop_is_found(tmp_path: Path) -> None:
    """`time.sleep` in an async tool holds its loop (measured in virtual time here); awaiting as long does not."""
    virtual = ", clock: virtual"
    [finding] = set(found(tmp_path, BLOCKS.format(wait="time.sleep(0.2)"), virtual))
    assert finding == "tool: non_blocking: tool held its event loop for 200 ms, allowed are 100 ms"
    assert found(tmp_path, BLOCKS.format(wait="await asyncio.sleep(0.2)"), virtual) == []
    assert found(tmp_path, BLOCKS.format(wait="await asyncio.to_thread(time.sleep, 0.2)"), virtual) == []
    assert found(tmp_path, BLOCKS.format(wait="time.sleep(0.05)"), virtual) == []


def test_a_first_call_that_prepares_something_is_no_habit(tmp_path: Path) -> None:
    """A lazy import holds the loop once: not accused."""
    once = "waited or (waited.append(0), time.sleep(0.2))"
    assert found(tmp_path, "waited = []\n" + BLOCKS.format(wait=once), ", clock: virtual") == []


def test_a_hang_costs_its_limit_once(tmp_path: Path) -> None:
    """Several inputs hang: one is judged after the whole limit, the next are given up sooner and skipped."""
    code = (
        "import asyncio\nasync def tool(n: int = 1) -> str:\n    n == 1 or await asyncio.sleep(3600)\n    return 'ok'\n"
    )
    spec = "tools: {tool: {clock: virtual, variations: {categories: [boundary]}, input: INPUT}}\n"
    schema = "{type: object, properties: {n: {type: integer, minimum: 1, maximum: 9}}, required: [n]}"
    found = findings_of(tmp_path, code, spec.replace("INPUT", schema), cases=True)
    assert [each for each in found if "timeout" in each] == ["tool: timeout: tool did not answer within 10 s"]


def test_the_limit_can_be_set(tmp_path: Path) -> None:
    """`checks: {non_blocking: {limit: 300ms}}`."""
    spec = (
        "tools: {tool: {clock: virtual, variations: {categories: [example]}, checks: {non_blocking: {limit: LIMIT}}}}\n"
    )
    code = HEAD + BLOCKS.format(wait="time.sleep(0.2)")
    assert findings_of(tmp_path, code, spec.replace("LIMIT", "300ms"), cases=True) == []
    assert findings_of(tmp_path, code, spec.replace("LIMIT", "150ms"), cases=True) != []


OWN = """
async def write(text):
    await asyncio.sleep(0)
    kept.append(len(text))

async def tool() -> str:
    await write("x")
    return "ok"

def unused():
    kept.clear()
"""
NOT_AWAITED = {
    "a task that ends at its next step": 'kept.append(asyncio.ensure_future(write("x")))',
    "a task that ends soon": 'kept.append(asyncio.create_task(write("x"), name="soon"))',
    "a coroutine": 'write("x")',
}
AWAITED = {
    "all of it": 'await asyncio.gather(write("x"), write("y"))',
    "a task that is cancelled": 'asyncio.ensure_future(write("x")).cancel()',
    "a coroutine that is closed": 'write("x").close()',
}


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("how", [*NOT_AWAITED, *AWAITED])
def test_what_is_begun_is_awaited(how: str, tmp_path: Path) -> None:
    """A task of the tool's own that goes on after the answer, or a coroutine that never runs, is told, however short it is."""
    code = OWN.replace('await write("x")', (NOT_AWAITED | AWAITED)[how])
    said = found(
        tmp_path, code.replace("async def write", "async def _write").replace("write(", "_write(").replace("__w", "_w")
    )
    assert len(said) == (how in NOT_AWAITED), said


def test_where_there_is_no_child_no_thread_is_asked_for_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before and after each call that would be a file for each thread; a child that has ended and waits counts as one."""
    listed: list[str] = []

    def nobody(*_: object) -> None:
        raise ChildProcessError

    monkeypatch.setattr(_observe.os, "listdir", lambda path: listed.append(path) or [])
    monkeypatch.setattr(_observe.os, "waitid", nobody)
    assert (_observe._children(), listed) == (0, [])
    monkeypatch.setattr(_observe.os, "waitid", lambda *_: None)
    assert (_observe._children(), listed) == (0, ["/proc/self/task"])


def test_tasks_are_listed_once_before_a_call_and_once_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """To go through all of a process is most of what it costs to observe a call; one that has come is told from one that went."""
    loop, listed, all_tasks = asyncio.new_event_loop(), [], asyncio.all_tasks
    monkeypatch.setattr(asyncio, "all_tasks", lambda loop: listed.append(loop) or all_tasks(loop))
    ended = loop.create_task(asyncio.sleep(0))
    with _observe.observing(ToolSpec("tool"), lambda: loop, dict) as observed:
        loop.run_until_complete(ended)
        begun = loop.create_task(asyncio.sleep(0))
    loop.run_until_complete(begun)
    loop.close()
    assert (observed.left, listed) == ({"tasks": 1}, [loop, loop])
