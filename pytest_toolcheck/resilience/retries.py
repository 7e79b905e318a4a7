"""Observe the retries of any code: how often something was tried, after which waits, and what it raised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from .dependency import Answer, DependencyCall, DependencyProbe, Step
from .schedules import Wait, backoff_schedule, stamina_schedule, tenacity_schedule
from .story import describe_error

TOLERANCE_S = 0.001
"""How far a wait may be off in virtual time, where it is exact but for a library's own sums."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: what it waited since the one before (None: the first), and what came of it."""

    number: int
    started_s: float
    ended_s: float | None
    waited_s: float | None
    error: BaseException | None


class ObservedRetries:
    """What was tried while a `with observe_retries(…)` lasted (and after it)."""

    def __init__(self, probe: DependencyProbe, *, tolerance_s: float) -> None:
        self._probe = probe
        self._tolerance_s = tolerance_s

    def __repr__(self) -> str:
        return f"<ObservedRetries of {self._probe.name}: {len(self.attempts)} attempts, waits {_listed(self.waits)}>"

    def __enter__(self) -> ObservedRetries:
        self._probe.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._probe.__exit__(kind, error, trace)

    @property
    def attempts(self) -> list[Attempt]:
        """Every attempt so far."""
        calls: Sequence[DependencyCall | None] = [None, *self._probe.calls]
        return [_attempt(before, call) for before, call in zip(calls, self._probe.calls, strict=False)]

    @property
    def waits(self) -> list[float]:
        """Seconds between the end of each attempt and the start of the next, by `time.monotonic()`."""
        return [each.waited_s for each in self.attempts if each.waited_s is not None]

    @property
    def exceptions(self) -> list[BaseException]:
        """What the failed attempts raised, in order."""
        return [each.error for each in self.attempts if each.error is not None]

    def answers(self, *steps: Answer | Step) -> None:
        """Answer the coming attempts by script (see `fail`, `succeed`, `hang`); then the original answers again."""
        self._probe.answers(*steps)

    def expect_attempts(self, count: int) -> None:
        """Fail unless it was tried exactly so often. Raises AssertionError."""
        __tracebackhide__ = True
        if len(self.attempts) != count:
            raise AssertionError(
                f"{self._probe.name} was tried {len(self.attempts)} times, expected {count}\n{self._story()}"
            )

    def expect_schedule(self, waits: Sequence[Wait], *, tolerance_s: float | None = None) -> None:
        """Fail unless the waits were these: each a number of seconds, or (least, most) for jitter.

        Raises AssertionError, naming the first wait that differs.
        """
        __tracebackhide__ = True
        slack_s = self._tolerance_s if tolerance_s is None else tolerance_s
        seen = self.waits
        for number, (wanted, waited) in enumerate(zip(waits, seen, strict=False), start=1):
            least, most = wanted if isinstance(wanted, tuple) else (wanted, wanted)
            if not least - slack_s <= waited <= most + slack_s:
                raise AssertionError(
                    f"wait {number} of {self._probe.name} was {waited:g} s, expected {_one(wanted)}\n"
                    f"expected {_listed(waits)}\nseen     {_listed(seen)}\n{self._story()}"
                )
        if len(seen) != len(waits):
            raise AssertionError(
                f"{self._probe.name} was retried {len(seen)} times, expected {len(waits)}\n"
                f"expected {_listed(waits)}\nseen     {_listed(seen)}\n{self._story()}"
            )

    def expect_jitter(self, waits: Sequence[Wait], *, calls: int) -> None:
        """Fail unless each of so many calls, made while this lasted, waited within the ranges, and not all the same.

        One call cannot show that there is jitter; twenty that waited the same show that there is none.
        Raises AssertionError.
        """
        __tracebackhide__ = True
        attempts = self.attempts
        each = len(waits) + 1
        if calls < 2 or len(attempts) != calls * each:
            raise AssertionError(
                f"{self._probe.name} was tried {len(attempts)} times, expected {each} attempts in each of {calls} calls "
                f"(two at least)\n{self._story()}"
            )
        for place, wanted in enumerate(waits, start=1):
            seen = [attempt.waited_s or 0.0 for attempt in attempts[place::each]]
            least, most = wanted if isinstance(wanted, tuple) else (wanted, wanted)
            odd = [wait for wait in seen if not least - self._tolerance_s <= wait <= most + self._tolerance_s]
            if odd:
                raise AssertionError(f"wait {place} of {self._probe.name} was {odd[0]:g} s, expected {_one(wanted)}")
            if least < most and max(seen) - min(seen) <= self._tolerance_s:
                raise AssertionError(
                    f"wait {place} of {self._probe.name} was {seen[0]:g} s in each of {calls} calls, "
                    f"expected jitter from {_one(wanted)}"
                )

    def expect_tenacity(self, retrying: Any, *, attempts: int | None = None) -> None:
        """Fail unless it waited as the tenacity `Retrying`, or the function that `@retry` made, announces."""
        __tracebackhide__ = True
        self.expect_schedule(tenacity_schedule(retrying, attempts=attempts))

    def expect_stamina(self, **arguments: Any) -> None:
        """Fail unless it waited as `stamina.retry(**arguments)` announces (`attempts`, `wait_initial`, …)."""
        __tracebackhide__ = True
        self.expect_schedule(stamina_schedule(**arguments))

    def expect_backoff(self, wait_gen: Any, *, max_tries: int, full_jitter: bool = False, **arguments: Any) -> None:
        """Fail unless it waited as `backoff.on_exception(wait_gen, …)` announces; `full_jitter` where it is used."""
        __tracebackhide__ = True
        self.expect_schedule(backoff_schedule(wait_gen, max_tries=max_tries, full_jitter=full_jitter, **arguments))

    def _story(self) -> str:
        attempts = self.attempts
        zero_s = attempts[0].started_s if attempts else 0.0
        lines = []
        for each in attempts:
            waited = f", {each.waited_s:g} s after the one before" if each.waited_s is not None else ""
            how = "answers" if each.error is None else f"fails: {describe_error(each.error)}"
            lines.append(f"{each.started_s - zero_s:>10.3f} s  attempt {each.number}{waited} {how}")
        return "\n".join(lines) or "it was never tried"


def observe_retries(
    target: str | Callable[..., Any],
    *,
    emit: Callable[..., None] | None = None,
    tolerance_s: float = TOLERANCE_S,
) -> ObservedRetries:
    """Observe every attempt of `target`, in a `with`: `with observe_retries("shop:quote") as retries:`.

    `target` is `pkg.mod:attr` or a Python function: what is retried, not what retries. With `emit`, each retry is
    logged as `retry.scheduled`. In real time, give a `tolerance_s` that the machine can keep.
    Raises ReferenceProblem where there is nothing to observe.
    """

    def hear(call: DependencyCall, phase: str) -> None:
        if emit is not None and phase == "start" and call.number > 1 and probe.calls[call.number - 2].failed:
            attrs = {"attempt": call.number, "wait_s": _waited(probe.calls[call.number - 2], call), "on": probe.name}
            emit("retry.scheduled", attrs=attrs)

    probe = DependencyProbe(target, on_call=hear)
    return ObservedRetries(probe, tolerance_s=tolerance_s)


def _attempt(before: DependencyCall | None, call: DependencyCall) -> Attempt:
    waited_s = None if before is None else _waited(before, call)
    return Attempt(call.number, call.started_s, call.ended_s, waited_s, call.error)


def _waited(before: DependencyCall, call: DependencyCall) -> float:
    return call.started_s - (before.ended_s if before.ended_s is not None else before.started_s)


def _one(wait: Wait) -> str:
    return f"{wait[0]:g} to {wait[1]:g} s" if isinstance(wait, tuple) else f"{wait:g} s"


def _listed(waits: Sequence[Wait]) -> str:
    return ", ".join(map(_one, waits)) or "no waits"
