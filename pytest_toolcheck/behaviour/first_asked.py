"""Does what was asked first decide what is answered later? A cache with half a key shows so, without a second server.

For many keys that nobody has asked for, chance decides which of two values of one parameter is asked first; then the other is.
Where the parameter means nothing, both are answered alike, and nothing about an answer can tell which was first: a feature
that separates all keys of the one kind from all of the other comes by chance once in thousands. It must come twice.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..checks.base import as_json, shorten
from ..checks.violation import is_valid
from ..parts import parts_of
from .echoes import shared_answer
from .fresh_values import Maker, makers_for, new_value
from .leaves import Leaves, is_ignored, is_volatile, leaves_of_outcome
from .patience import Patience
from .telling import Score, scores, separated

if TYPE_CHECKING:
    from ..targets.base import Outcome
    from .promise import Trial

_PAIRS: Final = 8
"""Of keys: one of the two values is asked first for eight of sixteen, by chance one in 12,870."""
_MOST_PARAMETERS: Final = 6
_ALTERNATIVES: Final = 2
_TRIES: Final = 20
_PATIENCE_S: Final = 20.0
_QUICK_S: Final = 0.1
_MOST_DISTANT: Final = 1e6

Input = dict[str, Any]
ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Asked:
    """Two calls that differ in one parameter, in the order in which they were made, and what both were answered."""

    first: Input
    then: Input
    answer: Leaves


@dataclass(frozen=True, slots=True)
class FirstAsked:
    """The evidence: of one parameter, what was answered where its one value was asked first, and where its other one was."""

    parameter: str
    pairs: tuple[Asked, Asked]

    def details(self) -> tuple[tuple[str, str], ...]:
        """Return what a report shows of it."""
        return tuple((f"{_value(pair.first, self.parameter)} first", _shown(pair)) for pair in self.pairs)


def what_is_decided_first(trial: Trial, known: Sequence[tuple[Input, Outcome]]) -> FirstAsked | None:
    """Return the evidence that a call decides what another one is answered; None where there is none."""
    schema = trial.plan.tool.input
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    took_ns, base = min(outcome.duration_ns for _, outcome in known), known[0][0]
    if not isinstance(properties, Mapping) or len(properties) < 2 or took_ns > _QUICK_S * 1e9:
        return None
    keys, cases = keys_of(trial, base, parts_of(schema)), trial.valid_inputs()
    for name in list(properties)[:_MOST_PARAMETERS]:
        if not keys.varied(beside=name):
            continue
        for values in alternatives(name, base, cases):
            if keys.patience.is_over:
                return None
            if (found := _Experiment(keys, name, values).result()) is not None:
                return found
    return None


def alternatives(name: str, base: Input, cases: Sequence[Input]) -> Iterator[tuple[Any, Any]]:
    """Yield two values of a parameter, a few times: the base's own (or none: `ABSENT`) and those farthest from it."""
    own = base.get(name, ABSENT)
    others = {as_json(value[name]): value[name] for value in cases if name in value and value[name] != own}
    ranked = sorted(others.values(), key=lambda value: _rank(own, value))
    yield from ((own, other) for other in ranked[:_ALTERNATIVES])


def _rank(own: Any, other: Any) -> tuple[bool, float]:
    if isinstance(other, str):
        return not (other.isascii() and other.isprintable() and 0 < len(other) < 40), 0.0
    is_number = all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in (own, other))
    distance = abs(own - other) if is_number else 0.0
    return distance > _MOST_DISTANT, -distance


class Keys:
    """Calls the tool with new values in the place of the base's own."""

    def __init__(self, trial: Trial, base: Input, properties: Mapping[str, Any]) -> None:
        self._trial, self._base, self._properties = trial, base, properties
        self._schema = trial.plan.tool.input if trial.plan.tool.input is not None else True
        self._chance = random.Random(trial.plan.tool.name)
        self._used: set[str] = set()
        self._ignored = tuple(trial.options.get("ignore", ()))
        self.patience = Patience(_PATIENCE_S)
        """Of all calls: their values are new, so none is quicker than the tool is."""
        self._makers = {name: maker for name in base if (maker := self._maker(name)) is not None}

    def varied(self, *, beside: str = "") -> list[str]:
        """Return the parameters of which there are new values, but for the one beside them."""
        return [name for name in self._makers if name != beside]

    def _maker(self, name: str) -> Maker | None:
        part, known = self._properties.get(name), self._base[name]
        for maker in makers_for(part, known):
            value = new_value(maker, part or {}, known, self._chance)
            if value is not None and self.answer({**self._base, name: value}) is not None:
                return maker
        return None

    def shuffled(self) -> list[int]:
        """Return 0 and 1 in an order that is chance's."""
        return self._chance.sample([0, 1], 2)

    def new(self, names: Sequence[str]) -> Input | None:
        """Return new values of these parameters, other ones each time; None where there are no more."""
        for _ in range(_TRIES):
            key = {n: new_value(self._makers[n], self._properties[n], self._base[n], self._chance) for n in names}
            if None not in key.values() and (text := as_json(key)) not in self._used:
                self._used.add(text)
                return key
        return None

    def with_value(self, key: Input, name: str, value: Any) -> Input:
        """Return the base with the values of a key, and of one further parameter, which may be left out."""
        given = {**self._base, **key, name: value}
        return {each: given[each] for each in given if given[each] is not ABSENT}

    def answer(self, call: Input) -> Leaves | None:
        """Return what a call is answered, without what says nothing; None where it is not accepted."""
        if not is_valid(self._schema, call):
            return None
        outcome = self._trial.ctx.call(call, valid=True)
        self.patience.note(outcome)
        if outcome.kind != "accepted":
            return None
        return {pointer: value for pointer, value in leaves_of_outcome(outcome).items() if self._tells(pointer, value)}

    def _tells(self, pointer: str, value: Any) -> bool:
        return not is_ignored(pointer, self._ignored) and not is_volatile(pointer, (value,), telemetry=True)


def keys_of(trial: Trial, base: Input, properties: Mapping[str, Any]) -> Keys:
    """Return the keys of a trial, made once a base: which parameters take new values is asked only once."""
    known = trial.keys.get(text := as_json(base))
    if known is None:
        known = trial.keys[text] = Keys(trial, base, properties)
    known.patience = Patience(_PATIENCE_S)
    return known


@dataclass(frozen=True, slots=True)
class _Experiment:
    keys: Keys
    name: str
    values: tuple[Any, Any]

    def result(self) -> FirstAsked | None:
        """Carry it out, and once more with other keys where it finds something."""
        found = self._round()
        again = self._round() if found is not None else None
        if found is None or again is None or not found[0] & again[0]:
            return None
        return again[1]

    def _round(self) -> tuple[set[str], FirstAsked] | None:
        """Ask for so many new keys; return what tells which was asked first, and a pair of calls of each kind."""
        scored: tuple[list[Mapping[str, Score]], list[Mapping[str, Score]]] = [], []
        pairs: dict[int, Asked] = {}
        names = self.keys.varied(beside=self.name)
        for _ in range(_PAIRS):
            for first in self.keys.shuffled():
                if (asked := self._asked(names, first)) is None:
                    return None
                scored[first].append(scores(asked.answer, {name: asked.first[name] for name in names}))
                pairs[first] = asked
            if not separated(*scored):
                return None
        return separated(*scored), FirstAsked(self.name, (pairs[0], pairs[1]))

    def _asked(self, names: Sequence[str], first: int) -> Asked | None:
        """Ask for a new key with both values; return the calls and their answer where it is the same."""
        if (key := self.keys.new(names)) is None:
            return None
        calls = [self.keys.with_value(key, self.name, self.values[which]) for which in (first, 1 - first)]
        one, other = [self.keys.answer(call) for call in calls]
        shared = shared_answer(calls[0], one, calls[1], other) if one is not None and other is not None else None
        return Asked(calls[0], calls[1], shared) if shared is not None else None


def _value(call: Input, name: str) -> str:
    return f"{name} {shorten(as_json(call[name]), 40)}" if name in call else f"no {name}"


def _shown(pair: Asked) -> str:
    answered = {pointer: value for pointer, value in pair.answer.items() if pointer != "(outcome)"}
    return (
        f"{shorten(as_json(pair.first), 160)}, then {shorten(as_json(pair.then), 160)}: both {shorten(answered, 200)}"
    )
