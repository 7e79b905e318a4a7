"""Texts in which several expressions are found, and others are not: by walking all of them at once, as automata.

Slow beside walks through one expression (`patterns.py`), so asked only where these lead to nothing. What an automaton cannot
know (lookarounds, references back, word boundaries) makes no text; every text is validated afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from ..ecma import in_python
from .explosive import in_class, op, parser

_START, _FOUND = 0, 1
_MOST_STATES, _MOST_PLACES, _LONGEST = 3000, 4000, 64
_OF_A_KIND, _OF_AN_END = 6, 24
"""So many characters that no expression tells apart are tried, and so many texts that end alike."""
_ORDINARY = "a0A-_. zb19Z/@:é"
_BEGINNING = (op.AT_BEGINNING, op.AT_BEGINNING_STRING)
_END = (op.AT_END, op.AT_END_STRING)
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)
States = frozenset[int]
Place = tuple[States, ...]
"""Where each of the expressions is."""


class NoAutomatonError(Exception):
    """The expression asks for what an automaton cannot know, or for too many states."""


class Automaton:
    """An expression as states: `moves` take a character, `jumps` none; some jumps only at the beginning or the end."""

    def __init__(self, pattern: str) -> None:
        self.moves: list[list[tuple[Any, int]]] = [[], []]
        self.jumps: list[list[tuple[Any, int]]] = [[], []]
        try:
            tree = parser.parse(in_python(pattern))
        except (re.error, OverflowError, RecursionError) as error:
            raise NoAutomatonError(pattern) from error
        self.jumps[self._sequence(tree, self._follow(_START))].append((None, _FOUND))

    def _state(self) -> int:
        if len(self.moves) > _MOST_STATES:
            raise NoAutomatonError("too many states")
        self.moves.append([])
        self.jumps.append([])
        return len(self.moves) - 1

    def _follow(self, at: int, only: Any = None) -> int:
        after = self._state()
        self.jumps[at].append((only, after))
        return after

    def _sequence(self, tree: Iterable[tuple[Any, Any]], at: int) -> int:
        for kind, value in tree:
            at = self._item(kind, value, at)
        return at

    def _item(self, kind: Any, value: Any, at: int) -> int:
        if kind in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN):
            after = self._state()
            self.moves[at].append(((kind, value), after))
            return after
        if kind is op.SUBPATTERN:
            return self._sequence(value[-1], at)
        if kind is op.BRANCH:
            return self._joined([self._sequence(tree, self._follow(at)) for tree in value[1]])
        if kind in _REPEATS:
            return self._repeat(value, at)
        if kind is op.AT and value in (*_BEGINNING, *_END):
            return self._follow(at, op.AT_BEGINNING if value in _BEGINNING else op.AT_END)
        raise NoAutomatonError(str(kind))

    def _joined(self, ends: list[int]) -> int:
        after = self._state()
        for end in ends:
            self.jumps[end].append((None, after))
        return after

    def _repeat(self, value: Any, at: int) -> int:
        low, high, tree = value
        for _ in range(low):
            at = self._sequence(tree, at)
        if high is op.MAXREPEAT:
            round_ = self._follow(at)
            self.jumps[self._sequence(tree, round_)].append((None, round_))
            return round_
        ends = [at]
        for _ in range(high - low):
            at = self._sequence(tree, self._follow(at))
            ends.append(at)
        return self._joined(ends)

    def reached(self, states: Iterable[int], *conditions: Any) -> States:
        """Return these states and what jumps lead to from there, where the conditions hold."""
        waiting = [*states]
        found = set(waiting)
        while waiting:
            for only, after in self.jumps[waiting.pop()]:
                if after not in found and (only is None or only in conditions):
                    found.add(after)
                    waiting.append(after)
        return frozenset(found)

    def after(self, states: States, char: str) -> States:
        """Return the states after one more character; the search may begin behind it too."""
        moved = {after for state in states for test, after in self.moves[state] if _takes(test, char)}
        return self.reached(moved | {_START} | (states & {_FOUND}))

    def is_found(self, states: States, *conditions: Any) -> bool:
        """Whether the expression is found where the text ends here."""
        return _FOUND in states or _FOUND in self.reached(states, op.AT_END, *conditions)

    def goes_on(self, states: States) -> bool:
        """Whether the expression is found already or may be, some characters on."""
        return any(self.moves[state] for state in states) or self.is_found(states)


def _takes(test: tuple[Any, Any], char: str) -> bool:
    kind, value = test
    if kind is op.LITERAL:
        return bool(ord(char) == value)
    if kind is op.NOT_LITERAL:
        return bool(ord(char) != value)
    if kind is op.ANY:
        return char != "\n"
    negated: bool = value[0][0] is op.NEGATE
    return negated != any(in_class(item, char) for item in value[negated:])


def found_together(wanted: Sequence[str], refused: Sequence[str], low: int, high: int | None) -> Iterator[str]:
    """Yield texts of `low` to `high` characters in which each of `wanted` is found and none of `refused`, shortest first."""
    try:
        automata = [Automaton(pattern) for pattern in (*wanted, *refused)]
    except NoAutomatonError:
        return
    kinds = _kinds_of_characters(automata)
    here = tuple(each.reached([_START], op.AT_BEGINNING) for each in automata)
    ways: list[dict[Place, list[tuple[Place, list[str]]]]] = [{here: []}]
    places = 1
    for length in range((_LONGEST if high is None else min(high, _LONGEST)) + 1):
        at_start = (op.AT_BEGINNING,) if length == 0 else ()
        for place in ways[-1] if length >= low else ():
            if all(
                each.is_found(states, *at_start) == (at < len(wanted))
                for at, (each, states) in enumerate(zip(automata, place, strict=True))
            ):
                yield from islice(_texts(ways, length, place), _OF_AN_END)
        further: dict[Place, list[tuple[Place, list[str]]]] = {}
        for place in ways[-1]:
            for chars in kinds:
                after = tuple(each.after(states, chars[0]) for each, states in zip(automata, place, strict=True))
                if all(
                    each.goes_on(states) if at < len(wanted) else _FOUND not in states
                    for at, (each, states) in enumerate(zip(automata, after, strict=True))
                ):
                    further.setdefault(after, []).append((place, chars))
        places += len(further)
        if not further or places > _MOST_PLACES:
            return
        ways.append(further)


def _texts(ways: list[dict[Place, list[tuple[Place, list[str]]]]], length: int, place: Place) -> Iterator[str]:
    """Yield the texts that lead to a place."""
    if length == 0:
        yield ""
        return
    for before, chars in ways[length][place]:
        for text in islice(_texts(ways, length - 1, before), _OF_A_KIND):
            yield from (text + char for char in chars)


def _kinds_of_characters(automata: list[Automaton]) -> list[list[str]]:
    """Return characters by what the expressions tell apart, ordinary ones first; a few of each kind."""
    tests = {repr(test): test for each in automata for moves in each.moves for test, _ in moves}
    codes = {code for _, value in tests.values() for code in _codes(value)}
    chars = dict.fromkeys(
        (*_ORDINARY, *(chr(code) for code in sorted(codes) if 0 <= code < 0x110000 and not 0xD800 <= code < 0xE000))
    )
    kinds: dict[tuple[bool, ...], list[str]] = {}
    for char in chars:
        kinds.setdefault(tuple(_takes(test, char) for test in tests.values()), []).append(char)
    return [chars[:_OF_A_KIND] for chars in kinds.values()]


def _codes(value: Any) -> Iterator[int]:
    """Yield the code points at and beside the ends of a class, or of a single character."""
    for kind, ends in value if isinstance(value, list) else ((op.LITERAL, value),):
        if kind is op.RANGE:
            yield from (ends[0] - 1, *range(ends[0], min(ends[0] + _OF_A_KIND, ends[1])), ends[1], ends[1] + 1)
        elif kind is op.LITERAL and isinstance(ends, int):
            yield from (ends, ends + 1)
