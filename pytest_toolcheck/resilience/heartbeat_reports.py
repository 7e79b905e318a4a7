"""What a call reports of its progress, and what came of the call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..checks.base import shorten
from ..clock.errors import VirtualTimeError

if TYPE_CHECKING:
    from .dependency import DependencyCall

_PROGRESS_NAMES: Final = ("progress", "step", "done", "current", "percent")


@dataclass(frozen=True, slots=True)
class Beat:
    """One report, so long after the call's start."""

    at_s: float
    progress: Any
    total: Any = None

    @property
    def percent(self) -> float | None:
        """Its share of the whole, in per cent; None where it is no number."""
        if isinstance(self.progress, bool) or not isinstance(self.progress, int | float):
            return None
        if isinstance(self.total, int | float) and self.total:
            return 100 * self.progress / self.total
        return float(self.progress)


@dataclass(slots=True)
class Watched:
    """One call with what it reported. `took_s` is None while it runs; `late` are reports after its end."""

    beats: list[Beat] = field(default_factory=list)
    late: list[Beat] = field(default_factory=list)
    took_s: float | None = None
    value: Any = None
    error: BaseException | str | None = None
    began_s: float = 0.0
    work: Sequence[DependencyCall] = ()
    """The calls of the dependency that makes it long, on the clock on which it began at `began_s`."""

    @property
    def answer(self) -> str:
        """What came of it, in words that can be compared."""
        if isinstance(self.error, BaseException):
            return f"{type(self.error).__name__}: {self.error}"
        return self.error or shorten(self.value, 200)

    @property
    def after_work_s(self) -> float | None:
        """How long after the end of its work the call ended; None where it failed or did none."""
        ends = [call.ended_s for call in self.work if call.ended_s is not None]
        if self.error is not None or self.took_s is None or not ends or len(ends) < len(self.work):
            return None
        return self.began_s + self.took_s - max(ends)

    @property
    def rounds(self) -> int:
        """How many calls of its dependency were made one after the other; those made at once are one round."""
        ended = [call for call in self.work if call.ended_s is not None]
        each_s = max((call.ended_s - call.started_s for call in ended if call.ended_s is not None), default=0.0)
        whole_s = max((call.ended_s or 0.0 for call in ended), default=0.0) - min(
            (c.started_s for c in ended), default=0.0
        )
        return max(1, round(whole_s / each_s)) if each_s else 1

    def timeline(self) -> str:
        """The reports with their instants."""
        lines = [f"{beat.at_s:>9.3f} s  {beat.progress!r} of {beat.total!r}" for beat in [*self.beats, *self.late]]
        return "\n".join([*lines[:30], f"{self.took_s or 0:>9.3f} s  the call ends: {self.answer}"])


class Done:
    """What a receiver returns: a tool may await it, or leave it."""

    def __await__(self) -> Iterator[None]:
        return iter(())


def read_report(at_s: float, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Beat:
    """Read a report: numbers by place or by name, or one object or mapping that holds them."""
    if len(args) == 1 and not isinstance(args[0], int | float | str):
        one = args[0]
        kwargs = {**(one if isinstance(one, Mapping) else _fields(one)), **kwargs}
        args = ()
    numbers = [each for each in args[1:] if isinstance(each, int | float)]
    named = next((name for name in _PROGRESS_NAMES if name in kwargs), None)
    progress = kwargs[named] if named else next(iter(args), None)
    total = kwargs.get("total", next(iter(numbers), None))
    return Beat(at_s, progress, None if named == "percent" else total)


def _fields(value: Any) -> dict[str, Any]:
    names = (*_PROGRESS_NAMES, "total")
    return {name: getattr(value, name) for name in names if hasattr(value, name)}


def kept_error(error: BaseException) -> BaseException:
    """Return what a tool raised; Ctrl-C, an exit, and a call that has no end go through."""
    if isinstance(error, KeyboardInterrupt | SystemExit | VirtualTimeError):
        raise error
    return error
