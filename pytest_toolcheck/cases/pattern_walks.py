"""Walks through a parsed regular expression, each of which makes one text."""

from __future__ import annotations

import sys
from typing import Any

from .explosive import op

_PREFERRED = "aA0 _-bz9Z.@/:é"
_CLASS_SAMPLES = {
    op.CATEGORY_DIGIT: "0123456789",
    op.CATEGORY_NOT_DIGIT: "aA_-",
    op.CATEGORY_WORD: "aA0_bzZ9",
    op.CATEGORY_NOT_WORD: "-. @",
    op.CATEGORY_SPACE: " \t\n",
    op.CATEGORY_NOT_SPACE: "aA0_-",
}
FORTH = -2
"""The style in which a class that is met again gives its next character."""
_LONGEST_REPEAT, _MOST_RANGES = 2000, 12
_MOST_EXTRA_INSIDE = 3


class Walk:
    """One way through an expression: `extra` more repeats than needed, `style` picks characters and branches."""

    def __init__(self, extra: int, style: int) -> None:
        self.extra, self.style = extra, style
        self.is_steady = style != FORTH
        """Whether a part that is walked again gives the same text."""
        self.groups: dict[int, str] = {}
        self.turns: dict[int, int] = {}
        self.ahead: list[str] = []
        """What the lookaheads met ask for."""

    def text(self, tree: Any) -> str:
        """Return a text for a parsed (sub-)expression."""
        return "".join(self._node(kind, value) for kind, value in tree)

    def _node(self, kind: Any, value: Any) -> str:
        method = getattr(self, "_" + str(kind).lower(), None)
        return "" if method is None else method(value)

    def _literal(self, value: int) -> str:
        return chr(value)

    def _not_literal(self, value: int) -> str:
        return next(c for c in _PREFERRED if c != chr(value))

    def _any(self, _value: None) -> str:
        return "aA0-"[self.style % 4]

    def _in(self, items: list[Any]) -> str:
        negated = bool(items) and items[0][0] is op.NEGATE
        if negated:
            free = [c for c in _PREFERRED if not any(_holds(kind, v, c) for kind, v in items[1:])]
            return free[self.style % len(free)] if free else "\u2603"
        pool = [c for kind, v in items[:_MOST_RANGES] for c in _members(kind, v)]
        return pool[self._turn(items) % len(pool)] if pool else ""

    def _turn(self, items: list[Any]) -> int:
        """Return which member of a class is wanted."""
        if self.style != FORTH:
            return self.style
        self.turns[id(items)] = turn = self.turns.get(id(items), -1) + 1
        return turn

    def _branch(self, value: Any) -> str:
        return self.text(value[1][self.style % len(value[1])])

    def _subpattern(self, value: Any) -> str:
        number, _, _, tree = value
        found = self.text(tree)
        if number is not None:
            self.groups[number] = found
        return found

    def _groupref(self, number: int) -> str:
        return self.groups.get(number, "")

    def _assert(self, value: Any) -> str:
        if value[0] < 0:  # what is to stand before is written there
            return self.text(value[1])
        self.ahead.append(self.text(value[1]))
        return ""

    def _atomic_group(self, tree: Any) -> str:
        return self.text(tree)

    def _max_repeat(self, value: Any) -> str:
        low, high, tree = value
        count = min(low + self.extra, int(high), _LONGEST_REPEAT) if self.extra <= _LONGEST_REPEAT else low
        outer = self.extra
        if count > 1:  # a repeat in a repeat stays short
            self.extra = min(self.extra, _MOST_EXTRA_INSIDE)
        made = self._repeated(tree, max(count, min(int(low), _LONGEST_REPEAT)))
        self.extra = outer
        return made

    def _repeated(self, tree: Any, count: int) -> str:
        if self.is_steady:
            return self.text(tree) * count if count else ""
        return "".join(self.text(tree) for _ in range(count))

    _min_repeat = _possessive_repeat = _max_repeat


class CountingWalk(Walk):
    """A way on which each class picks the next digit of a number, its members being the digits."""

    def __init__(self, extra: int, number: int) -> None:
        super().__init__(extra, 0)
        self.rest, self.is_steady = number, False

    def _in(self, items: list[Any]) -> str:
        if not items or items[0][0] is op.NEGATE:
            return super()._in(items)
        pool = [c for kind, v in items[:_MOST_RANGES] for c in (_range(v) if kind is op.RANGE else _members(kind, v))]
        if not pool:
            return ""
        self.rest, chosen = divmod(self.rest, len(pool))
        return pool[chosen]


class AstrayWalk(Walk):
    """The plainest way through, but for one class or repeat, the `place`-th that can be spoilt this way."""

    def __init__(self, way: str, place: int, style: int) -> None:
        super().__init__(1, style)
        self.way, self.left, self.is_steady = way, place, False

    def _is_it(self) -> bool:
        self.left -= 1
        return self.left == -1

    def _in(self, items: list[Any]) -> str:
        step = {"above": 1, "below": -1}.get(self.way)
        if step is not None and items[0][0] is not op.NEGATE:
            ends = (value[step > 0] + step for kind, value in items[:_MOST_RANGES] if kind is op.RANGE)
            near = [chr(code) for code in ends if 0 <= code <= sys.maxunicode]
            outside = next((c for c in near if not any(_holds(kind, value, c) for kind, value in items)), None)
            if outside is not None and self._is_it():
                return outside
        return super()._in(items)

    def _max_repeat(self, value: Any) -> str:
        low, high, tree = value
        if self.way == "more" and int(high) <= _LONGEST_REPEAT and self._is_it():
            return "".join(self.text(tree) for _ in range(int(high) + 1))
        if self.way == "less" and 0 < int(low) <= _LONGEST_REPEAT and self._is_it():
            return "".join(self.text(tree) for _ in range(int(low) - 1))
        return super()._max_repeat(value)

    _min_repeat = _possessive_repeat = _max_repeat


def _range(ends: tuple[int, int]) -> str:
    """Return the characters of a range, the first hundred."""
    return "".join(map(chr, range(ends[0], min(ends[1], ends[0] + 99) + 1)))


def _members(kind: Any, value: Any) -> str:
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.RANGE:
        low, high = value
        return "".join(dict.fromkeys((chr(low), chr(high), chr((low + high) // 2), chr(min(low + 1, high)))))
    return _CLASS_SAMPLES.get(value, "")


def _holds(kind: Any, value: Any, char: str) -> bool:
    if kind is op.LITERAL:
        return bool(chr(value) == char)
    if kind is op.RANGE:
        return bool(value[0] <= ord(char) <= value[1])
    return char in _CLASS_SAMPLES.get(value, "") or bool(value is op.CATEGORY_WORD and char.isalnum())
