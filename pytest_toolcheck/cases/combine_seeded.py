"""Covering arrays that start from algebra: the widest parameters are laid out at once, the others fitted in.

A level that the start has and a parameter has not is an empty cell. Empty cells and the remaining parameters are
filled column by column with what covers most (the horizontal growth of IPO: Lei and Tai 1998); what is still
uncovered gets rows of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb
from random import Random

from .combine_algebra import LARGEST_FIELD, binary_rows, field_rows, is_field_order, residue_rows, starter_rows
from .combine_anneal import annealed
from .combine_greedy import GreedyBuilder, Levels, Row

TRIES, QUICK_TRIES = 12, 3
MOST_RESTARTS = 12
IMPROVING = 1_000_000
EFFORT = 100_000
"""Improvement goes on for so many t-tuples to cover in all: small problems get many rounds, large ones none."""
WIDEST_TURNED = 12
"""Arrays turned from one row grow with the number of parameters, others with its logarithm."""
WIDE = 15
"""Of a quick array for more parameters each row is the first that is found."""
WIDEST_GROWN = 25
"""For so many parameters a quick array is still grown; for more it is laid out by algebra, which costs some rows."""
_MOST_LEVELS, _MOST_TUPLES = 300, 100_000
"""More levels in all, or more combinations to cover, make a problem large: fewer starts are tried."""


def unconstrained_array(sizes: Sequence[int], strength: int, seed: int) -> list[Row]:
    """Return the smallest of several arrays: a greedy one, and those grown from each field order that fits."""
    if strength == 2 and set(sizes) == {2}:
        return binary_rows(len(sizes))
    if strength == 3 and set(sizes) in ({3}, {4}) and max(sizes) + 2 - max(sizes) % 2 < len(sizes) <= WIDEST_TURNED:
        turned = starter_rows(sizes[0], len(sizes))
        if turned is not None:  # what a search finds in any time that can be waited for is no smaller
            return turned
    random, good = Random(seed), int(1.15 * _least(sizes, strength))
    smallest = min(_starts(sizes, strength, random, _tries(sizes, strength)), key=len, default=None)
    if smallest is None or (len(smallest) > good and not _is_large(sizes, strength)):
        smallest = _restarted(sizes, strength, random, good, smallest)
    smallest = without_spare_rows(smallest, strength)
    return annealed(smallest, sizes, strength, random, good=good, effort=IMPROVING)


def quick_array(sizes: Sequence[int], strength: int, seed: int) -> list[Row]:
    """Return the smallest of the arrays that algebra starts, or one greedy array; no search for a smaller one."""
    if strength == 2 and set(sizes) == {2}:
        return binary_rows(len(sizes))
    random = Random(seed)
    laid = _laid_out_whole(sizes, strength) if len(sizes) > WIDEST_GROWN else None
    if laid is not None:
        return laid
    is_wide = len(sizes) > WIDE
    tries = 1 if is_wide else QUICK_TRIES
    smallest = min(_starts(sizes, strength, random, tries), key=len, default=None)
    is_large = is_wide or _is_large(sizes, strength)
    if smallest is None or (len(smallest) > 1.15 * _least(sizes, strength) and not is_large):
        builder = GreedyBuilder(sizes, strength, solver=None, random=random, tries=tries)
        smallest = min((rows for rows in (smallest, builder.build()) if rows is not None), key=len)
    return without_spare_rows(smallest, strength)


def _laid_out_whole(sizes: Sequence[int], strength: int) -> list[Row] | None:
    """Return an array of pairs in which algebra lays out all parameters; None where it cannot."""
    order = next((q for q in range(max(2, *sizes), LARGEST_FIELD) if is_field_order(q)), None)
    rows = field_rows(order, 2, len(sizes)) if order is not None and strength == 2 else None
    if rows is None:
        return None
    return [tuple(value % size for value, size in zip(row, sizes, strict=True)) for row in rows]


def _starts(sizes: Sequence[int], strength: int, random: Random, tries: int) -> Iterator[list[Row]]:
    orders = _orders(sizes, strength)
    made = [_grown(sizes, strength, order, random, tries) for order in orders]
    if strength == 2 and orders and len(sizes) > orders[0] + 1 > max(sizes) + 1 and not _is_large(sizes, 2):
        made.append(_grown(sizes, 2, orders[0], random, tries, most=orders[0] + 1))
    if strength == 3:
        made += [_turned(sizes, q, random, tries) for q in (3, 4) if max(sizes) <= q and len(sizes) <= WIDEST_TURNED]
    if set(sizes) == {2}:
        made.append(residue_rows(len(sizes), strength))
    yield from (rows for rows in made if rows is not None)


def _restarted(sizes: Sequence[int], strength: int, random: Random, good: int, smallest: list[Row] | None) -> list[Row]:
    """Return the smallest of some greedy arrays, built from scratch: few for large problems."""
    builder = GreedyBuilder(sizes, strength, solver=None, random=random, tries=_tries(sizes, strength))
    everything = builder.uncovered
    for _ in range(1 + min(MOST_RESTARTS, EFFORT // (everything.count * strength))):
        builder.uncovered = everything.copy()
        rows = builder.build()
        smallest = rows if smallest is None or len(rows) < len(smallest) else smallest
        builder.tries = 3
        if len(smallest) <= good:
            break
    assert smallest is not None
    return smallest


def _tries(sizes: Sequence[int], strength: int) -> int:
    return 2 if _is_large(sizes, strength) else TRIES


def _is_large(sizes: Sequence[int], strength: int) -> bool:
    return (
        sum(sizes) > _MOST_LEVELS or comb(len(sizes), strength) * (sum(sizes) / len(sizes)) ** strength > _MOST_TUPLES
    )


def _least(sizes: Sequence[int], strength: int) -> int:
    """Return the number of rows below which no array can be: the product of the largest sizes."""
    least = 1
    for size in sorted(sizes, reverse=True)[:strength]:
        least *= size
    return least


def _orders(sizes: Sequence[int], strength: int) -> list[int]:
    """Return the field orders worth a try: the first that holds each of the sizes met."""
    wanted = sorted(set(sizes), reverse=True)
    firsts = (next((q for q in range(max(2, s), LARGEST_FIELD) if is_field_order(q)), None) for s in wanted)
    orders = list(dict.fromkeys(order for order in firsts if order is not None))
    limit = 3 * _least(sizes, strength)
    return [order for order in orders if order**strength <= limit][: 2 if _is_large(sizes, strength) else 5]


def _grown(
    sizes: Sequence[int], strength: int, order: int, random: Random, tries: int, most: int | None = None
) -> list[Row] | None:
    """Return an array grown from one of `order` levels over as many parameters as it holds, `most` at most."""
    by_size = sorted(range(len(sizes)), key=lambda place: -sizes[place])
    start = [place for place in by_size if sizes[place] <= order]
    if strength > 2:
        start = start[: order + 1 + (strength == 3 and order % 2 == 0)]
    else:
        start = start[: most or _useful_width(sizes, order, start)]
    laid = field_rows(order, strength, len(start)) if len(start) >= strength else None
    if laid is None or len(laid) > 3 * _least(sizes, strength):
        return None
    return _completed(_laid_out(laid, start, sizes), sizes, strength, by_size, random, tries)


def _turned(sizes: Sequence[int], order: int, random: Random, tries: int) -> list[Row] | None:
    """Return an array made by turning one row of `order` levels: wider than those over a field."""
    everywhere = list(range(len(sizes)))
    rows = starter_rows(order, len(sizes))
    if rows is None or len(rows) > 3 * _least(sizes, 3):
        return None
    return _completed(_laid_out(rows, everywhere, sizes), sizes, 3, everywhere, random, tries)


def _laid_out(laid: list[Row], places: Sequence[int], sizes: Sequence[int]) -> list[list[int | None]]:
    """Put the columns of an array in their places; a level that the parameter there does not have leaves a cell empty."""
    rows: list[list[int | None]] = [[None] * len(sizes) for _ in laid]
    for row, values in zip(rows, laid, strict=True):
        for place, value in zip(places, values, strict=True):
            row[place] = value if value < sizes[place] else None
    return rows


def _useful_width(sizes: Sequence[int], order: int, start: list[int]) -> int:
    """Return how many parameters to lay out: all of the larger kinds, and smaller ones where they cost no rows."""
    near = sum(1 for place in start if sizes[place] == sizes[start[0]]) if start else 0
    width = order + 1
    while width < near:
        width = width * order + 1
    return width


def _completed(
    rows: list[list[int | None]], sizes: Sequence[int], strength: int, by_size: list[int], random: Random, tries: int
) -> list[Row]:
    builder = GreedyBuilder(sizes, strength, solver=None, random=random, tries=tries)
    bits = builder.levels.bits
    for row in rows:
        builder.uncovered.cover_partial([bits[place][value] for place, value in enumerate(row) if value is not None])
    for place in by_size:
        for row in rows:
            if row[place] is None:
                _fill(builder, row, place)
    return [tuple(value or 0 for value in row) for row in rows] + builder.build()


def _fill(builder: GreedyBuilder, row: list[int | None], place: int) -> None:
    """Give an empty cell the level that covers most beside the cells already filled."""
    bits = builder.levels.bits
    chosen = [bits[at][value] for at, value in enumerate(row) if value is not None]
    _, value = builder.best_value(row, sum(chosen), place)
    row[place] = value
    builder.uncovered.cover_partial([*chosen, bits[place][value]], bits[place][value])


def without_spare_rows(rows: list[Row], strength: int) -> list[Row]:
    """Return the rows without those that cover nothing of their own."""
    if not rows or len(rows) * len(rows[0]) ** strength > 2_000_000:
        return rows
    bits = Levels([max(column) + 1 for column in zip(*rows, strict=True)]).bits
    masks, groups, earlier = [], [], []
    seen: dict[int, int] = {}
    for row in rows:
        chosen = [bits[place][value] for place, value in enumerate(row)]
        masks.append(sum(chosen))
        groups.append([sum(group) for group in combinations(chosen, strength - 1)])
        earlier.append([seen.get(group, 0) for group in groups[-1]])
        seen |= {group: before | masks[-1] for group, before in zip(groups[-1], earlier[-1], strict=True)}
    beside: dict[int, int] = {}
    kept: list[Row] = []
    for row, mask, own, before in reversed([*zip(rows, masks, groups, earlier, strict=True)]):
        if any(mask & ~(known | beside.get(group, 0)) for group, known in zip(own, before, strict=True)):
            beside |= {group: beside.get(group, 0) | mask for group in own}
            kept.append(row)
    return kept[::-1]
