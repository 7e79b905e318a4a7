"""The context of an event follows the work, wherever it goes."""

from __future__ import annotations

import asyncio
import contextvars
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_toolcheck.events import bind, current, install, new_rid, new_span_id, new_trace_id, span, traceparent
from pytest_toolcheck.events.context import TRACEPARENT, parse_traceparent, traced_environment


@pytest.fixture(name="carried")
def _carried():
    undo = install()
    yield
    undo()


def rid() -> object:
    return current().get("rid")


def test_bind_nests_and_puts_back():
    """Inside a block its fields hold on top of the outer ones; after it they are gone."""
    with bind(rid="a", tool="t"):
        with bind(rid="b"):
            assert dict(current()) == {"rid": "b", "tool": "t"}
        with bind(tool=None):
            assert dict(current()) == {"rid": "a"}
        assert rid() == "a"
    assert dict(current()) == {}


def test_bind_refuses_a_name_that_is_no_context():
    """A misspelt field is an error at once, not a field lost."""
    with pytest.raises(TypeError, match="found riid"):
        bind(riid="x")


def test_ids_are_w3c_hex():
    """Ids have the length and alphabet of W3C Trace Context."""
    assert len(new_trace_id()) == 32
    assert len(new_span_id()) == 16
    assert set(new_trace_id() + new_span_id() + new_rid()) <= set("0123456789abcdef")
    assert len({new_rid() for _ in range(100)}) == 100


def test_span_is_a_child_in_the_same_trace():
    """A call's span names its case's span as parent and stays in the trace."""
    with span(case="c") as outer, span(rid="r") as inner:
        assert inner.fields["trace_id"] == outer.fields["trace_id"]
        assert inner.fields["parent_id"] == outer.fields["span_id"]
        assert inner.fields["case"] == "c"
        assert "parent_id" not in outer.fields


def test_tasks_and_to_thread_carry(carried):
    """Concurrent tasks each keep their own request id, in threads too."""

    async def one(name: str) -> list[object]:
        with bind(rid=name):
            await asyncio.sleep(0)
            loop = asyncio.get_running_loop()
            inner = await asyncio.create_task(asyncio.to_thread(rid))
            return [rid(), inner, await loop.run_in_executor(None, rid)]

    async def both() -> list[list[object]]:
        return await asyncio.gather(one("a"), one("b"))

    assert asyncio.run(both()) == [["a"] * 3, ["b"] * 3]


def test_executor_carries_to_the_right_work(carried):
    """A pool's thread has the context of whoever submitted, not of whoever made it start."""
    with ThreadPoolExecutor(1) as pool:
        with bind(rid="a"):
            first = pool.submit(rid)
        with bind(rid="b"):
            second = pool.submit(rid)
        third = pool.submit(rid)
        assert [first.result(), second.result(), third.result()] == ["a", "b", None]


class Worker(threading.Thread):
    seen: object = None

    def run(self) -> None:
        self.seen = rid()


@pytest.mark.parametrize("kind", ["target", "subclass", "timer"])
def test_threads_carry(carried, kind):
    """A thread started in a call belongs to the call: also a subclass and a timer."""
    seen: list[object] = []
    made = {
        "target": lambda: threading.Thread(target=lambda: seen.append(rid())),
        "subclass": Worker,
        "timer": lambda: threading.Timer(0, lambda: seen.append(rid())),
    }[kind]()
    with bind(rid="mine"):
        made.start()
    made.join()
    assert (seen or [made.seen]) == ["mine"]
    assert "run" not in vars(made)


def test_thread_started_twice_fails_as_ever(carried):
    """The patched start keeps the rules of the original."""
    with bind(rid="x"):
        thread = threading.Thread(target=int)
        thread.start()
        with pytest.raises(RuntimeError, match="once"):
            thread.start()
    thread.join()


def test_without_install_nothing_is_patched():
    """A run without a log leaves the standard library as it is, and uninstall puts back the very functions."""
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit
    first, second = install(), install()
    assert threading.Thread.start is not start
    first()
    first()
    assert threading.Thread.start is not start
    second()
    assert threading.Thread.start is start
    assert ThreadPoolExecutor.submit is submit


def test_uninstall_leaves_who_patched_over_us(monkeypatch):
    """A later patch of someone else stays; ours below it only passes on."""
    undo = install()
    ours = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", lambda self: ours(self))
    theirs = threading.Thread.start
    undo()
    assert threading.Thread.start is theirs
    with bind(rid="x"):
        worker = Worker()
        worker.start()
        worker.join()
    assert worker.seen is None
    monkeypatch.undo()
    assert threading.Thread.start is ours
    install()()
    assert threading.Thread.start is not ours


def test_subprocess_gets_traceparent():
    """A child process started in a call finds the trace in TRACEPARENT; afterwards the variable is as before."""
    before = os.environ.get(TRACEPARENT)
    with span() as bound, traced_environment():
        code = "import os; print(os.environ['TRACEPARENT'])"
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        assert found == traceparent()
        assert parse_traceparent(found) == {
            "trace_id": bound.fields["trace_id"],
            "parent_id": bound.fields["span_id"],
        }
    assert os.environ.get(TRACEPARENT) == before


def test_environment_of_overlapping_calls_is_put_back(monkeypatch):
    """Calls that end out of order leave what stood in the environment before the first."""
    monkeypatch.setenv(TRACEPARENT, "before")
    first, second = traced_environment(), traced_environment()
    with span():
        first.__enter__()
    with span():
        second.__enter__()
        newest = traceparent()
    first.__exit__(None, None, None)
    assert os.environ[TRACEPARENT] == newest
    second.__exit__(None, None, None)
    assert os.environ[TRACEPARENT] == "before"


def test_no_trace_no_variable():
    """Outside a trace nothing is put into the environment."""
    with traced_environment():
        assert traceparent() == ""
    assert parse_traceparent("nonsense") == {}


def test_block_left_in_another_context_does_not_raise():
    """A fixture's block may be left in another task than it was entered in."""
    block = bind(rid="x")
    contextvars.copy_context().run(block.__enter__)
    block.__exit__(None, None, None)
    assert rid() is None
