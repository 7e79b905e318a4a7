"""Many sessions of one target: a limit, activity, idle expiry by the clock, calls at once, clean-up whatever happens.

ToolcheckError
└── SessionError
    ├── SessionLimitError      no room for a further session
    ├── SessionClosedError     the session was closed, or expired, before the call
    └── SessionBusyError       too many calls at once in one session
"""

from __future__ import annotations

import contextvars
import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, overload

from ..events import bind, current, new_rid, new_span_id
from ..faults.flight import in_flight
from ..spec.model import ToolSpec
from ..targets.base import Outcome, Request, Session
from .model import (
    CallUnderWay,
    Counts,
    SessionBusyError,
    SessionClosedError,
    SessionError,
    SessionLimitError,
    SessionMetrics,
)

LIMIT: Final = 100
IDLE_TIMEOUT_S: Final = 3600.0
CALLS_AT_ONCE: Final = 8
_THREADS: Final = 32

Emit = Callable[..., None]
_numbers = itertools.count(1)


@dataclass(slots=True, eq=False)
class ToolSession:
    """One session. `last_active_s` is by the monotonic clock; `running` counts its calls under way."""

    id: str
    target_session: Session
    last_active_s: float
    _sessions: ToolSessions = field(repr=False)
    number: int
    """Counts up in the order of opening."""
    running: int = 0
    calls: int = 0
    state: str = "open"

    def call(self, tool: str, arguments: Mapping[str, Any] | None = None, /, **more: Any) -> Outcome:
        """Call a tool: `call("place_order", sku="A")`. Raises SessionClosedError, SessionBusyError."""
        with self._sessions.calling(self, tool, {**(arguments or {}), **more}) as under_way:
            outcome = under_way.outcome = self.target_session.call(under_way.request)
        return outcome

    async def call_async(self, tool: str, arguments: Mapping[str, Any] | None = None, /, **more: Any) -> Outcome:
        """As `call`, from a running event loop."""
        with self._sessions.calling(self, tool, {**(arguments or {}), **more}) as under_way:
            outcome = under_way.outcome = await self.target_session.call_async(under_way.request)
        return outcome

    def gather(self, tool: str, inputs: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Make all these calls in this session, as many at once as are allowed; outcomes in their order."""
        return self._sessions.at_once([(self, tool, each) for each in inputs], most=self._sessions.calls_at_once)

    def touch(self) -> None:
        """Note activity: the idle time begins anew. Raises SessionClosedError."""
        self._sessions.touch(self)

    def expire(self) -> None:
        """Close it as expired, now; one with calls under way is left alone."""
        self._sessions.expire(self)

    def close(self) -> None:
        """Close it. Idempotent."""
        self._sessions.close_one(self, "closed")

    def __enter__(self) -> ToolSession:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class ToolSessions:
    """The fixture `tool_sessions`: opens, watches and closes sessions of one target.

    `open_session` opens one at the target, `tool` gives the spec of a tool by its name. Idle time is measured by
    `time.monotonic`, so it is virtual where the clock is. Usable from any thread.
    """

    def __init__(
        self,
        open_session: Callable[[], Session],
        tool: Callable[[str], ToolSpec] = ToolSpec,
        *,
        emit: Emit = lambda _ev, /, **_fields: None,
        limit: int = LIMIT,
        idle_timeout_s: float = IDLE_TIMEOUT_S,
        calls_at_once: int = CALLS_AT_ONCE,
    ) -> None:
        self.limit = limit
        self.idle_timeout_s = idle_timeout_s
        self.calls_at_once = calls_at_once
        self._open_session = open_session
        self._tool = tool
        self._emit = emit
        self._lock = threading.RLock()
        self._open: OrderedDict[str, ToolSession] = OrderedDict()
        self._counts = Counts()

    # opening
    @overload
    def open(self, count: None = None, *, id: str | None = None) -> ToolSession: ...

    @overload
    def open(self, count: int) -> list[ToolSession]: ...

    def open(self, count: int | None = None, *, id: str | None = None) -> ToolSession | list[ToolSession]:
        """Open one session (with a given or a new id), or `count` of them.

        At the limit, expired sessions make room. Raises SessionLimitError, and what the target raises; nothing that was
        refused keeps its slot, and of `count` sessions either all are opened or none.
        """
        if count is None:
            return self._open_one(id)
        opened: list[ToolSession] = []
        try:
            for _ in range(count):
                opened.append(self._open_one(None))
        except BaseException:
            for session in opened:
                session.close()
            raise
        return opened

    def _open_one(self, id_: str | None) -> ToolSession:
        self._reserve(id_)
        try:
            opened = self._open_session()
        except BaseException:
            with self._lock:
                self._counts.pending -= 1
                self._counts.refused += 1
            raise
        number = next(_numbers)
        session = ToolSession(id_ or f"s{number}-{opened.id}", opened, time.monotonic(), self, number)
        with self._lock:
            self._counts.pending -= 1
            self._counts.opened += 1
            self._open[session.id] = session
            self._counts.peak = max(self._counts.peak, len(self._open))
        self._emit("session.opened", sid=session.id, attrs={"target_session": opened.id})
        return session

    def _reserve(self, id_: str | None) -> None:
        with self._lock:
            if id_ in self._open:
                self._counts.refused += 1
                raise SessionError(f"a session with the id {id_!r} is open already")
            if len(self._open) + self._counts.pending >= self.limit:
                self.expire()
            if len(self._open) + self._counts.pending >= self.limit:
                self._counts.refused += 1
                raise SessionLimitError(
                    f"session limit reached: {self.limit} of {self.limit} sessions are open, none has been idle for "
                    f"{self.idle_timeout_s:g} s; close one, or raise the limit"
                )
            self._counts.pending += 1

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[ToolSession]:
        with self._lock:
            return iter(sorted(self._open.values(), key=lambda session: session.number))

    def get(self, id: str) -> ToolSession | None:
        """Return the open session with this id."""
        return self._open.get(id)

    @property
    def metrics(self) -> SessionMetrics:
        """What has happened so far."""
        with self._lock:
            running = [session.running for session in self._open.values()]
            counts = self._counts
            active = sum(1 for each in running if each)
            past = (counts.opened, counts.closed, counts.expired, counts.refused)
            calls = (counts.calls, counts.failed_calls, counts.peak)
            return SessionMetrics(*past, *calls, active, len(running) - active, sum(running))

    # calling
    @contextmanager
    def calling(self, session: ToolSession, tool: str, arguments: dict[str, Any]) -> Iterator[CallUnderWay]:
        """Hold one of the session's places for the length of a call, and log it."""
        spec = self._tool(tool)
        rid = new_rid()
        self._begin(session)
        with (
            bind(rid=rid, tool=spec.name, sid=session.id, span_id=new_span_id(), parent_id=current().get("span_id")),
            in_flight(rid, tool=spec.name, sid=session.id),
        ):
            call = CallUnderWay(Request(spec, arguments, rid, spec.timeout_s, on_progress=None))
            try:
                self._emit("call.start", attrs={"input": arguments})
                yield call
            finally:
                self._finish(session, call.outcome)

    def _begin(self, session: ToolSession) -> None:
        with self._lock:
            if self._has_expired(session):
                self.expire(session)
            self._check_open(session)
            if session.running >= self.calls_at_once:
                self._counts.refused += 1
                raise SessionBusyError(
                    f"session {session.id} is busy: {session.running} of {self.calls_at_once} calls are running"
                )
            session.running += 1
            self._note_activity(session)
            first = session.running == 1
        if first:
            self._emit("session.active", sid=session.id)

    def _finish(self, session: ToolSession, outcome: Outcome | None) -> None:
        with self._lock:
            session.running -= 1
            session.calls += 1
            self._counts.calls += 1
            self._counts.failed_calls += outcome is None or outcome.kind not in ("accepted", "refused")
            if session.state == "open":
                self._note_activity(session)
        if outcome is None:
            return
        error = outcome.error
        told = {"type": error.type, "message": error.message, "stack": error.stack} if error else None
        self._emit("call.end", outcome=outcome.kind, dur_ms=outcome.duration_ns / 1e6, error=told)
        if outcome.kind in ("timed_out", "lost") and not session.target_session.is_alive():
            self.close_one(session, outcome.kind)

    def _note_activity(self, session: ToolSession) -> None:
        session.last_active_s = time.monotonic()
        self._open.move_to_end(session.id)

    def touch(self, session: ToolSession) -> None:
        """Note activity of a session. Raises SessionClosedError."""
        with self._lock:
            if self._has_expired(session):
                self.expire(session)
            self._check_open(session)
            self._note_activity(session)
        self._emit("session.active", sid=session.id)

    def _check_open(self, session: ToolSession) -> None:
        if session.state == "expired":
            raise SessionClosedError(f"session {session.id} has expired: it was idle for {self.idle_timeout_s:g} s")
        if session.state != "open":
            raise SessionClosedError(f"session {session.id} is closed ({session.state})")

    def map(self, tool: str, inputs: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Call a tool once in every open session, at once: with one input for all, or one for each.

        Inputs and outcomes are in the order of opening. Raises SessionError for another number of inputs.
        """
        sessions = list(self)
        each = [inputs] * len(sessions) if isinstance(inputs, Mapping) else list(inputs)
        if len(each) != len(sessions):
            raise SessionError(f"map was given {len(each)} inputs for {len(sessions)} open sessions")
        return self.gather(*((session, tool, given) for session, given in zip(sessions, each, strict=True)))

    def gather(self, *calls: tuple[ToolSession, str, Mapping[str, Any]]) -> list[Outcome]:
        """Make all calls `(session, tool, arguments)` at once; outcomes in their order."""
        return self.at_once(calls, most=_THREADS)

    def at_once(self, calls: Sequence[tuple[ToolSession, str, Mapping[str, Any]]], *, most: int) -> list[Outcome]:
        """Make all calls, at most so many at once. Raises what the first refused one raised, when all have ended."""
        if not calls:
            return []
        with ThreadPoolExecutor(min(most, len(calls)), thread_name_prefix="toolcheck-session") as pool:
            waiting = [pool.submit(contextvars.copy_context().run, each[0].call, each[1], each[2]) for each in calls]
        return [each.result() for each in waiting]

    def _has_expired(self, session: ToolSession) -> bool:
        idle_s = time.monotonic() - session.last_active_s
        return session.state == "open" and not session.running and idle_s >= self.idle_timeout_s

    def expire(self, session: ToolSession | None = None) -> list[ToolSession]:
        """Close what has been idle for too long, or the given session whatever its idle time; return what was closed.

        A session with calls under way is never expired.
        """
        with self._lock:
            if session is not None:
                due = [session] if session.state == "open" and not session.running else []
            else:
                due = list(self._overdue())
            for each in due:
                self.close_one(each, "expired")
        return due

    def _overdue(self) -> Iterator[ToolSession]:
        """The sessions stand in the order of their last activity: the first one in time ends the search."""
        for session in list(self._open.values()):
            if self._has_expired(session):
                yield session
            elif not session.running:
                return

    def close_one(self, session: ToolSession, reason: str) -> None:
        """Close a session for this reason. Idempotent, never raises."""
        with self._lock:
            if session.state != "open":
                return
            session.state = reason
            self._open.pop(session.id, None)
            self._counts.expired += reason == "expired"
            self._counts.closed += reason != "expired"
        try:
            session.target_session.close()
        except Exception as error:  # one that cannot be closed must not keep the others open
            self._emit("warning", sid=session.id, attrs={"message": f"closing {session.id} failed: {error!r}"})
        if reason == "expired":
            self._emit("session.expired", sid=session.id, attrs={"idle_timeout_s": self.idle_timeout_s})
        self._emit("session.closed", sid=session.id, attrs={"reason": reason, "calls": session.calls})

    def close(self) -> None:
        """Close all sessions. Idempotent, never raises."""
        for session in list(self):
            self.close_one(session, "closed")

    def __enter__(self) -> ToolSessions:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ToolSessions: {len(self)} of {self.limit} open, {self.metrics.calls_running} calls running>"
