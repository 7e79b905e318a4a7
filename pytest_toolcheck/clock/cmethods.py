"""Time limits that C keeps: `Lock.acquire(timeout=60)`, `RLock.acquire`, `SimpleQueue.get(timeout=60)`, and
the locks of `multiprocessing` that are made in the test.

These are methods of C types, which refuse an assignment. The namespace behind such a type is a plain dict all the same;
the garbage collector hands it out, and `PyType_Modified` tells the interpreter that it has changed (documented for
types whose dict is changed in C).
"""

from __future__ import annotations

import _queue
import _thread
import ctypes
import gc
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from .activity import let_others_run
from .waits import Waits, end_silently

_JOINING = getattr(getattr(threading.Thread, "_wait_for_tstate_lock", None), "__code__", None)
"""Before Python 3.13 a thread is joined by a lock that it holds."""
_SEMAPHORE: Any = getattr(import_module("_multiprocessing"), "SemLock", None) if find_spec("_multiprocessing") else None


class TypeMethod:
    """One method of a C type, to swap and to put back. Objects that hold a bound method keep theirs."""

    def __init__(self, kind: type, name: str, substitute: Callable[..., Any]) -> None:
        self._kind, self._name = kind, name
        self._original = vars(kind)[name]
        self._substitute = substitute

    def on(self) -> None:
        """Let the type's objects call the substitute."""
        self._assign(self._substitute)

    def off(self) -> None:
        """Give the method back."""
        self._assign(self._original)

    def _assign(self, method: Any) -> None:
        if sys.implementation.name == "cpython":
            (namespace,) = gc.get_referents(vars(self._kind))
            namespace[self._name] = method
            ctypes.pythonapi.PyType_Modified(ctypes.py_object(self._kind))


def limited_methods(waits: Waits) -> list[TypeMethod]:
    """Return the methods whose time limits `waits` keeps."""
    limited = [(kind, _acquire(kind, waits)) for kind in (_thread.LockType, _thread.RLock)]
    if _SEMAPHORE is not None:
        limited.append((_SEMAPHORE, _acquire_semaphore(_SEMAPHORE, waits)))
    locks = [TypeMethod(kind, "acquire", acquire) for kind, acquire in limited]
    entered = [TypeMethod(kind, "__enter__", _enter(kind, acquire)) for kind, acquire in limited]
    return [*locks, *entered, TypeMethod(_queue.SimpleQueue, "get", _get(waits))]


def _enter(kind: Any, acquire: Callable[..., bool]) -> Callable[..., bool]:
    """Return what a `with` of a lock does: the test's own thread is told when it waits for ever there, too.

    The locks of `threading` itself are held for moments only, and taken by whoever looks after the threads.
    """
    real_acquire, real_enter = vars(kind)["acquire"], vars(kind)["__enter__"]
    momentary = [lock for lock in vars(threading).values() if isinstance(lock, kind)]

    def enter(lock: Any) -> bool:
        if real_acquire(lock, False):
            return True
        return bool(real_enter(lock) if any(lock is each for each in momentary) else acquire(lock))

    return enter


def _acquire(kind: Any, waits: Waits) -> Callable[..., bool]:
    real = vars(kind)["acquire"]

    def acquire(lock: Any, blocking: bool = True, timeout: float = -1) -> bool:
        limit = None if timeout == -1 else timeout
        if blocking and limit is None:
            if real(lock, False):
                return True
            if waits.is_beside(_thread.get_ident()):
                return _acquire_beside(lock, waits, real)
        if not blocking or not waits.applies(limit):
            got: bool = real(lock, blocking, timeout)
            return got
        return real(lock, False) or bool(
            waits.keep(
                limit,
                lambda pause_s: real(lock, True, pause_s) if pause_s else real(lock, False),
                has_input=lambda: not _is_locked(lock),
                takes=True,
            )
        )

    return acquire


def _acquire_beside(lock: Any, waits: Waits, real: Callable[..., bool]) -> bool:
    """Wait for as long as it takes, but not beyond a test that has failed: the process would hang at its end."""
    if sys._getframe(2).f_code is _JOINING:  # what a thread holds until its end is nobody else's to give up
        return real(lock)
    thread = _thread.get_ident()
    waits.endless[thread] = lock
    got = real(lock)
    if waits.endless.pop(thread, None) is None:
        end_silently()
    return got


def give_up(endless: dict[int, Any]) -> None:
    """End the threads that still wait for a lock: take it from whoever has it."""
    before = dict(endless)
    if before:
        let_others_run()
    for thread, lock in before.items():
        if endless.get(thread) is not lock or endless.pop(thread, None) is None:
            continue
        held: Any = lock
        release = getattr(held, "_release_save", held.release)
        with suppress(RuntimeError):  # it has just been released
            release()


def _is_locked(lock: Any) -> bool:
    if hasattr(lock, "locked"):
        return bool(lock.locked())
    return repr(lock).startswith("<locked")  # an RLock before Python 3.14


def _acquire_semaphore(kind: Any, waits: Waits) -> Callable[..., bool]:
    real = vars(kind)["acquire"]

    def acquire(lock: Any, block: bool = True, timeout: float | None = None) -> bool:
        if not block or not waits.applies(timeout):
            got: bool = real(lock, block, timeout)
            return got
        return real(lock, False) or bool(
            waits.keep(
                timeout,
                lambda pause_s: real(lock, pause_s > 0, pause_s),
                has_input=lambda: not lock._is_zero(),
                takes=True,
            )
        )

    return acquire


def _get(waits: Waits) -> Callable[..., Any]:
    real = vars(_queue.SimpleQueue)["get"]

    def get(items: Any, block: bool = True, timeout: float | None = None) -> Any:
        if not block or not waits.applies(timeout):
            return real(items, block, timeout)

        def attempt(pause_s: float) -> tuple[Any] | None:
            try:
                return (real(items, pause_s > 0, pause_s),)
            except queue.Empty:
                return None

        found = attempt(0) or waits.keep(timeout, attempt, has_input=lambda: not items.empty(), takes=True)
        if found is None:
            raise queue.Empty
        return found[0]

    return get
