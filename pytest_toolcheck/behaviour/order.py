"""Does the order of the calls decide what they are answered? A cache with half a key shows so where all can be begun anew.

Calls that are answered alike, and with another value when they are made in another order, are answered what was asked
first. Suspected in two sessions that are there anyway; believed when new beginnings, in turns in the one order and the other,
say so: an answer that each beginning has of its own (a start's number) or that chance makes comes again in none.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..checks.base import as_json
from .echoes import shared_answer
from .leaves import Leaves, is_ignored, is_volatile, leaves_of_outcome
from .promise import SLOW_S, runs_here

if TYPE_CHECKING:
    from ..targets.base import Outcome, Session
    from .promise import Trial

_MOST: Final = 16
_BEGINNINGS: Final = 8
"""An answer that a beginning draws for itself, one of two, alternates so often once in 128 times."""
_PAIRS: Final = 5
"""So many suspicions are followed up."""

Input = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """Two calls that are both answered what the first of them is answered, whichever that is."""

    one: Input
    other: Input
    answers: tuple[Leaves, Leaves]

    def details(self) -> tuple[tuple[str, str], ...]:
        """Return what a report shows of it."""
        order = ((self.one, self.other), (self.other, self.one))
        return tuple(
            (f"{as_json(first)}, then {as_json(then)}", f"both answered {as_json(answer)}")
            for (first, then), answer in zip(order, self.answers, strict=True)
        )


def what_order_decides(trial: Trial, known: Sequence[tuple[Input, Outcome]]) -> Decided | None:
    """Return two calls of which the first decides what both are answered; None where there are none."""
    if min(outcome.duration_ns for _, outcome in known) > SLOW_S * 1e9:
        return None
    values = _inputs(trial, [value for value, _ in known])
    if len(values) < 2:
        return None
    here = _answers(trial, values, None)
    if not any(True for _ in _alike(values, here)):
        return None
    with elsewhere(trial) as session:
        there = _answers(trial, values[::-1], session)[::-1] if session is not None else []
    suspected = _suspected(values, here, there) if there else iter(())
    for one, other in itertools.islice(suspected, _PAIRS):
        if (decided := believed(trial, values[one], values[other])) is not None:
            return decided
    return None


def _inputs(trial: Trial, known: list[Input]) -> list[Input]:
    """Return inputs many of which differ in one parameter alone."""
    schema = trial.plan.tool.input
    names = set(schema.get("properties", ())) if isinstance(schema, Mapping) else set()
    texts = {as_json(value): value for value in known if names >= set(value)}  # one that is unknown decides nothing
    known = list(texts.values())
    for value in (value for value in trial.valid_inputs() if names >= set(value) and not trial.is_refused(value)):
        if len(texts) >= _MOST:
            break
        if any(_differ_in_one(value, other) for other in known):
            texts.setdefault(as_json(value), value)
    return list(texts.values())[:_MOST]


def _differ_in_one(one: Input, other: Input) -> bool:
    names = {*one, *other}
    return sum(as_json(one.get(name, ...)) != as_json(other.get(name, ...)) for name in names) == 1


def _answers(trial: Trial, values: Sequence[Input], session: Session | None) -> list[Leaves | None]:
    """Return what each is answered, without what says nothing; None where that is a refusal, or another time another."""
    found = [answer_of(trial, value, session) for value in values]
    again = [answer_of(trial, value, session) for value in values]
    return [first if first == later else None for first, later in zip(found, again, strict=True)]


def answer_of(trial: Trial, value: Input, session: Session | None) -> Leaves | None:
    """Return what a call is answered, without what says nothing; None where it is not accepted."""
    outcome = trial.ctx.call(value, valid=True, session=session)
    if outcome.kind != "accepted":
        return None
    ignored = tuple(trial.options.get("ignore", ()))
    leaves = leaves_of_outcome(outcome).items()
    return {p: v for p, v in leaves if not is_ignored(p, ignored) and not is_volatile(p, (v,), telemetry=True)}


def _alike(values: Sequence[Input], answers: Sequence[Leaves | None]) -> Iterator[tuple[int, int]]:
    for one, other in itertools.combinations(range(len(answers)), 2):
        if _shared(values, answers, one, other) is not None:
            yield one, other


def _shared(values: Sequence[Input], answers: Sequence[Leaves | None], one: int, other: int) -> Leaves | None:
    mine, others = answers[one], answers[other]
    return None if mine is None or others is None else shared_answer(values[one], mine, values[other], others)


def _suspected(
    values: Sequence[Input], here: Sequence[Leaves | None], there: Sequence[Leaves | None]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of calls that were answered alike in both orders, and not the same in both."""
    for one, other in _alike(values, here):
        beside = _shared(values, there, one, other)
        if beside is not None and beside != _shared(values, here, one, other):
            yield one, other


def believed(trial: Trial, one: Input, other: Input) -> Decided | None:
    """Begin anew again and again, and ask in turns for the one and for the other first."""
    seen: list[Leaves] = []
    for at in range(_BEGINNINGS):
        first, then = (one, other) if at % 2 == 0 else (other, one)
        with begun_anew(trial) as session:
            answer = answer_of(trial, first, session) if session is not None else None
            later = answer_of(trial, then, session) if answer is not None else None
        shared = shared_answer(first, answer, then, later) if answer is not None and later is not None else None
        if shared is None:
            return None
        seen.append(shared)
        if (at >= 2 and shared != seen[at - 2]) or (at >= 1 and shared == seen[at - 1]):
            return None
    return Decided(one, other, (seen[0], seen[1]))


@contextmanager
def elsewhere(trial: Trial) -> Iterator[Session | None]:
    """A session in which the tool has hardly been called: one that is there anyway."""
    if (second := trial.ctx.server.second()) is not None:
        yield second
        return
    with trial.fresh_session() as session:
        yield session if session is not trial.ctx.session else None


def begun_anew(trial: Trial) -> AbstractContextManager[Session | None]:
    """A session of a server, or of modules, in which nothing has been called."""
    if runs_here(trial.plan.spec.target):
        return trial.fresh_session()
    return trial.ctx.server.anew()
