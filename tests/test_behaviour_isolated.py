"""`isolated`: races of async tools are found under seeded shuffles; correct twins, clocks and counters are not accused."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_toolcheck.behaviour import isolated
from pytest_toolcheck.behaviour.switching import switching_threads

from .behaviour_lab import findings_of

HEAD = "import asyncio, time, uuid\nfrom typing import Literal\nstate = {'n': 0, 'seats': 2}\nlock = asyncio.Lock()\n"
PAIRS = {
    "a lost update": (
        "async def tool(amount: int = 1) -> dict:\n    n = state['n']\n    await asyncio.sleep(0)\n    state['n'] = n + 1\n    return {'total': state['n']}",
        "async def tool(amount: int = 1) -> dict:\n    await asyncio.sleep(0)\n    state['n'] += 1\n    return {'total': state['n']}",
    ),
    "an update that only a read-only tool shows": (
        "async def tool() -> str:\n    n = state['n']\n    await asyncio.sleep(0)\n    state['n'] = n + 1\n    return 'ok'\ndef get() -> dict:\n    return dict(state)",
        "async def tool() -> str:\n    async with lock:\n        n = state['n']\n        await asyncio.sleep(0)\n        state['n'] = n + 1\n        return 'ok'\ndef get() -> dict:\n    return dict(state)",
    ),
    "a shared variable": (
        "async def tool(name: str = 'a') -> dict:\n    state['name'] = name\n    await asyncio.sleep(0)\n    return {'hello': state['name']}",
        "async def tool(name: str = 'a') -> dict:\n    await asyncio.sleep(0)\n    return {'hello': name, 'at': time.time(), 'id': uuid.uuid4().hex}",
    ),
    "seats checked before they are taken": (
        "async def tool() -> str:\n    if state['seats'] < 1:\n        raise ValueError('full')\n    await asyncio.sleep(0.01)\n    state['seats'] -= 1\n    return 'ok'",
        "async def tool() -> str:\n    async with lock:\n        if state['seats'] < 1:\n            raise ValueError('full')\n        await asyncio.sleep(0.01)\n        state['seats'] -= 1\n        return 'ok'",
    ),
    "a seat that two ask for": (
        "async def tool(seat: Literal[1, 2, 3], who: str) -> dict:\n    if seat not in state:\n        await asyncio.sleep(0.01)\n        state[seat] = who\n    return {'owner': state[seat], 'seat': seat}",
        "async def tool(seat: Literal[1, 2, 3], who: str) -> dict:\n    if seat not in state:\n        state[seat] = who\n        await asyncio.sleep(0.01)\n    return {'owner': state[seat], 'seat': seat}",
    ),
    "money that is spent twice": (
        "async def tool(account: Literal['a'], amount: Literal[1, 60]) -> str:\n    if state.get(account, 100) < amount:\n        raise ValueError('amount: not enough')\n    await asyncio.sleep(0.01)\n    state[account] = state.get(account, 100) - amount\n    return 'ok'",
        "async def tool(account: Literal['a'], amount: Literal[1, 60]) -> str:\n    if state.get(account, 100) < amount:\n        raise ValueError('amount: not enough')\n    state[account] = state.get(account, 100) - amount\n    await asyncio.sleep(0.01)\n    return 'ok'",
    ),
}
WINDOW = "variations: {categories: [concurrent]}"


def found(folder: Path, code: str, more: str = "") -> list[str]:
    """Run the tool alone and at once."""
    window = (
        "  get: {annotations: {read_only: true}, variations: {categories: [example]}}\n" if "def get" in code else ""
    )
    return findings_of(folder, HEAD + code, f"tools:\n  tool: {{{WINDOW}{more}}}\n{window}")


@pytest.mark.parametrize("name", PAIRS)
def test_a_race_is_found_and_its_twin_is_not_accused(name: str, tmp_path: Path) -> None:
    """Each pair under a dozen seeds: the faulty one is named with its seed, the correct one is not accused."""
    faulty, correct = PAIRS[name]
    [finding] = found(tmp_path, faulty, ", checks: {isolated: {seeds: 12}}")
    assert finding.startswith("tool: isolated: tool is not isolated: under seed ")
    assert found(tmp_path, correct, ", checks: {isolated: {seeds: 12}}") == []


def test_a_race_that_asyncio_s_own_order_hides_is_found_and_replays(tmp_path: Path) -> None:
    """Only some orders of the ready tasks show it: the first such seed fails, alone too; seed 0 passes."""
    code = (
        "import itertools\nturn = itertools.count()\nasync def tool() -> dict:\n    mine = next(turn)\n"
        "    await asyncio.sleep(0)\n    state['n'] = state['n'] + 1 if mine == state['n'] else -9\n"
        "    return {'n': state['n']}"
    )
    [finding] = found(tmp_path, code)
    seed = int(finding.partition("under seed ")[2].partition(",")[0])
    assert seed != 0
    assert found(tmp_path, code, f", checks: {{isolated: {{seeds: [{seed}]}}}}") == [finding]
    assert found(tmp_path, code, ", checks: {isolated: {seeds: [0]}}") == []


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    """By the check and by the category."""
    code = HEAD + PAIRS["a lost update"][0]
    for keys in ("checks: {isolated: false}", "variations: {exclude: [concurrent]}"):
        assert findings_of(tmp_path, code, f"tools: {{tool: {{{keys}}}}}\n") == []


COUNTED = "import pathlib\nwith open(pathlib.Path({path!r}), 'a') as file:\n    file.write('x')\n"


def imports_of(folder: Path, code: str) -> int:
    """Return how many times the module was imported for thirty shuffles that find nothing."""
    marks = folder / "imports"
    assert found(folder, COUNTED.format(path=str(marks)) + code, ", checks: {isolated: {seeds: 30}}") == []
    return len(marks.read_text())


def test_shuffles_that_leave_nothing_behind_share_an_import(tmp_path: Path) -> None:
    """A tool that answers again as before is imported once for ten shuffles; one that counts, once for each."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    plain = "async def tool(name: str = 'a') -> dict:\n    await asyncio.sleep(0)\n    return {'hello': name}"
    counting = "async def tool() -> dict:\n    state['n'] += 1\n    return {'n': state['n']}"
    assert imports_of(tmp_path / "one", plain) < 20
    assert imports_of(tmp_path / "two", counting) > 30


def test_a_lock_of_the_module_serves_all_shuffles_of_an_import(tmp_path: Path) -> None:
    """A lock belongs to the loop in which a call waited for it: shuffles that share an import share a loop."""
    code = "async def tool(name: str = 'a') -> dict:\n    async with lock:\n        await asyncio.sleep(0)\n    return {'hello': name}"
    assert imports_of(tmp_path, code) < 20


def test_what_an_earlier_shuffle_left_is_no_race(tmp_path: Path) -> None:
    """What adds up only where calls meet shows under later shuffles of one import: then each has an import of its own."""
    code = """
async def tool(name: str = 'a') -> dict:
    if state.get('busy'):
        state['n'] += 1
    state['busy'] = True
    await asyncio.sleep(0)
    state['busy'] = False
    return {'hello': name, 'late': state['n'] > 6}
"""
    assert imports_of(tmp_path, code) > 30, "each shuffle has an import of its own then"


THREADS = {
    "a shared list": (
        "kept = []\ndef tool(parts: list[str]) -> str:\n    kept.clear()\n    for part in parts:\n        kept.append(part)\n    return '-'.join(kept)",
        "def tool(parts: list[str]) -> str:\n    kept = []\n    for part in parts:\n        kept.append(part)\n    return '-'.join(kept)",
    ),
    "a shared variable": (
        "def tool(name: str) -> dict:\n    state['name'] = name\n    count = len(name)\n    return {'hello': state['name'], 'count': count}",
        "import threading\nmine = threading.local()\ndef tool(name: str) -> dict:\n    mine.name = name\n    return {'hello': mine.name}",
    ),
}


@pytest.mark.skipif(sys.gettrace() is not None, reason="beside another trace function no thread gives way")
@pytest.mark.parametrize("name", THREADS)
def test_a_race_of_threads_is_found_where_isolation_is_asked_for(name: str, tmp_path: Path) -> None:
    """Threads give way at lines of the tool: plain functions without a wait race in a few calls. Unasked, none is tried."""
    faulty, correct = THREADS[name]
    [finding] = found(tmp_path, faulty, ", checks: {isolated: true}")
    assert "8 calls at once are answered differently" in finding
    assert found(tmp_path, correct, ", checks: {isolated: true}") == []
    assert findings_of(tmp_path, HEAD + faulty, "tools: {tool: {}}\n") == []


def test_a_trace_function_of_others_is_left_alone() -> None:
    """A debugger and a measurement of coverage trace threads too: beside them nothing is traced."""
    before, noted = threading.gettrace(), lambda *_: None
    threading.settrace(noted)
    try:
        with switching_threads(0):
            assert threading.gettrace() is noted
    finally:
        threading.settrace(before)  # type: ignore[arg-type]
    with switching_threads(0):
        assert (threading.gettrace() is None) == (sys.gettrace() is not None)
    assert threading.gettrace() is before


def test_fifty_shuffles_are_tried_and_one_seed_replays_alone() -> None:
    """Fewer miss races that one order in dozens shows; a seed that is asked for, or a list of them, is what is tried."""

    def tried(seed: int | None = None, **options: Any) -> list[int]:
        return list(isolated._seeds(SimpleNamespace(ctx=SimpleNamespace(interleave_seed=seed), options=options)))  # type: ignore[arg-type]

    assert tried() == list(range(50))
    assert (tried(7), tried(seeds=3), tried(seeds=[4, 9])) == ([7], [0, 1, 2], [4, 9])
