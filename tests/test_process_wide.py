"""What a call that only reads, or is pure, changes of the whole process is found; what restores, or sets up once, is not."""

from __future__ import annotations

import decimal
import os
import random
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_toolcheck.targets._process_state import changed, process_state, put_back

from .behaviour_lab import findings_of

HEAD = """
import contextlib, decimal, gc, locale, logging, os, random, signal, socket, sys, warnings
is_ready = False
def look(n: int) -> int:
    '''Look at n.'''
    global is_ready
    if type(n) is not int: raise ValueError("n: a whole number")
    BODY
    return n
"""
SPEC = "tools: {look: {annotations: {PROMISE: true}, variations: {fuzz: 0, categories: [CATEGORIES]}}}"
FAULTY = {
    "folder": ("os.chdir(os.path.dirname(__file__))", "changes the working folder for the whole process: from "),
    "rare folder": ("if n == 0: os.chdir('/')", "changes the working folder"),
    "variable": ("os.environ['LAST_N'] = str(n)", "changes the environment for the whole process: LAST_N"),
    "zone": ("os.environ['HOME'] = '/nowhere'", "the environment for the whole process: HOME"),
    "removed": ("os.environ.pop('HOME', None)", "the environment for the whole process: HOME"),
    "digits": ("decimal.getcontext().prec = 6", "the decimal context"),
    "rounding": ("decimal.getcontext().rounding = decimal.ROUND_DOWN", "the decimal context"),
    "locale": ("locale.setlocale(locale.LC_NUMERIC, 'C.UTF-8')", "the locale"),
    "seed": ("random.seed(42); random.random()", "the random generator"),
    "path": ("sys.path.insert(0, '/nowhere')", "sys.path"),
    "warnings": ("warnings.simplefilter('ignore')", "the filters of warnings"),
    "logging": ("logging.disable(logging.CRITICAL)", "the level of the root logger"),
    "level": ("logging.getLogger().setLevel(7)", "the level of the root logger"),
    "signals": ("signal.signal(signal.SIGTERM, signal.SIG_IGN)", "the handlers of signals"),
    "recursion": ("sys.setrecursionlimit(4321)", "the limit of recursion"),
    "collector": ("gc.disable()", "the garbage collector"),
}
CORRECT = {
    "folder put back": "with contextlib.chdir('/'): pass",
    "variable put back": "os.environ['LAST_N'] = '1'; del os.environ['LAST_N']",
    "a default": "os.environ.setdefault('LOOK_DEFAULT', 'x')",
    "set up once": "if not is_ready: os.environ['LOOK_READY'] = 'x'; os.chdir('/'); random.seed(1); warnings.simplefilter('always'); is_ready = True",
    "context": "with decimal.localcontext() as own: own.prec = 3; decimal.Decimal(1) / 3",
    "flags": "decimal.Decimal(1) / 3",
    "chance": "random.random()",
    "own generator": "random.Random(42).random()",
    "seeded by chance": "random.seed()",
    "state put back": "was = random.getstate(); random.seed(1); random.random(); random.setstate(was)",
    "path once": "'/nowhere-else' in sys.path or sys.path.append('/nowhere-else')",
    "filters put back": "with warnings.catch_warnings(): warnings.simplefilter('ignore')",
    "own logger": "logging.getLogger(__name__).setLevel(logging.DEBUG)",
    "locale asked": "locale.setlocale(locale.LC_ALL)",
}


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = process_state()
    yield
    for name, state in before.items():
        put_back(name, state)


def _found(folder: Path, body: str, promise: str, categories: str = "example, boundary, number") -> list[str]:
    code = HEAD.replace("BODY", body)
    spec = SPEC.replace("PROMISE", promise).replace("CATEGORIES", categories)
    return findings_of(folder, code, spec, cases=True, room=lambda _: ())


@pytest.mark.parametrize("name", FAULTY)
def test_what_is_changed_for_the_whole_process_is_found(tmp_path: Path, name: str) -> None:
    """Once a tool, by a tool that promises to change nothing; then the process is as it was."""
    body, told = FAULTY[name]
    before = {
        part: state for part, state in process_state().items() if part not in ("the random generator", "sys.path")
    }
    [found] = _found(tmp_path, body, "read_only")
    assert found.startswith("look: read_only: look changes ")
    assert told in found
    assert not changed(before, process_state()), "put back"


@pytest.mark.parametrize("name", CORRECT)
def test_what_is_put_back_or_set_up_once_is_not_accused(tmp_path: Path, name: str) -> None:
    """Defaults, lazy set-ups, flags of computations and moving chance are no effect of a call."""
    assert _found(tmp_path, CORRECT[name], "read_only") == []


def test_only_tools_that_promise_it_are_asked(tmp_path: Path) -> None:
    """A tool may be there to change the folder; a pure one is not."""
    body = FAULTY["folder"][0]
    assert _found(tmp_path, body, "idempotent") == []
    os.chdir("/")
    [found] = _found(tmp_path, body, "pure")
    assert found.startswith("look: pure: look changes the working folder")


SERVER = """
import os
from mcp.server import MCPServer
from mcp.types import ToolAnnotations
server = MCPServer("lab")
@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def look(n: int) -> int:
    '''Look at n.'''
    BODY
    return n
"""


@pytest.mark.parametrize(("body", "count"), [("os.environ['LAST_N'] = str(n)", 1), ("os.environ.get('LAST_N')", 0)])
def test_servers_of_this_process_are_asked_too(tmp_path: Path, body: str, count: int) -> None:
    """By their own hints."""
    spec = "target: {mcp: {server: 'MODULE.py:server'}}\ndefaults: {variations: {fuzz: 0, categories: [number]}}\n"
    found = findings_of(tmp_path, SERVER.replace("BODY", body), spec, cases=True, room=lambda _: ())
    assert [line for line in found if "LAST_N" in line] == found
    assert len(found) == count


def test_state_is_put_back_as_it_was() -> None:
    """Each part can be read and made as it was."""
    before = process_state()
    os.environ["LOOK_X"] = "1"
    decimal.getcontext().prec = 9
    decimal.getcontext().traps[decimal.Inexact] = True
    random.seed(5)
    sys.path.append("/nowhere")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        moved = changed(before, process_state())
        assert set(moved) == {
            "the environment",
            "the decimal context",
            "the random generator",
            "sys.path",
            "the filters of warnings",
        }
        for name, (was, _) in moved.items():
            put_back(name, was)
        assert not changed(before, process_state())
