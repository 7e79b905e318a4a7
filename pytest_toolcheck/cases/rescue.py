"""Combinations that stand in refused rows only, put into rows that the schema takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

Row = tuple[int, ...]
Combination = tuple[tuple[int, ...], Row]
"""Places, and the levels there."""
_MOST_RESCUERS, _MOST_CHANGED = 12, 5


@dataclass(slots=True)
class Rescue:
    """Looks for accepted rows that hold what only refused rows hold; gives up after so many tries."""

    sizes: Sequence[int]
    strength: int
    accepts: Callable[[Row], bool]
    tries: int
    _good: list[Row] = field(default_factory=list)
    _covered: set[Combination] = field(default_factory=set)

    def rows(self, base: Row, rows: Sequence[Row]) -> Iterator[tuple[Combination, Row]]:
        """Yield each combination that no accepted row of `rows` holds, with a row that does: `base` or another, changed."""
        refused = [row for row in rows if not self._is_good(row)]
        if self.accepts(base):
            self._good.insert(0, base)
        left: dict[Combination, None] = {}
        for wanted in dict.fromkeys(key for row in refused for key in _combinations(row, self.strength)):
            found = self._found(wanted, self._overlaid(wanted))
            if found is not None:
                yield wanted, found
            elif wanted not in self._covered:
                left[wanted] = None
        for wanted in left:  # harder to have: one more of the others is changed too
            found = self._found(wanted, self._changed(wanted))
            if found is not None:
                yield wanted, found

    def _is_good(self, row: Row) -> bool:
        if not self.accepts(row):
            return False
        self._good.append(row)
        self._covered.update(_combinations(row, self.strength))
        return True

    def _found(self, wanted: Combination, options: Iterator[Row]) -> Row | None:
        if wanted in self._covered:
            return None
        for row in options:
            self.tries -= 1
            if self.tries < 0:
                return None
            if self.accepts(row):
                self._covered.update(_combinations(row, self.strength))
                return row
        return None

    def _overlaid(self, wanted: Combination) -> Iterator[Row]:
        yield from (_put(row, wanted) for row in self._good[:_MOST_RESCUERS])

    def _changed(self, wanted: Combination) -> Iterator[Row]:
        for row in self._good[:_MOST_CHANGED]:
            made = _put(row, wanted)
            for place, size in enumerate(self.sizes):
                if place not in wanted[0]:
                    others = (level for level in range(size) if level != made[place])
                    yield from ((*made[:place], level, *made[place + 1 :]) for level in others)


def _put(row: Row, wanted: Combination) -> Row:
    made = list(row)
    for place, level in zip(*wanted, strict=True):
        made[place] = level
    return tuple(made)


def _combinations(row: Row, strength: int) -> Iterator[Combination]:
    for places in combinations(range(len(row)), strength):
        yield places, tuple(row[place] for place in places)
