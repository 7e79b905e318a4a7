"""Covering arrays made smaller: a row is taken away and the rest changed cell by cell until everything is covered again.

Simulated annealing as in Cohen, Gibbons, Mugridge and Colbourn, "Constructing test suites for interaction testing"
(ICSE 2003). The work is bounded by counting the combinations looked at, not by a clock: the rows are the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from random import Random

Row = tuple[int, ...]
_HOTTEST, _COOLING = 0.2, 0.9999
_MOVES_A_ROW = 60_000
_Term = tuple[int, int, tuple[tuple[int, int], ...]]


def annealed(
    rows: list[Row], sizes: Sequence[int], strength: int, random: Random, *, good: int, effort: int
) -> list[Row]:
    """Return an array of fewer rows where `effort` combinations looked at are enough to find one; `good` rows will do."""
    if len(rows) * math.comb(len(sizes), strength) > effort // 4:
        return rows
    numbering = _Numbering(sizes, strength)
    left = effort // numbering.terms_a_move
    while len(rows) > good and left > 0:
        without = random.randrange(len(rows))
        trial = _Trial(numbering, rows[:without] + rows[without + 1 :], random)
        left -= trial.run(min(left, _MOVES_A_ROW))
        if trial.missing:
            break
        rows = [tuple(row) for row in trial.rows]
    return rows


class _Numbering:
    """Numbers all combinations of levels through; `beside[p]` gives what is needed to number those that hold place p."""

    def __init__(self, sizes: Sequence[int], strength: int) -> None:
        self.sizes = sizes
        self.places = [place for place, size in enumerate(sizes) if size > 1]
        self.beside: list[list[_Term]] = [[] for _ in sizes]
        self.groups: list[tuple[int, list[tuple[int, int]]]] = []
        self.total = 0
        for group in combinations(range(len(sizes)), strength):
            self._add(group)
        self.terms_a_move = max(map(len, self.beside), default=1)

    def _add(self, group: tuple[int, ...]) -> None:
        weights, weight = [], 1
        for place in group:
            weights.append((place, weight))
            weight *= self.sizes[place]
        self.groups.append((self.total, weights))
        for place, own in weights:
            others = tuple((other, by) for other, by in weights if other != place)
            self.beside[place].append((self.total, own, others))
        self.total += weight


class _Trial:
    """One try to cover everything with a given number of rows."""

    def __init__(self, numbering: _Numbering, rows: Sequence[Row], random: Random) -> None:
        self.numbering, self.random = numbering, random
        self.rows = [list(row) for row in rows]
        self.times = [0] * numbering.total
        for row in self.rows:
            for start, weights in numbering.groups:
                self.times[start + sum(row[place] * by for place, by in weights)] += 1
        self.missing = self.times.count(0)

    def run(self, most: int) -> int:
        """Change cells until nothing is missing, at most so often; return how often."""
        chance, places, sizes = self.random.random, self.numbering.places, self.numbering.sizes
        heat = _HOTTEST
        for move in range(most):
            if not self.missing:
                return move
            row = self.rows[int(chance() * len(self.rows))]
            place = places[int(chance() * len(places))]
            level = int(chance() * (sizes[place] - 1))
            heat *= _COOLING
            self._consider(row, place, level + (level >= row[place]), heat)
        return most

    def _consider(self, row: list[int], place: int, level: int, heat: float) -> None:
        """Give the cell another level where that loses nothing, or, by chance, not much."""
        times, before, after, worse = self.times, [], [], 0
        for start, own, others in self.numbering.beside[place]:
            rest = start
            for other, by in others:
                rest += row[other] * by
            old, new = rest + own * row[place], rest + own * level
            worse += (times[old] == 1) - (times[new] == 0)
            before.append(old)
            after.append(new)
        if worse > 0 and self.random.random() >= math.exp(-worse / heat):
            return
        for old, new in zip(before, after, strict=True):
            times[old] -= 1
            times[new] += 1
        row[place] = level
        self.missing += worse
