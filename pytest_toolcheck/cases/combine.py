"""t-way combination: few rows in which every combination of t levels appears."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from random import Random

from .combine_greedy import Forbidden, GreedyBuilder, PartialRow, Row, Solver
from .combine_seeded import quick_array, unconstrained_array, without_spare_rows

__all__ = ["Forbidden", "PartialRow", "Row", "covering_array", "verify"]


def covering_array(
    sizes: Sequence[int],
    strength: int = 2,
    *,
    forbidden: Forbidden | None = None,
    seed: int = 0,
    quick: bool = False,
) -> list[tuple[int, ...]]:
    """Return rows of level indexes in which every permitted combination of `strength` parameters' levels appears.

    `sizes[p]` is the number of levels of parameter p. `forbidden(partial_row)` says whether a row, in which None stands
    for what is not set, breaks a constraint; setting more never mends it. A combination that no permitted row can hold
    is left out. The same arguments give the same rows. Fewer parameters than `strength`: all combinations. `quick`
    takes the first good array instead of searching for a smaller one: a tenth of the time, some rows more.
    Raises ValueError for a size below 1 and for a strength outside 1 to 6.
    """
    _check(sizes, strength)
    if not sizes:
        return []
    solver = None if forbidden is None else Solver(sizes, forbidden)
    if strength >= len(sizes):
        return _all_rows(sizes, forbidden)
    if solver is None:
        return quick_array(sizes, strength, seed) if quick else unconstrained_array(sizes, strength, seed)
    rows = GreedyBuilder(sizes, strength, solver=solver, random=Random(seed), tries=10).build()
    return without_spare_rows(rows, strength)


def verify(
    rows: Sequence[Sequence[int]], sizes: Sequence[int], strength: int = 2, forbidden: Forbidden | None = None
) -> list[PartialRow]:
    """Return the combinations that ought to be covered and are not, each as a partial row; empty when all is well.

    Raises ValueError for a row that is of the wrong length, holds a level that does not exist, or is forbidden.
    """
    _check(sizes, strength)
    _check_rows(rows, sizes, forbidden)
    solver = None if forbidden is None else Solver(sizes, forbidden)
    missing: list[PartialRow] = []
    for places in combinations(range(len(sizes)), min(strength, len(sizes))):
        present = {tuple(row[place] for place in places) for row in rows}
        for values in product(*(range(sizes[place]) for place in places)):
            if values not in present:
                partial = _partial(len(sizes), places, values)
                if solver is None or solver.complete(partial) is not None:
                    missing.append(partial)
    return missing if sizes else []


def _check(sizes: Sequence[int], strength: int) -> None:
    if not 1 <= strength <= 6:
        raise ValueError(f"strength {strength}; expected 1 to 6")
    for place, size in enumerate(sizes):
        if size < 1:
            raise ValueError(f"sizes[{place}] is {size}; every parameter needs at least one level")


def _check_rows(rows: Sequence[Sequence[int]], sizes: Sequence[int], forbidden: Forbidden | None) -> None:
    for number, row in enumerate(rows):
        if len(row) != len(sizes) or not all(0 <= value < size for value, size in zip(row, sizes, strict=True)):
            raise ValueError(f"row {number} {tuple(row)} does not fit sizes {tuple(sizes)}")
        if forbidden is not None and forbidden(tuple(row)):
            raise ValueError(f"row {number} {tuple(row)} is forbidden")


def _partial(width: int, places: Sequence[int], values: Sequence[int]) -> PartialRow:
    row: list[int | None] = [None] * width
    for place, value in zip(places, values, strict=True):
        row[place] = value
    return tuple(row)


def _all_rows(sizes: Sequence[int], forbidden: Forbidden | None) -> list[Row]:
    return [row for row in product(*map(range, sizes)) if forbidden is None or not forbidden(row)]
