"""What every event says of its surroundings: run, case, call; and how that follows the work wherever it goes.

A context variable carries it through tasks, `asyncio.to_thread` and callbacks by itself. `install` makes it follow
`threading.Thread` (and so `Timer`) and `ThreadPoolExecutor.submit` (and so `run_in_executor`); `traced_environment`
hands the trace to child processes in the variable TRACEPARENT (W3C Trace Context, level 1).
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, Token
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from .names import CONTEXT_FIELDS

T = TypeVar("T")
TRACEPARENT = "TRACEPARENT"


class Context:
    """The fields bound here and above; immutable.

    `cached` is the log's: its encoded form, made once. So is `without`: the contexts that lack some of the fields.
    """

    __slots__ = ("cached", "fields", "names", "without")

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields: Mapping[str, Any] = MappingProxyType(dict(fields))
        self.names = frozenset(self.fields)
        self.cached: tuple[object, bytes] | None = None
        self.without: dict[frozenset[str], Context] = {}

    def __repr__(self) -> str:
        return f"Context({', '.join(f'{name}={value!r}' for name, value in self.fields.items())})"


EMPTY = Context({})
_current: ContextVar[Context] = ContextVar("toolcheck_event_context", default=EMPTY)
get_context: Callable[[], Context] = _current.get


def current() -> Mapping[str, Any]:
    """Return the fields that an event emitted here bears."""
    return _current.get().fields


def new_rid() -> str:
    """Return a new request id: 16 hex digits."""
    return os.urandom(8).hex()


def new_span_id() -> str:
    """Return a new W3C span id: 16 lower-case hex digits, not all zero."""
    return f"{int.from_bytes(os.urandom(8), 'big') or 1:016x}"


def new_trace_id() -> str:
    """Return a new W3C trace id: 32 lower-case hex digits, not all zero."""
    return f"{int.from_bytes(os.urandom(16), 'big') or 1:032x}"


class bind:  # noqa: N801 - used as a function, in `with bind(rid=...)`
    """Give every event of a `with` block these fields, on top of those bound above.

    Takes the names of `CONTEXT_FIELDS`; None takes a field away. Raises TypeError for another name.
    """

    __slots__ = ("_before", "_context", "_fields", "_token")

    def __init__(self, **fields: Any) -> None:
        if unknown := set(fields).difference(CONTEXT_FIELDS):
            raise TypeError(f"bind() takes {', '.join(CONTEXT_FIELDS)}; found {', '.join(sorted(unknown))}")
        self._fields = fields

    def __enter__(self) -> Context:
        self._before = _current.get()
        merged = {**self._before.fields, **self._fields}
        self._context = Context({name: value for name, value in merged.items() if value is not None})
        self._token: Token[Context] = _current.set(self._context)
        return self._context

    def __exit__(self, *_exc: object) -> None:
        try:
            _current.reset(self._token)
        except ValueError:  # entered in another context, as by a generator that a different task closes
            if _current.get() is self._context:
                _current.set(self._before)


def span(**fields: Any) -> bind:
    """Bind a new span below the current one, in the same trace (or a new one), with further fields."""
    above = current()
    trace = {"trace_id": above.get("trace_id") or new_trace_id(), "parent_id": above.get("span_id")}
    return bind(**{**trace, "span_id": new_span_id(), **fields})


def traceparent() -> str:
    """Return the W3C `traceparent` of the current span; "" where no trace is bound."""
    fields = current()
    if "trace_id" not in fields:
        return ""
    return f"00-{fields['trace_id']}-{fields.get('span_id') or new_span_id()}-01"


def parse_traceparent(text: str) -> dict[str, str]:
    """Return `trace_id` and `parent_id` out of a `traceparent`, to be bound; {} where it is none."""
    match = re.fullmatch(r"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-[0-9a-f]{2}(-.*)?", text)
    return {"trace_id": match[1], "parent_id": match[2]} if match else {}


_environments: list[str] = []
_environment_before: str | None = None
_environment_lock = threading.Lock()


@contextmanager
def traced_environment() -> Iterator[None]:
    """Hand the current trace to processes started in the block, as TRACEPARENT in `os.environ`.

    The environment is the process's: of calls that run at once, the newest one's trace is seen. What stood there before
    the first comes back after the last.
    """
    global _environment_before
    if not (mine := traceparent()):
        yield
        return
    with _environment_lock:
        if not _environments:
            _environment_before = os.environ.get(TRACEPARENT)
        _environments.append(mine)
        os.environ[TRACEPARENT] = mine
    try:
        yield
    finally:
        with _environment_lock:
            _environments.remove(mine)
            _restore(_environments[-1] if _environments else _environment_before)


def _restore(value: str | None) -> None:
    if value is None:
        os.environ.pop(TRACEPARENT, None)
    else:
        os.environ[TRACEPARENT] = value


def run_in(context: Context, work: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Call `work` with this context, and put back what was there."""
    token = _current.set(context)
    try:
        return work(*args, **kwargs)
    finally:
        _current.reset(token)


_install_lock = threading.Lock()
_installs = 0
_thread_start = threading.Thread.start
_pool_submit: Callable[..., Any] = ThreadPoolExecutor.submit


def _start_carrying(self: threading.Thread) -> None:
    context = _current.get()
    if not _installs or context is EMPTY or self.ident is not None:
        return _thread_start(self)
    had_own_run = "run" in vars(self)
    run = self.run

    def run_carried() -> None:
        _put_back_run(self, run, had_own_run=had_own_run)
        run_in(context, run)

    self.run = run_carried  # type: ignore[method-assign]
    try:
        return _thread_start(self)
    except BaseException:
        _put_back_run(self, run, had_own_run=had_own_run)
        raise


def _put_back_run(thread: threading.Thread, run: Callable[[], None], *, had_own_run: bool) -> None:
    if had_own_run:
        thread.run = run  # type: ignore[method-assign]
    else:
        vars(thread).pop("run", None)


def _submit_carrying(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    if not _installs:
        return _pool_submit(self, fn, *args, **kwargs)
    # Also where nothing is bound: a pool's thread may have been started by someone who had.
    return _pool_submit(self, partial(run_in, _current.get(), fn), *args, **kwargs)


def install() -> Callable[[], None]:
    """Make the context follow threads and executors; return the function that puts everything back.

    Calls nest. Whoever patched over us meanwhile is left in place, and ours then only passes on.
    """
    global _installs, _thread_start, _pool_submit
    with _install_lock:
        if not _installs:
            if threading.Thread.start is not _start_carrying:
                _thread_start, threading.Thread.start = threading.Thread.start, _start_carrying  # type: ignore[method-assign]
            if ThreadPoolExecutor.submit is not _submit_carrying:
                _pool_submit, ThreadPoolExecutor.submit = ThreadPoolExecutor.submit, _submit_carrying  # type: ignore[method-assign,assignment]
        _installs += 1
    undo = iter((uninstall,))
    return lambda: next(undo, _nothing)()


def uninstall() -> None:
    """Undo one `install`; the last one puts the original functions back."""
    global _installs
    with _install_lock:
        _installs = max(0, _installs - 1)
        if _installs:
            return
        if threading.Thread.start is _start_carrying:
            threading.Thread.start = _thread_start  # type: ignore[method-assign]
        if ThreadPoolExecutor.submit is _submit_carrying:
            ThreadPoolExecutor.submit = _pool_submit  # type: ignore[method-assign]


def _nothing() -> None:
    """A second undo."""
