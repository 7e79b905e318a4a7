"""One target of one spec file as the run sees it: described once, one session for all cases, replaced when it dies."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from .errors import TargetError
from .spec.model import McpTarget, Spec
from .targets import make_target
from .targets._second import of_worker, place_of, second_of
from .targets._text_values import is_told_by_codec, lone_surrogates_in
from .targets.base import Outcome, Session, Target, ToolDescription

if TYPE_CHECKING:
    from .cases.coverage import SchemaCoverage
    from .events import EventLog, NullLog


_STILL_ALIVE: Final = 0.5
"""After so much of the idle time a session is not relied upon: it may have expired, as it should."""


class Run(Protocol):
    """What a server needs of the run that it belongs to."""

    servers: dict[Any, TargetServer]

    @property
    def is_worker(self) -> bool: ...

    @property
    def run_directory(self) -> Path: ...

    @property
    def log(self) -> EventLog | NullLog: ...

    def on_close(self, closer: Callable[[], None]) -> None: ...


class TargetServer:
    """Opens lazily; `session` is always one that can be called."""

    def __init__(self, spec: Spec, runtime: Run) -> None:
        self._runtime = runtime
        self._spec = spec
        spec_here = of_worker(spec)
        self.target: Target = make_target(spec_here)
        self._place = place_of(spec_here)
        self._session: Session | None = None
        self._spare: Session | None = None
        self._reading: Session | None = None
        self._second: tuple[Target, Session] | None = None
        self._has_second = True
        """Whether a second server may be had; False as soon as one could not."""
        self.written = 0
        """How many calls were made of tools that may write."""
        self.replaced = 0
        """How often a dead or hung session was replaced."""
        self._last_call = ""
        self._ended = ""
        self._idle_s, self._used_at_s = _idle_time(spec), 0.0
        self.halves_sent: frozenset[str] = frozenset()
        """The lone surrogates that tools were sent so far: one that kept them hands them out, or stumbles over them, later."""
        self.coverages: dict[str, SchemaCoverage | None] = {}
        """What of each tool's schema the calls of this process have met; None for a schema that cannot be read."""

    @property
    def session(self) -> Session:
        """The file's session, opened or replaced first where needed. Raises TargetError."""
        if time.monotonic() - self._used_at_s > self._idle_s * _STILL_ALIVE:
            self._close_session("idle")
        if self._session is not None and not self._session.is_alive():
            self._ended = self._ended or self._ended_unasked()
            self._close_session("lost")
            self.replaced += 1
            self.written += 1
        if self._session is None:
            self._session = self.open()
        self._used_at_s = time.monotonic()
        return self._session

    def let_go(self) -> None:
        """Close what stands open beside a scenario's own sessions: each takes a place of the server's."""
        self.drop_spare()
        if self._reading is not None:
            self.release(self._reading)
            self._reading = None
        self._close_session("room for others")

    def is_own(self, session: Session) -> bool:
        """Whether this is the file's session."""
        return session is self._session

    def note_call(self, session: Session, call: str) -> None:
        """Remember what was called last in the file's session; calls in others say nothing of it."""
        if session is self._session:
            self._last_call = call

    def note_halves(self, arguments: Any, outcome: Outcome) -> Outcome:
        """Remember the lone surrogates that a function was sent; return as a refusal the codec's word on one sent before."""
        if self.target.kind != "python":
            return outcome
        self.halves_sent |= lone_surrogates_in(arguments)
        if outcome.kind == "crashed" and outcome.error and self.halves_sent and is_told_by_codec(outcome.error.message):
            return replace(outcome, kind="refused")
        return outcome

    def take_ended(self) -> str:
        """Say how a server ended that answered its last call, and after which one, once; "" where none did."""
        told, self._ended = self._ended or self._ended_unasked(), ""
        if told:
            self._last_call = ""
        return told

    def _ended_unasked(self) -> str:
        ended = getattr(self._session, "ended_unasked", None)
        how = ended() if ended is not None and self._last_call else None
        return f"the server ended by itself ({how}) after its answer to {self._last_call}" if how else ""

    def open(self) -> Session:
        """Open a further session. Raises TargetError."""
        self._make_room()
        session = self.target.open()
        self._runtime.log.emit("session.opened", sid=session.id, attrs={"target": self.target.kind})
        return session

    def prepare(self) -> None:
        """Let a further server start that the next `open` will use, where each session has one: meanwhile cases can run."""
        if (prepare := getattr(self.target, "prepare", None)) is not None and self._reading is None:
            with contextlib.suppress(TargetError):  # told where it is opened
                prepare()

    def describe(self) -> Sequence[ToolDescription]:
        """Return what the target offers. Raises TargetError."""
        self._make_room()
        return self.target.describe()

    def _make_room(self) -> None:
        """Stop the servers of other files that were started where this one listens: what is called there next starts them again."""
        others = tuple(self._runtime.servers.values()) if self._place else ()
        for other in others:
            if other is not self and other._place == self._place:
                other.close()

    def reading(self) -> Session:
        """Return a session of its own in which only tools that promise to change nothing are called. Raises TargetError."""
        if self._reading is not None and not self._reading.is_alive():
            self.release(self._reading, "lost")
            self._reading = None
        if self._reading is None:
            self._reading = self.open()
        return self._reading

    def second(self) -> Session | None:
        """Return the session of a second server that the spec's command started on another port; None where that fails."""
        if self._second is not None and not self._second[1].is_alive():
            self._close_second()
        if self._second is None and self._has_second:
            self._has_second = False
            with contextlib.suppress(TargetError, OSError):
                self._second = self._start_second()
        return self._second[1] if self._second is not None else None

    def _start_second(self) -> tuple[Target, Session] | None:
        spec = second_of(self._spec)
        if spec is None:
            return None
        target = make_target(spec)
        try:
            session = target.open()
        except BaseException:
            target.close()
            raise
        self._runtime.log.emit("session.opened", sid=session.id, attrs={"target": target.kind})
        return target, session

    @contextlib.contextmanager
    def anew(self) -> Iterator[Session | None]:
        """Hand out a session of a server that is started for it; None where none can be started."""
        target, session = self._newly_started()
        try:
            yield session
        finally:
            if session is not None:
                self.release(session)
            if target is not None:
                target.close()

    def _newly_started(self) -> tuple[Target | None, Session | None]:
        with contextlib.suppress(TargetError, OSError):
            if isinstance(self._spec.target, McpTarget) and self._spec.target.command:
                return None, self.open()
            return self._start_second() or (None, None)
        return None, None

    def _close_second(self) -> None:
        if self._second is not None:
            (target, session), self._second = self._second, None
            self.release(session)
            target.close()

    def spare(self) -> Session:
        """Return a second session that nothing has been done in since it was opened. Raises TargetError."""
        if self._spare is None or not self._spare.is_alive():
            self.drop_spare()
            self._spare = self.open()
        return self._spare

    def drop_spare(self) -> None:
        """Close the spare session: something has been done in it."""
        if self._spare is not None:
            self.release(self._spare, "used")
            self._spare = None

    @property
    def has_spare(self) -> bool:
        """Whether a spare session is open."""
        return self._spare is not None

    def release(self, session: Session, reason: str = "done") -> None:
        """Close a session that `open` returned."""
        session.close()
        self._runtime.log.emit("session.closed", sid=session.id, attrs={"reason": reason})

    def _close_session(self, reason: str) -> None:
        if self._session is not None:
            self.release(self._session, reason)
            self._session = None

    def close(self) -> None:
        """Close the sessions, all at once where they can end by themselves, and stop the target."""
        for session in (self._spare, self._reading, self._session):
            if (leave := getattr(session, "leave", None)) is not None:
                leave()
        self.drop_spare()
        self._close_second()
        if self._reading is not None:
            self.release(self._reading, "end of run")
        self._close_session("end of run")
        self.target.close()


def _idle_time(spec: Spec) -> float:
    """Return after how long without a call a session is promised to expire; for ever, where nothing is said."""
    promised = [tool.sessions.idle_timeout_s for tool in spec.tools.values() if tool.sessions is not None]
    return min((idle_s for idle_s in promised if idle_s is not None), default=math.inf)


def server_of(spec: Spec, runtime: Run) -> TargetServer:
    """Return the server of this spec in this process; specs are told apart by file and target."""
    key = (spec.path, repr(spec.target))
    if key not in runtime.servers:
        server = runtime.servers[key] = TargetServer(spec, runtime)
        runtime.on_close(server.close)
    return runtime.servers[key]


def describe_once(spec: Spec, runtime: Run) -> Sequence[ToolDescription]:
    """Return what the target offers. Under xdist one worker asks the target, the others read its answer.

    Raises TargetError.
    """
    server = server_of(spec, runtime)
    if not runtime.is_worker or spec.target.kind == "python":
        return server.describe()
    key = hashlib.sha256(f"{spec.path}\0{spec.target!r}".encode()).hexdigest()[:16]
    folder = runtime.run_directory / "discovery"
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / f"{key}.lock"):
        return _read_or_ask(folder / f"{key}.json", server)


def _read_or_ask(answer: Path, server: TargetServer) -> Sequence[ToolDescription]:
    if not answer.exists():
        answer.write_text(json.dumps(_ask(server)), encoding="utf-8")
    found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    if "error" in found:
        raise TargetError(found["error"])
    return [ToolDescription(**tool) for tool in found["tools"]]


def _ask(server: TargetServer) -> dict[str, Any]:
    try:
        return {"tools": [asdict(tool) for tool in server.describe()]}
    except TargetError as error:
        return {"error": str(error)}


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock between processes; where there is no `fcntl`, each asks for itself."""
    try:
        fcntl = importlib.import_module("fcntl")
    except ImportError:
        yield
        return
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
