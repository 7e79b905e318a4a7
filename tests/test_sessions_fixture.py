"""`ToolSessions`: a limit, activity, idle expiry by the clock, calls at once, and clean-up whatever happens."""

from __future__ import annotations

import asyncio
import gc
import threading
import time

import pytest

from pytest_toolcheck.clock import virtual_time
from pytest_toolcheck.errors import TargetError
from pytest_toolcheck.events import current
from pytest_toolcheck.sessions.model import SessionBusyError, SessionClosedError, SessionError, SessionLimitError
from pytest_toolcheck.sessions.tool_sessions import ToolSessions
from pytest_toolcheck.targets.base import CallError, Outcome

from .targets_kit import python_tools


class FakeTarget:
    """Sessions that record what is done with them; a call of `wait` ends when `gate` opens."""

    def __init__(self):
        self.opened, self.closed, self.calls, self.fails = 0, [], [], 0
        self.gate = threading.Event()
        self.started = threading.Semaphore(0)

    def open(self):
        if self.fails:
            self.fails -= 1
            raise TargetError("the server is full")
        self.opened += 1
        return FakeSession(self, f"fake-{self.opened}")


class FakeSession:
    def __init__(self, target, id):
        self.target, self.id, self.alive = target, id, True

    def call(self, request):
        self.target.calls.append((self.id, request.tool.name, request.arguments, current().get("rid") == request.rid))
        if request.tool.name == "wait":
            self.target.started.release()
            self.target.gate.wait(5)
        if request.tool.name == "sleep":
            time.sleep(request.arguments["s"])
        if request.tool.name == "break":
            raise RuntimeError("a bug of the target")
        if request.tool.name == "die":
            self.alive = False
            return Outcome("lost", 1, error=CallError("ConnectionLost", "gone"))
        return Outcome("accepted", 1, value=request.arguments)

    async def call_async(self, request):
        await asyncio.sleep(0)
        return self.call(request)

    def is_alive(self):
        return self.alive

    def close(self):
        self.target.closed.append(self.id)
        if self.id == "fake-2":
            raise OSError("cannot be closed")


@pytest.fixture
def target():
    return FakeTarget()


@pytest.fixture
def log():
    return []


@pytest.fixture
def sessions(target, log):
    made = ToolSessions(target.open, limit=3, idle_timeout_s=60, calls_at_once=2,
                        emit=lambda ev, /, **fields: log.append((ev, fields.get("sid"), fields)))  # fmt: skip
    with made:
        yield made
        target.gate.set()


def test_calls_of_real_tools(tmp_path):
    """Sessions over a Python target answer, each by itself, sync and async tools, alone and at once."""
    source = "async def later(n: int) -> int:\n    return n\ndef double(n: int) -> int:\n    return 2 * n\n"
    with ToolSessions(python_tools(tmp_path, source).open) as sessions:
        first, *_ = sessions.open(3)
        assert first.call("double", n=4).value == 8
        assert first.call("later", {"n": 4}).value == 4
        assert [outcome.value for outcome in sessions.map("double", [{"n": 1}, {"n": 2}, {"n": 3}])] == [2, 4, 6]
        assert [outcome.value for outcome in first.gather("double", [{"n": n} for n in range(20)])] == list(
            range(0, 40, 2)
        )
        assert asyncio.run(first.call_async("later", n=5)).value == 5
        assert sessions.metrics.calls == 26


def test_the_limit_is_named_and_kept(sessions, target):
    """The session over the limit is refused with the limit in the message; closing one makes room for one."""
    first, *_ = sessions.open(3)
    with pytest.raises(SessionLimitError, match="session limit reached: 3 of 3 sessions are open"):
        sessions.open()
    first.close()
    sessions.open()
    with pytest.raises(SessionLimitError):
        sessions.open()
    assert target.opened == 4
    assert sessions.metrics.peak == 3


def test_a_refused_opening_leaves_no_slot_taken(sessions, target):
    """A target that fails to open costs no place, however often; of several either all are opened or none."""
    for _ in range(5):
        target.fails = 1
        with pytest.raises(TargetError, match="full"):
            sessions.open()
    assert len(sessions.open(3)) == 3
    sessions.close()
    with pytest.raises(SessionLimitError):
        sessions.open(4)
    assert len(sessions) == 0
    assert len(sessions.open(3)) == 3


def test_at_the_limit_expired_sessions_make_room(sessions):
    """What has been idle for the whole time goes when room is needed, the active ones stay."""
    with virtual_time():
        old, _, used = sessions.open(3)
        time.sleep(59)
        used.call("echo")
        with pytest.raises(SessionLimitError):
            sessions.open()
        time.sleep(1)
        fresh = sessions.open()
        assert set(sessions) == {used, fresh}
        assert sessions.metrics.expired == 2
        with pytest.raises(SessionClosedError, match="has expired: it was idle for 60 s"):
            old.call("echo")


def test_an_idle_session_expires_by_itself(sessions):
    """A call after the idle time is refused as expired, even where nobody swept; one just before is not."""
    with virtual_time():
        session = sessions.open()
        time.sleep(59.9)
        session.call("echo")
        time.sleep(59.9)
        session.touch()
        time.sleep(60)
        with pytest.raises(SessionClosedError, match="expired"):
            session.call("echo")
        assert len(sessions) == 0


def test_a_call_under_way_keeps_its_session(sessions):
    """A session is not idle while a call runs, and the idle time begins at the call's end."""
    with virtual_time():
        session = sessions.open()
        worker = threading.Thread(target=session.call, args=("sleep", {"s": 100}))
        worker.start()
        time.sleep(90)
        assert sessions.expire() == []
        session.expire()
        assert session.state == "open"
        worker.join(60)
        time.sleep(59)
        assert sessions.expire() == []
        time.sleep(1)
        assert sessions.expire() == [session]


def test_calls_at_once_in_a_session(sessions, target):
    """The call over the limit of a session is refused with that limit named; a refused call leaves no place taken."""
    session = sessions.open()
    other = sessions.open()
    workers = [threading.Thread(target=session.call, args=("wait",)) for _ in range(2)]
    for worker in workers:
        worker.start()
        target.started.acquire(timeout=5)
    for _ in range(3):
        with pytest.raises(SessionBusyError, match="2 of 2 calls are running"):
            session.call("echo")
    assert other.call("echo").kind == "accepted"
    assert sessions.metrics.calls_running == 2
    target.gate.set()
    for worker in workers:
        worker.join(5)
    assert session.call("echo").kind == "accepted"
    assert sessions.metrics.calls_running == 0


def test_a_call_that_breaks_gives_its_place_back(sessions):
    """An error out of the target itself frees the call's place, and counts as a failed call."""
    session = sessions.open()
    for _ in range(4):
        with pytest.raises(RuntimeError):
            session.call("break")
    assert session.call("echo").kind == "accepted"
    assert (sessions.metrics.calls, sessions.metrics.failed_calls, sessions.metrics.calls_running) == (5, 4, 0)


def test_a_dead_session_frees_its_slot(sessions):
    """A session whose server died is closed, and says so when called again."""
    session = sessions.open()
    assert session.call("die").kind == "lost"
    assert len(sessions) == 0
    with pytest.raises(SessionClosedError, match=r"closed \(lost\)"):
        session.call("echo")


def test_everything_is_closed_whatever_happens(sessions, target, log):
    """A session that cannot be closed is told as a warning and keeps no other open."""
    sessions.open(3)
    sessions.close()
    sessions.close()
    assert target.closed == ["fake-1", "fake-2", "fake-3"]
    assert "cannot be closed" in next(fields for ev, _, fields in log if ev == "warning")["attrs"]["message"]


def test_every_change_is_an_event(sessions, log):
    """Opened, active, expired and closed, each with its session's id; calls bear a request id."""
    with virtual_time():
        session = sessions.open(id="mine")
        session.call("echo")
        time.sleep(60)
        sessions.expire()
        sessions.open(id="other").close()
    assert [(ev, sid) for ev, sid, _ in log if ev.startswith("session.")] == [
        ("session.opened", "mine"), ("session.active", "mine"), ("session.expired", "mine"), ("session.closed", "mine"),
        ("session.opened", "other"), ("session.closed", "other")]  # fmt: skip
    assert [ev for ev, *_ in log if ev.startswith("call.")] == ["call.start", "call.end"]


def test_ids_are_given_or_new(sessions, target):
    """A given id is kept and cannot be open twice; a refused one does not cost a slot."""
    first = sessions.open(id="mine")
    with pytest.raises(SessionError, match="'mine' is open already"):
        sessions.open(id="mine")
    assert sessions.get("mine") is first
    assert len({session.id for session in sessions.open(2)}) == 2
    first.call("echo", n=1)
    assert target.calls == [("fake-1", "echo", {"n": 1}, True)]


def test_map_wants_one_input_for_each(sessions):
    """`map` takes one input for all sessions or one for each, and says when the number is wrong."""
    sessions.open(2)
    assert [outcome.value for outcome in sessions.map("echo", {"n": 1})] == [{"n": 1}] * 2
    with pytest.raises(SessionError, match="3 inputs for 2 open sessions"):
        sessions.map("echo", [{}, {}, {}])


def test_fifty_threads_open_no_session_too_many(target):
    """Openings at once never pass the limit, and each refusal is the clear one."""
    sessions = ToolSessions(target.open, limit=10)
    refused = []

    def open_one():
        try:
            sessions.open()
        except SessionLimitError as error:
            refused.append(error)

    threads = [threading.Thread(target=open_one) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (len(sessions), len(refused), target.opened) == (10, 40, 10)
    sessions.close()
    assert len(target.closed) == 10


def used_and_closed(opened, count):
    """Open so many sessions at once, call in each, close each; return the CPU seconds that one cost."""
    began = time.process_time()
    with ToolSessions(opened, limit=count) as sessions:
        for session in sessions.open(count):
            assert session.call("double", n=2).value == 4
            session.close()
    return (time.process_time() - began) / count


def test_many_sessions_leave_nothing_behind_and_cost_no_more_each(tmp_path):
    """What one of two thousand sessions costs is what one of two hundred does, and none is still in memory afterwards."""
    opened = python_tools(tmp_path, "def double(n: int) -> int:\n    return 2 * n\n").open
    used_and_closed(opened, 20)
    few = min(used_and_closed(opened, 200) for _ in range(3))
    gc.collect()
    before = len(gc.get_objects())
    many = min(used_and_closed(opened, 2000) for _ in range(2))
    gc.collect()
    assert len(gc.get_objects()) - before < 500
    assert many < 4 * few
