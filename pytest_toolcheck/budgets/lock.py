"""One measurement at a time across the workers of a run, by a lock on a file in the run's directory.

It keeps budgets from being each other's noise. Other tests go on beside them: what they disturb, the gates drop, and
where that takes long no further test begins (`quiet.py`).
A worker has one lock (`measuring_lock`): a second one on the same file would wait for the first.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
import time
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

from .clocks import MeterError

_NAME = "measuring.lock"
_RETRY_S = 0.02


class MeasuringLock:
    """An exclusive lock for measuring, `with` which one worker at a time measures; it may be entered again inside.

    The system frees it when its process ends, however that happens. Raises MeterError after `patience_s`.
    """

    def __init__(self, directory: Path, *, patience_s: float = 600.0) -> None:
        self.path = directory / _NAME
        self._patience_s = patience_s
        self._file: int | None = None
        self._depth = 0
        self._counting = threading.Lock()
        self._threads = threading.RLock()

    def __repr__(self) -> str:
        return f"<MeasuringLock {'held' if self._depth else 'free'} {self.path.name}>"

    def __enter__(self) -> MeasuringLock:
        self._threads.acquire()
        try:
            self._hold()
        except BaseException:
            self._threads.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._let_go()
        self._threads.release()

    def around_body(self) -> AroundBody:
        """Return the lock as it is held around a test's own body: what the body measures in any thread need not wait."""
        return AroundBody(self)

    def is_held_elsewhere(self) -> bool:
        """Whether another process is measuring."""
        try:
            file = os.open(self.path, os.O_RDWR)
        except OSError:
            return False
        if is_free := _try_lock(file):
            _free(file)
        else:
            os.close(file)
        return not is_free

    def _hold(self) -> None:
        with self._counting:
            if self._depth == 0:
                self._file = self._acquire()
            self._depth += 1

    def _let_go(self) -> None:
        with self._counting:
            self._depth -= 1
            if self._depth == 0 and self._file is not None:
                _free(self._file)
                self._file = None

    def _acquire(self) -> int:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        end = time.monotonic() + self._patience_s
        while not _try_lock(file):
            if time.monotonic() > end:
                os.close(file)
                raise MeterError(
                    f"another worker has been measuring for {self._patience_s:.0f} s ({self.path}): "
                    "is one of its tools hanging without a timeout?"
                )
            time.sleep(_RETRY_S)
        with contextlib.suppress(OSError):
            os.utime(self.path)  # when it began
        return file


class AroundBody:
    """Keeps other workers from measuring, not the threads of this one."""

    def __init__(self, lock: MeasuringLock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        self._lock._hold()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock._let_go()


@lru_cache(maxsize=16)
def measuring_lock(directory: Path) -> MeasuringLock:
    """Return the lock of this worker for a run's directory."""
    return MeasuringLock(directory)


def _free(file: int) -> None:
    """Free the lock for good: a child that the tool forked has the same file open, and may live longer."""
    module = _locking_module()
    with contextlib.suppress(OSError):
        if hasattr(module, "flock"):
            module.flock(file, module.LOCK_UN)
        elif module is not None:
            module.locking(file, module.LK_UNLCK, 1)
    os.close(file)


def _try_lock(file: int) -> bool:
    module = _locking_module()
    try:
        if hasattr(module, "flock"):
            module.flock(file, module.LOCK_EX | module.LOCK_NB)
        elif module is not None:
            module.locking(file, module.LK_NBLCK, 1)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _locking_module() -> Any:
    """Return what locks files here (Windows: msvcrt). Without, workers measure beside each other: the gates drop what that disturbs."""
    for name in ("fcntl", "msvcrt"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    return None
