"""What a second equal call tells that many of them do not: the first one of a new key, or after other calls, had an effect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, filterfalse, islice
from typing import TYPE_CHECKING, Any, Final

from ..checks.base import as_json
from ..parts import parts_of
from .first_asked import keys_of
from .leaves import differing, words_of
from .patience import Patience
from .promise import SLOW_S
from .state import Change

if TYPE_CHECKING:
    from ..targets.base import Outcome
    from .promise import Trial

_MOST_AGAIN: Final = 40
_PATIENCE_S: Final = 3.0
_KEYS: Final = 6
_ROUNDS_TO_BELIEVE: Final = 3
_ABOUT_THE_ANSWER: Final = frozenset(
    [
        "hit",
        "miss",
        "fresh",
        "stale",
        "warm",
        "cold",
        "source",
        "origin",
        "status",
        "state",
        "ready",
        "pending",
        "progress",
    ]
)
"""Where an answer comes from, and whether it is there yet, is no effect of asking."""

Input = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FirstCall:
    """What the first call of each new key changes in the answer to the next one."""

    value: Input
    pointer: str
    before: Any
    after: Any


def many_inputs_twice(trial: Trial) -> Iterator[tuple[Input, Outcome, Outcome]]:
    """Yield valid inputs that are accepted, the shortest first, for nothing is the rarest; with the answers to two calls."""
    patience, slow = Patience(_PATIENCE_S), 0
    shortest = sorted(filterfalse(_has_whole_float, trial.valid_inputs()), key=lambda value: len(as_json(value)))
    for value in shortest[:_MOST_AGAIN]:
        first = trial.ctx.call(value, valid=True)
        if first.kind == "accepted":
            yield value, first, trial.ctx.call(value, valid=True)
        patience.note(first, calls=2)
        slow += first.duration_ns > SLOW_S * 1e9
        if slow > 1 or patience.is_over:  # a single one has waited for the machine
            return


def _has_whole_float(value: Input) -> bool:
    """Whether a number is written as few programs take an integer: `1.0`."""
    return any(isinstance(each, float) and each.is_integer() for each in value.values())


def what_a_first_call_changes(trial: Trial, base: Input) -> FirstCall | None:
    """Return what shows that a call of a new key leaves something behind: for each, the second answer is another, and stays."""
    schema = trial.plan.tool.input
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return None
    keys = keys_of(trial, base, parts_of(schema))
    names, moved, found = keys.varied(), None, None
    for _ in range(_KEYS if names else 0):
        if (key := keys.new(names)) is None:
            return None
        first, second, third = (keys.answer({**base, **key}) for _ in range(3))
        if first is None or second is None or third is None or differing([second, third]):
            return None
        now = {pointer for pointer in differing([first, second]) if not words_of(pointer) & _ABOUT_THE_ANSWER}
        moved = now if moved is None else moved & now
        if not moved:
            return None
        found = FirstCall({**base, **key}, pointer := min(moved), first.get(pointer), second.get(pointer))
    return found


def what_a_second_call_changes(trial: Trial, accepted: Sequence[tuple[Input, Any]]) -> Change | None:
    """Return what a second equal call changes, others having been made before the first: what settles after some calls too."""
    if len(accepted) < 2:
        return None
    lasting: set[str] | None = None
    for value, answer in islice(cycle(_far_apart(accepted)), _ROUNDS_TO_BELIEVE):
        watch = trial.watch(value, answer, trial.ctx.session)
        if not watch.sees_something or trial.ctx.call(value, valid=True).kind != "accepted":
            return None
        before, again = watch.settle(), trial.ctx.call(value, valid=True)
        after = watch.settle()
        places = {change.place for change in watch.changes(before, after)}
        lasting = places if lasting is None else lasting & places
        if not lasting or again.kind != "accepted":
            return None
        changes = watch.caused(before, after, again.duration_ns / 1e9)
    return next((change for change in changes if change.place in (lasting or ())), None)


def _far_apart(accepted: Sequence[tuple[Input, Any]]) -> list[tuple[Input, Any]]:
    """Return two inputs, those whose numbers are least and most; where these do not tell, the first two."""
    low, high = (choose(accepted, key=lambda each: _numbers(each[0])) for choose in (min, max))
    return [low, high] if _numbers(low[0]) < _numbers(high[0]) else list(accepted[:2])


def _numbers(value: Input) -> float:
    return sum(float(each) for each in value.values() if isinstance(each, int | float))
