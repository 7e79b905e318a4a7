"""Combinations that stand in refused rows only, put into rows that the schema takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, combinations

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
    _beside: dict[Combination, int] = field(default_factory=dict)
    """By the combination without its last level: a bit for each level that stands beside it in an accepted row."""
    _first_bits: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Number the levels of all parameters."""
        self._first_bits.extend(accumulate(self.sizes, initial=0))

    def rows(self, base: Row, rows: Sequence[Row]) -> Iterator[tuple[Combination, Row]]:
        """Yield each combination that no accepted row of `rows` holds, with a row that does: `base` or another, changed."""
        refused: list[Row] = []
        for row in rows:
            (self._good if self.accepts(row) else refused).append(row)
        for row in self._good if refused else ():  # of most schemas no row is refused
            self._cover(row)
        if self.accepts(base):
            self._good.insert(0, base)
        left: dict[Combination, None] = {}
        for wanted in (wanted for row in refused for wanted in self._missing(row)):
            if wanted in left:
                continue
            found = self._found(self._overlaid(wanted))
            if self.tries < 0:
                return
            if found is None:
                left[wanted] = None
            else:
                yield wanted, found
        for wanted in left:  # harder to have: one more of the others is changed too
            found = None if self._is_covered(wanted) else self._found(self._changed(wanted))
            if found is not None:
                yield wanted, found

    def _found(self, options: Iterator[Row]) -> Row | None:
        for row in options:
            self.tries -= 1
            if self.tries < 0:
                return None
            if self.accepts(row):
                self._cover(row)
                return row
        return None

    def _cover(self, row: Row) -> None:
        levels = sum([1 << first + level for first, level in zip(self._first_bits, row, strict=False)])
        for key in _combinations(row, self.strength - 1):
            self._beside[key] = self._beside.get(key, 0) | levels

    def _is_covered(self, wanted: Combination) -> bool:
        places, levels = wanted
        beside = self._beside.get((places[:-1], levels[:-1]), 0)
        return bool(beside >> self._first_bits[places[-1]] + levels[-1] & 1)

    def _missing(self, row: Row) -> Iterator[Combination]:
        """Yield what of the row stands in no accepted row, as far as is known when it is asked for."""
        for places, levels in _combinations(row, self.strength - 1):
            for last in range(places[-1] + 1 if places else 0, len(row)):
                wanted = (*places, last), (*levels, row[last])
                if not self._is_covered(wanted):
                    yield wanted

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
    return zip(combinations(range(len(row)), strength), combinations(row, strength), strict=True)
