"""Direct control of breakers in a test: what the fixture `breakers` hands out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from ..errors import ToolcheckError
from .adapters import BreakerAdapter, State, find_adapter, known_libraries
from .adapters.answers import expect_state, remaining_of, state_of, undo_of
from .adapters.base import UnknownState, spelled

_HOW = """\
Write an adapter (about 20 lines) and register it, for instance in conftest.py:

    from pytest_toolcheck.resilience.adapters import BreakerAdapter, register_adapter

    class MyAdapter(BreakerAdapter):
        watched = ("opened_at",)                  # attributes whose assignment may change the state
        @classmethod
        def knows(cls, candidate): return isinstance(candidate, {kind})
        def state(self): ...                      # "closed", "open" or "half_open"
        def trip(self): ...                       # self.breaker is the object
        def half_open(self): ...
        def reset(self): ...
        def remaining_s(self): ...                # seconds until a probe is let through

    register_adapter(MyAdapter)

A whole one stands in the documentation under "Prove resilience"."""


class UnknownBreaker(ToolcheckError, TypeError):
    """An object that no adapter knows; the message shows how to write one."""

    def __init__(self, candidate: object) -> None:
        kind = type(candidate).__name__
        known = ", ".join(known_libraries())
        first = f"no adapter knows {candidate!r:.80} ({type(candidate).__module__}.{kind}); known: {known}"
        super().__init__(f"{first}\n{_HOW.format(kind=kind)}")


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of state, at an instant of `time.monotonic()` (so of the virtual clock, where there is one)."""

    before: State
    after: State
    at_s: float


class BreakerControl:
    """One breaker under control of a test. Put back as it was when the test ends."""

    def __init__(self, adapter: BreakerAdapter, *, on_change: Callable[[Transition, str], None] | None = None) -> None:
        self._adapter = adapter
        self._on_change = on_change
        self._started_s = time.monotonic()
        self._put_back = undo_of(adapter, "save", adapter.save())
        self._first: State = state_of(adapter)
        self.history: list[Transition] = []
        """Every change since control began."""
        self._stop = undo_of(adapter, "watch", adapter.watch(self._changed))

    def __repr__(self) -> str:
        return f"<BreakerControl {self.name} ({self._adapter.library or type(self._adapter).__name__}): {self.state}>"

    @property
    def name(self) -> str:
        """The breaker's name."""
        return self._adapter.name

    @property
    def breaker(self) -> Any:
        """The library's own object."""
        return self._adapter.breaker

    @property
    def state(self) -> State:
        """`"closed"`, `"open"` or `"half_open"`, as the library says; looking changes nothing."""
        return state_of(self._adapter)

    @property
    def remaining(self) -> float:
        """Seconds until a probe is let through, by the breaker's own clock; 0 unless it is open.

        A breaker that reads the wall clock has more or less of them when that clock is stepped.
        """
        return max(0.0, remaining_of(self._adapter)) if self.state == "open" else 0.0

    @property
    def transitions(self) -> list[State]:
        """The state when control began, and every state since."""
        return [self._first, *(change.after for change in self.history)]

    def trip(self) -> None:
        """Open the breaker now, for its whole recovery time."""
        self._adapter.trip()
        expect_state(self._adapter, "trip", "open")

    def half_open(self) -> None:
        """Let the next call through as a probe."""
        self._adapter.half_open()
        self._notice()

    def reset(self) -> None:
        """Close the breaker, with no failures counted."""
        self._adapter.reset()
        expect_state(self._adapter, "reset", "closed")

    def expect(self, states: Sequence[str]) -> None:
        """Fail unless the breaker went through exactly these states, the first one included. Raises AssertionError."""
        __tracebackhide__ = True
        if isinstance(states, str):
            raise UnknownState(f"expect takes a list of states, not {states!r}: expect([{states!r}])")
        wanted, seen = [spelled(state) for state in states], self.transitions
        if seen != wanted:
            raise AssertionError(
                f"breaker {self.name} went {_arrows(seen)}, expected {_arrows(wanted)}\n{self._timeline()}"
            )

    def release(self) -> None:
        """End control: stop listening, and put the breaker back as it was."""
        self._stop()
        self._put_back()

    def _changed(self, before: State, after: State) -> None:
        known = self.transitions[-1]
        if before != known:  # by the clock alone: nobody announced it
            self._append(known, before)
        self._append(before, after)

    def _notice(self) -> None:
        """Take down a change that no listener announces."""
        if self.state != self.transitions[-1]:
            self._append(self.transitions[-1], self.state)

    def _append(self, before: State, after: State) -> None:
        if before == after:
            return
        change = Transition(before, after, time.monotonic())
        self.history.append(change)
        if self._on_change is not None:
            self._on_change(change, self.name)

    def _timeline(self) -> str:
        lines = [f"{0:>10.3f} s  {self._first} (control begins)"]
        lines += [f"{each.at_s - self._started_s:>10.3f} s  {each.before} -> {each.after}" for each in self.history]
        return "\n".join(lines)


class Breakers:
    """Hands out controls and puts every breaker back: `close()`, or a `with`, at the end of the test.

    `emit(name, **fields)` writes `breaker.changed` into the log; `adapters` are asked before all others.
    """

    def __init__(
        self, *, emit: Callable[..., None] | None = None, adapters: Iterable[type[BreakerAdapter]] = ()
    ) -> None:
        self._emit = emit
        self._adapters = tuple(adapters)
        self._controls: dict[int, BreakerControl] = {}
        self._stack = ExitStack()

    def __repr__(self) -> str:
        return f"<Breakers: {', '.join(map(repr, self._controls.values())) or 'none under control'}>"

    def __enter__(self) -> Breakers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def control(self, breaker: object, name: str | None = None) -> BreakerControl:
        """Take control of a breaker: the object itself, a function that it decorates, or a factory with a `name`.

        The same breaker has the same control all through a test. Raises UnknownBreaker.
        """
        adapter = find_adapter(breaker, name=name, extra=self._adapters)
        if adapter is None:
            raise UnknownBreaker(breaker)
        known = self._controls.get(id(adapter.breaker))
        if known is None:
            known = self._controls[id(adapter.breaker)] = BreakerControl(adapter, on_change=self._log)
            self._stack.callback(known.release)
        return known

    def close(self) -> None:
        """Put every breaker back as it was before the test took control."""
        self._stack.close()
        self._controls.clear()

    def _log(self, change: Transition, name: str) -> None:
        if self._emit is not None:
            self._emit("breaker.changed", attrs={"from": change.before, "to": change.after, "name": name})


def _arrows(states: Sequence[str]) -> str:
    return " -> ".join(states)
