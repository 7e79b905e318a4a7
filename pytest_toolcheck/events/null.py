"""The log of a run with `--toolcheck-log=off`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any


class NullLog:
    """Takes every event and writes nothing; has the face of `EventLog`."""

    run = ""
    worker = ""
    dropped = 0
    directory: Path | None = None
    path: Path | None = None
    virtual_now: Callable[[], float | None] | None = None

    def emit(self, ev: str, /, **fields: Any) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def merge_to(self, path: Path) -> None:
        """Do nothing: there is nothing to merge."""

    def __enter__(self) -> NullLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return "<NullLog>"
