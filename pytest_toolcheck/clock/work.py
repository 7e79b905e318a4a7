"""Real work for which virtual time stands still."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .frames import current_frames


@dataclass(frozen=True, slots=True)
class Work:
    """Something at work outside virtual time; `key` tells it from others."""

    key: tuple[str, int]
    text: str
    patience: float = 1.0
    """The share of `max_real_wait` for which it is waited for."""
    lasts_ns: int = 0
    """For so long, at least, a child's sleep lasts."""
    thread: int | None = None
    """The thread of this process that it is."""

    def describe(self) -> str:
        """Return what it is, and where in the code a thread is."""
        return self.text if self.thread is None else f"{self.text}, which {_where(self.thread)}"


Look = dict[int, tuple[str, str]]
"""Kernel thread id to (system call, times it was given the processor)."""


def _where(ident: int) -> str:
    frame = current_frames().get(ident)
    if frame is None:
        return "has no Python frame"
    return f"is at {frame.f_code.co_qualname} ({Path(frame.f_code.co_filename).name}:{frame.f_lineno})"
