"""Covering arrays, one row at a time: the general way, for every strength and under constraints.

A *level* is one value of one parameter; levels of all parameters are numbered through, so that a set of levels is one
integer used as a bit set. `Uncovered` maps each set of t - 1 levels to the levels that still have to appear beside it.
The greedy choice is AETG's (Cohen, Dalal, Fredman, Patton: "The AETG system", IEEE TSE 23(7), 1997).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from itertools import combinations, product
from random import Random

Row = tuple[int, ...]
PartialRow = tuple[int | None, ...]
Forbidden = Callable[[PartialRow], bool]


class Levels:
    """Numbers the levels of all parameters through; `ids[p][v]` is the number of value v of parameter p."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        self.ids: list[list[int]] = []
        self.owner: list[tuple[int, int]] = []
        for parameter, size in enumerate(sizes):
            self.ids.append(list(range(len(self.owner), len(self.owner) + size)))
            self.owner += [(parameter, value) for value in range(size)]
        self.total = len(self.owner)
        self.bits = [[1 << level for level in levels] for levels in self.ids]


def bits_of(mask: int) -> Iterator[int]:
    """Yield the numbers of the bits set, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Solver:
    """Answers whether a partial row can be completed without breaking a constraint: by search, known rows first."""

    def __init__(self, sizes: Sequence[int], forbidden: Forbidden) -> None:
        self.sizes = tuple(sizes)
        self.forbidden = forbidden
        self._known: list[Row] = []
        self._answers: dict[PartialRow, Row | None] = {}

    def complete(self, partial: PartialRow) -> Row | None:
        """Return a permitted full row that extends `partial`, or None where there is none."""
        if partial not in self._answers:
            self._answers[partial] = self._from_known(partial) or self._search(partial)
        return self._answers[partial]

    def _from_known(self, partial: PartialRow) -> Row | None:
        fixed = [(place, value) for place, value in enumerate(partial) if value is not None]
        for row in self._known:
            if all(row[place] == value for place, value in fixed):
                return row
        return None

    def _search(self, partial: PartialRow) -> Row | None:
        if self.forbidden(partial):
            return None
        row = self._descend(list(partial), [place for place, value in enumerate(partial) if value is None])
        if row is not None:
            self._known.append(row)
        return row

    def _descend(self, row: list[int | None], free: list[int]) -> Row | None:
        if not free:
            return tuple(value for value in row if value is not None)
        place, rest = free[0], free[1:]
        for value in range(self.sizes[place]):
            row[place] = value
            if not self.forbidden(tuple(row)):
                found = self._descend(row, rest)
                if found is not None:
                    return found
        row[place] = None
        return None


class Uncovered:
    """The t-tuples of levels that no row covers yet."""

    def __init__(self, levels: Levels, strength: int, solver: Solver | None) -> None:
        self.levels = levels
        self.strength = strength
        self.count = 0
        self.beside: dict[int, int] = {}
        for places in combinations(range(len(levels.sizes)), strength):
            for values in product(*(range(levels.sizes[place]) for place in places)):
                if solver is None or _can_appear(solver, places, values):
                    self._add(places, values)

    def copy(self) -> Uncovered:
        """Return a copy that can be covered on its own."""
        twin = copy(self)
        twin.beside = dict(self.beside)
        return twin

    def _add(self, places: Sequence[int], values: Sequence[int]) -> None:
        self.count += 1
        members = [self.levels.bits[place][value] for place, value in zip(places, values, strict=True)]
        whole = sum(members)
        for bit in members:
            self.beside[whole ^ bit] = self.beside.get(whole ^ bit, 0) | bit

    def gain(self, row: Sequence[int], row_mask: int, bit: int) -> int:
        """Count the new tuples that the level `bit` makes with the levels already in the row."""
        others = self.strength - 2
        if others < 0:
            return 1 if self.beside.get(0, 0) & bit else 0
        if others == 0:
            return (self.beside.get(bit, 0) & row_mask).bit_count()
        found = 0
        for group in combinations(row, others):
            found += (self.beside.get(bit | sum(group), 0) & row_mask).bit_count()
        return found // (self.strength - 1)

    def cover(self, row_bits: Sequence[int]) -> int:
        """Take the tuples of a full row out; return how many were new."""
        return self.cover_partial(row_bits)

    def cover_partial(self, row_bits: Sequence[int], with_bit: int = 0) -> int:
        """Take the tuples among the given levels out (only those that hold `with_bit`); return how many were new."""
        if with_bit and self.strength == 2:
            return self._cover_beside(sum(row_bits), with_bit)
        row_mask = sum(row_bits)
        new = 0
        for group in combinations(row_bits, self.strength - 1):
            key = sum(group)
            hit = self.beside.get(key, 0) & row_mask
            if hit:
                new += hit.bit_count()
                self._remove(key, hit)
        new //= self.strength
        self.count -= new
        return new

    def _cover_beside(self, row_mask: int, bit: int) -> int:
        hit = self.beside.get(bit, 0) & row_mask
        if hit:
            self._remove(bit, hit)
            for level in bits_of(hit):
                self._remove(1 << level, bit)
            self.count -= hit.bit_count()
        return hit.bit_count()

    def _remove(self, key: int, hit: int) -> None:
        left = self.beside[key] & ~hit
        if left:
            self.beside[key] = left
        else:
            del self.beside[key]

    def seed(self, random: Random) -> int:
        """Return the levels of one uncovered tuple, as bits: of a few keys tried, one with the most left to cover."""
        key = max(self._sample(random), key=lambda k: self.beside[k].bit_count())
        choices = list(bits_of(self.beside[key]))
        return key | 1 << random.choice(choices)

    def _sample(self, random: Random) -> list[int]:
        keys = list(self.beside) if self.strength == 2 else []
        if keys:
            random.shuffle(keys)
            return keys
        first = iter(self.beside)
        return [key for key, _ in zip(first, range(64), strict=False)]


def _can_appear(solver: Solver, places: Sequence[int], values: Sequence[int]) -> bool:
    partial: list[int | None] = [None] * len(solver.sizes)
    for place, value in zip(places, values, strict=True):
        partial[place] = value
    return solver.complete(tuple(partial)) is not None


class GreedyBuilder:
    """Builds rows until nothing is uncovered: of several random candidate rows, the one that covers most is kept."""

    def __init__(
        self, sizes: Sequence[int], strength: int, *, solver: Solver | None, random: Random, tries: int
    ) -> None:
        self.levels = Levels(sizes)
        self.solver = solver
        self.random = random
        self.tries = tries
        self.uncovered = Uncovered(self.levels, strength, solver)

    def build(self) -> list[Row]:
        """Return the rows."""
        rows: list[Row] = []
        while self.uncovered.count:
            _, row = max((self._candidate() for _ in range(self.tries)), key=lambda scored: scored[0])
            self.uncovered.cover([self.levels.bits[place][value] for place, value in enumerate(row)])
            rows.append(row)
        return rows

    def _candidate(self) -> tuple[int, Row]:
        row: list[int | None] = [None] * len(self.levels.sizes)
        mask = self.uncovered.seed(self.random)
        for level in bits_of(mask):
            place, value = self.levels.owner[level]
            row[place] = value
        free = [place for place, value in enumerate(row) if value is None]
        self.random.shuffle(free)
        score = 1
        for place in free:
            gain, value = self.best_value(row, mask, place)
            row[place] = value
            mask |= self.levels.bits[place][value]
            score += gain
        return score, tuple(value for value in row if value is not None)

    def best_value(self, row: list[int | None], mask: int, place: int) -> tuple[int, int]:
        """Return the gain and the level of a free place: most gain, then most left to cover, then chance."""
        best: tuple[int, int, float, int] | None = None
        chosen = [1 << level for level in bits_of(mask)] if self.uncovered.strength > 2 else []
        beside = self.uncovered.beside
        for value, bit in enumerate(self.levels.bits[place]):
            gain = self.uncovered.gain(chosen, mask, bit)
            if best is None or gain >= best[0]:
                rank = (gain, beside.get(bit, 0).bit_count(), self.random.random(), value)
                if (best is None or rank > best) and (self.solver is None or self._is_completable(row, place, value)):
                    best = rank
        if best is None:
            raise AssertionError("a completable row lost its completion")
        return best[0], best[3]

    def _is_completable(self, row: list[int | None], place: int, value: int) -> bool:
        assert self.solver is not None
        trial = list(row)
        trial[place] = value
        return self.solver.complete(tuple(trial)) is not None
