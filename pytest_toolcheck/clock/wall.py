"""The wall clock under virtual time: `time.time`, `datetime.now`, `time.localtime` and the rest, by time-machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .durations import SECOND

_AHEAD_NS = 2000
"""The least of which `datetime` is certain to show something."""


class Wall:
    """Holds the wall clock at a virtual instant; only time-machine's public API is used."""

    def __init__(self, wall_ns: int, note_read: Callable[[], bool]) -> None:
        import time_machine

        # a number, not a datetime: time-machine would set the time zone of an aware one for the whole process
        self._travel = time_machine.travel(wall_ns // SECOND, tick=False)
        self._traveller: Any = None
        self._rest_ns = wall_ns % SECOND
        self._note_read = note_read

    def on(self) -> None:
        """Stop the wall clock at its instant."""
        self._traveller = self._travel.start()
        self.move(self._rest_ns)
        self._count_reads()

    def off(self) -> None:
        """Give the real wall clock back."""
        self._travel.stop()
        self._traveller = None

    def _count_reads(self) -> None:
        """Every reading comes here, of `datetime` too: a busy loop may wait for the wall clock."""
        time_ns = self._traveller.time_ns

        def counted() -> int:
            is_ahead = self._note_read()
            now_ns: int = time_ns()
            return now_ns + _AHEAD_NS * is_ahead

        self._traveller.time_ns = counted

    def move(self, step_ns: int) -> None:
        """Move it, forwards or backwards. In two steps, so that the float of the second is exact to the nanosecond."""
        if self._traveller is None:
            return
        seconds, rest_ns = divmod(step_ns, SECOND)
        if seconds:
            self._traveller.shift(int(seconds))
        if rest_ns:
            self._traveller.shift(rest_ns / SECOND)
