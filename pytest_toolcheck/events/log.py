"""The writer: one `EventLog` a process and run, one file a process, every line on disk when `emit` returns."""

from __future__ import annotations

import os
import platform
import re
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from .. import __version__
from .context import Context, get_context
from .line import LineEncoder
from .names import EVENT_NAMES, VERSION
from .realtime import real_time_us
from .redact import Redactor
from .safe import Change
from .segment import Segment
from .size import Blobs

MAX_CHANGES = 20
"""How many changes one `log.encode_error` lists; it counts the rest."""

_encode = msgspec.json.Encoder().encode
_open_logs: weakref.WeakSet[EventLog] = weakref.WeakSet()


class EventLog:
    """Writes the events of one process into one file of the run's directory; safe from any thread, and after a fork.

    `virtual_now` may be set to a function that returns the virtual time (seconds since the epoch), or None while no
    virtual clock is active. Raises OSError where the file cannot be made.
    """

    def __init__(
        self, directory: Path, *, worker: str, run: str, argv: Sequence[str] = (), secrets: Iterable[str] = ()
    ) -> None:
        self.directory = directory
        self.worker = worker
        self.run = run
        self.virtual_now: Callable[[], float | None] | None = None
        self.dropped = 0
        """Events lost in this process: not written, or not wholly."""
        self._unsaid = 0
        self._is_closed = False
        self._argv = list(argv)
        self._encoder = LineEncoder(Redactor(secrets), Blobs(directory))
        self._lock = threading.RLock()
        self._segment: Segment | None = None
        self._path: Path | None = None
        self._open_segment()
        _open_logs.add(self)

    @property
    def path(self) -> Path | None:
        """The newest file of this process; None in a forked child before its first event."""
        return self._path

    def fileno(self) -> int:
        """Return the descriptor of the file. Raises ValueError where none is open."""
        if self._segment is None:
            raise ValueError("the event log has no open file")
        return self._segment.fd

    def emit(self, ev: str, /, **fields: Any) -> None:
        """Write one event: fields named in `events.md` stand at the top of the line, all others under `attrs`.

        Never raises. What JSON cannot hold is made safe and told in `log.encode_error`; what cannot be written is
        counted in `dropped` and told in `log.dropped` as soon as the disk takes lines again.
        """
        try:
            changes = self._emit(ev, fields)
            if changes:
                self._emit("log.encode_error", _told(ev, changes))
        except Exception:
            self._drop()

    def close(self) -> None:
        """Say what was dropped and close the file; events after this are counted as dropped."""
        with self._lock:
            if not self._is_closed and self._segment is not None:
                self._say_dropped()
                self._segment.close()
            self._segment, self._is_closed = None, True
        _open_logs.discard(self)

    def merge_to(self, path: Path) -> None:
        """Write all segments of the run, in order, into one file, which appears whole or not at all. Raises OSError."""
        from .merge import merge_to

        merge_to(self.directory, path)

    def _emit(self, ev: str, fields: dict[str, Any]) -> list[Change]:
        name = _KNOWN_NAMES.get(ev) if type(ev) is str else None
        if name is None:
            ev = _plain_name(ev)
            name = ev.encode()
        context = get_context()
        if not context.names.isdisjoint(fields):
            context, fields = _apart(context, fields)
        body = self._encoder.encode_fast(ev, fields)
        if body is not None:
            self._write(name, context, body)
            return _NO_CHANGES
        body, changes = self._encoder.encode_carefully(ev, fields)
        self._write(name, context, body)
        return changes

    def _fragment(self, context: Context) -> bytes:
        """`"run":…,"w":…` and the context's fields, encoded once for each context."""
        encoded = self._encoder.encode_context(self.run, self.worker, context.fields)
        context.cached = (self, encoded[1:-1])
        return context.cached[1]

    def _write(self, name: bytes, context: Context, body: bytes) -> None:
        cached = context.cached
        fragment = cached[1] if cached is not None and cached[0] is self else self._fragment(context)
        with self._lock:
            segment = self._segment or self._open_segment()
            if self._unsaid and name != b"log.dropped":
                self._say_dropped()
            seq = segment.seq
            segment.seq = seq + 1
            line = b'{"v":1,"ts":%d,"seq":%d,"ev":"%b",%b%b%b\n' % (
                real_time_us(),
                seq,
                name,
                fragment,
                b"" if self.virtual_now is None else self._virtual(),
                b"," + body[1:] if len(body) > 2 else b"}",
            )
            if not segment.write(line if line.isascii() else _on_one_line(line)):
                self._drop()

    def _virtual(self) -> bytes:
        try:
            now = self.virtual_now() if self.virtual_now else None
            return b"" if now is None else b',"vts":%d' % round(now * 1_000_000)
        except Exception:  # a broken clock must not cost the event
            return b""

    def _drop(self) -> None:
        with self._lock:
            self.dropped += 1
            self._unsaid += 1

    def _say_dropped(self) -> None:
        """Try to tell what was lost; a `log.dropped` that is lost itself leaves no trace, not even in `seq`."""
        if not self._unsaid or self._segment is None:
            return
        before = self.dropped, self._unsaid, self._segment.seq
        self._unsaid = 0
        attrs = _encode({"attrs": {"count": before[1], "total": self.dropped}})
        try:
            self._write(b"log.dropped", _EMPTY, attrs)
        except OSError:
            self._drop()
        if self._unsaid:
            self.dropped, self._unsaid, self._segment.seq = before

    def _open_segment(self) -> Segment:
        if self._is_closed:
            raise ValueError("the event log is closed")
        segment = Segment(self.directory, self.worker)
        self._segment, self._path = segment, segment.path
        body, _ = self._encoder.encode("segment.start", {"attrs": _about_process(self._argv)})
        try:
            self._write(b"segment.start", _EMPTY, body)
        except OSError:
            self._drop()
        return segment

    def _after_fork(self) -> None:
        """In a forked child: a lock of its own, and a file of its own from the first event on."""
        self._lock = threading.RLock()
        self.dropped = self._unsaid = 0
        if self._segment is not None:
            self._segment.close()
        self._segment = self._path = None

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<EventLog {self.path or self.directory}{' closed' if self._is_closed else ''} dropped={self.dropped}>"


_EMPTY = Context({})
_KNOWN_NAMES = {name: name.encode() for name in EVENT_NAMES}
_NO_CHANGES: list[Change] = []
_TEXTS = frozenset({"case", "tool", "sid", "rid"})


def _apart(context: Context, fields: dict[str, Any]) -> tuple[Context, dict[str, Any]]:
    """Let each field stand once: the event's where it differs, else the context's, which is encoded already."""
    bound = context.fields
    twice = bound.keys() & fields.keys()
    if twice <= _TEXTS and all(fields[name] is None or fields[name] == bound[name] for name in twice):
        return context, {name: value for name, value in fields.items() if name not in twice}
    replaced = frozenset(name for name in twice if fields[name] is not None)
    narrower = context.without.get(replaced)
    if narrower is None:
        kept = {name: value for name, value in bound.items() if name not in replaced}
        narrower = context.without[replaced] = Context(kept)
    return narrower, fields


def _on_one_line(line: bytes) -> bytes:
    """Escape what JSON allows in a text but readers such as `str.splitlines` take for the end of a line."""
    for separator, escaped in _LINE_SEPARATORS:
        line = line.replace(separator, escaped)
    return line


_LINE_SEPARATORS = tuple(
    (character.encode(), f"\\u{ord(character):04x}".encode()) for character in ("\x85", "\u2028", "\u2029")
)


def _plain_name(ev: Any) -> str:
    """Return a name that needs no escaping in JSON: an event with an odd name is still an event."""
    return re.sub(r"[^A-Za-z0-9_.:/-]", "_", ev if isinstance(ev, str) else type(ev).__name__)[:200] or "_"


def _told(ev: Any, changes: list[Change]) -> dict[str, Any]:
    listed = [{"path": change.path, "what": change.what} for change in changes[:MAX_CHANGES]]
    return {"attrs": {"ev": str(ev), "count": len(changes), "changes": listed}}


def _about_process(argv: Sequence[str]) -> dict[str, Any]:
    return {
        "version": __version__,
        "format": VERSION,
        "pid": os.getpid(),
        "ppid": os.getppid(),
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": sys.platform,
        "argv": list(map(str, argv)),
    }


def _in_child() -> None:
    for log in list(_open_logs):
        log._after_fork()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_in_child)
