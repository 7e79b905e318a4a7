"""Arrays from algebra: fewest rows where all parameters have as many levels as a finite field, and a start elsewhere.

- Binary, strength 2: subsets of equal size (Katona 1973; Kleitman and Spencer 1973), the fewest rows possible.
- q levels, strength t: q^t rows for q + 1 parameters, q + 2 for t = 3 and even q (Bush 1952), the fewest possible.
- q levels, strength 2, more parameters: two arrays of parameters multiplied (Stevens and Mendelsohn 1999).
- q levels, strength 3, more parameters: one row turned and its levels mapped (Chateauneuf and Kreher 2002).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, count, islice, product
from math import comb
from random import Random

Row = tuple[int, ...]
LARGEST_FIELD = 32
RESIDUE_PRIMES = (7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71)
MOST_CHECKED = 5_000
_MOST_SPARE_COLUMNS = 3
_MOST_STARTERS = 6_000


def binary_rows(width: int) -> list[Row]:
    """Return an array of strength 2 for `width` parameters of two levels, of the fewest rows possible."""
    size = next(n for n in count(4) if comb(n - 1, -(-n // 2)) >= width)
    subsets = list(islice(combinations(range(1, size), -(-size // 2)), width))
    return [tuple(int(row in subset) for subset in subsets) for row in range(size)]


def residue_rows(width: int, strength: int) -> list[Row] | None:
    """Return a binary array made of the quadratic residues of a small prime, checked; None where none holds.

    Row i, column j say whether i - j is a square; a row of ones, or of zeros too, is added (Colbourn and Kéri 2009).
    """
    if comb(width, strength) > MOST_CHECKED:
        return None
    for prime in RESIDUE_PRIMES:
        squares = {number * number % prime for number in range(1, prime)}
        for zero, constants in product((0, 1), ((1,), (0,), (0, 1))):
            marks = [zero, *(int(number in squares) for number in range(1, prime))]
            rows = [tuple(marks[(i - j) % prime] for j in range(width)) for i in range(prime)]
            rows += [(constant,) * width for constant in constants]
            if width <= prime and _covers(rows, strength):
                return rows
    return None


def _covers(rows: list[Row], strength: int) -> bool:
    """Say whether every `strength` columns of a binary array show all patterns, by sets of rows."""
    everywhere = (1 << len(rows)) - 1
    ones = [sum(row[column] << number for number, row in enumerate(rows)) for column in range(len(rows[0]))]
    for chosen in combinations(ones, strength):
        sets = [everywhere]
        for column in chosen:
            sets = [part for known in sets for part in (known & column, known & ~column)]
        if 0 in sets:
            return False
    return True


def field_rows(order: int, strength: int, width: int) -> list[Row] | None:
    """Return an array of `width` parameters of `order` levels, or None where none is made here."""
    if strength == 2 and width > order + 1:
        return _product_rows(order, width)
    widest = order + 2 if strength == 3 and order % 2 == 0 else order + 1
    if width > widest or strength > order + 1:
        return None
    return [row[:width] for row in _bush_rows(order, strength)]


def starter_rows(order: int, width: int) -> list[Row] | None:
    """Return an array of strength 3, all turns of one row under all maps x -> a x + b of its levels; None where none is found.

    The last column stays in its place where that can be; a constant row for each level completes it.
    """
    for longer in range(
        _MOST_SPARE_COLUMNS if order in (3, 4) else 0
    ):  # larger fields: too few of the rows tried will do
        for fixed in (1, 0):
            start = _starter(order, width + longer, fixed)
            if start is not None:
                return [row[:width] for row in _developed(order, start, fixed)]
    return None


def _starter(order: int, width: int, fixed: int) -> Row | None:
    add, multiply = field(order)
    inverse = {x: multiply[x].index(1) for x in range(1, order)}
    minus = [add[x].index(0) for x in range(order)]

    def kind(a: int, b: int, c: int) -> int:
        """Number the triples that no map of levels turns into each other; a constant one is number 0."""
        if a == b:
            return int(a != c)
        return 2 + multiply[add[c][minus[a]]][inverse[add[b][minus[a]]]]

    kinds = [[[kind(a, b, c) for c in range(order)] for b in range(order)] for a in range(order)]
    turning = width - fixed
    sets = _column_sets(turning, fixed)
    if turning < order + 1:
        return None
    for row in _candidates(order, width):
        for shifts in sets:
            if len({kinds[row[a]][row[b]][row[c]] for a, b, c in shifts} - {0}) <= order:
                break
        else:
            return row
    return None


def _candidates(order: int, width: int) -> Iterator[Row]:
    """Yield all rows where they are few, else some spread over all."""
    if order**width <= _MOST_STARTERS:
        yield from product(range(order), repeat=width)
        return
    random = Random(width)
    for _ in range(_MOST_STARTERS):
        yield tuple(random.choices(range(order), k=width))


def _column_sets(turning: int, fixed: int) -> list[list[tuple[int, int, int]]]:
    """Return, for each three columns, where their cells come from in every turn; columns that turn into each other once."""
    found = [(0, b, c) for b in range(1, turning) for c in range(b + 1, turning)]
    sets = [[((a + s) % turning, (b + s) % turning, (c + s) % turning) for s in range(turning)] for a, b, c in found]
    ends = range(1, turning) if fixed else ()
    return sets + [[(s, (b + s) % turning, turning) for s in range(turning)] for b in ends]


def _developed(order: int, start: Row, fixed: int) -> list[Row]:
    add, multiply = field(order)
    turning = len(start) - fixed
    turns = [start[s:turning] + start[:s] + start[turning:] for s in range(turning)]
    rows = [
        tuple(add[multiply[a][value]][b] for value in row)
        for row in turns
        for a in range(1, order)
        for b in range(order)
    ]
    return rows + [(level,) * len(start) for level in range(order)]


def _bush_rows(order: int, strength: int) -> list[Row]:
    """Return all polynomials of degree below `strength`, evaluated everywhere, and at infinity."""
    add, multiply = field(order)
    rows: list[Row] = []
    for coefficients in product(range(order), repeat=strength):
        values = []
        for point in range(order):
            value = 0
            for coefficient in coefficients:
                value = add[multiply[value][point]][coefficient]
            values.append(value)
        extra = (coefficients[1],) if strength == 3 and order % 2 == 0 else ()
        rows.append((*values, coefficients[0], *extra))
    return rows


def _product_rows(order: int, width: int) -> list[Row] | None:
    """Return an array for many parameters: each round adds q^2 - q rows and multiplies the width by q, plus one."""
    rows = _bush_rows(order, 2)
    inner = [row for row in rows if row[order] != 0]  # those left out are constant over the first q columns
    while len(rows[0]) < width:
        if len(rows[0]) > 10 * width:
            return None
        outer = [(*(value for value in row for _ in range(order)), 0) for row in rows]
        repeated = [row[:order] * len(rows[0]) + (row[order],) for row in inner]
        rows = outer + repeated
    return [row[:width] for row in rows]


@lru_cache(maxsize=32)
def field(order: int) -> tuple[list[list[int]], list[list[int]]]:
    """Return the addition and multiplication tables of the field of `order` elements, 0 and 1 being themselves.

    An element is a polynomial over the prime, written as a number whose last digit is the constant.
    """
    prime, degree = prime_power(order)
    add = [[(x + y) % prime for y in range(prime)] for x in range(prime)]
    while len(add) < order:  # the last digits are added as such, those before them as the numbers that they are
        digits = [(value // prime, value % prime) for value in range(len(add) * prime)]
        add = [[prime * add[a][b] + (x + y) % prime for b, y in digits] for a, x in digits]
    for modulus in product(range(prime), repeat=degree):
        table = _products(order, prime, add, modulus)
        if table is not None:
            return add, table
    raise AssertionError("every prime power has a field")


def _products(order: int, prime: int, add: list[list[int]], modulus: tuple[int, ...]) -> list[list[int]] | None:
    """Return the multiplication table where x^degree is `modulus`; None where two others than 0 multiply to 0."""
    highest = order // prime
    multiples = [[0] * order]
    for _ in range(1, prime):
        multiples.append([add[one][value] for value, one in enumerate(multiples[-1])])
    whole = sum(digit * prime**place for place, digit in enumerate(modulus))
    of_x = [add[value % highest * prime][multiples[value // highest][whole]] for value in range(order)]
    table = [multiples[0]]
    for value in range(1, order):  # its last digit times the other, and x times what the digits before make of it
        last, before = multiples[value % prime], table[value // prime]
        row = [add[own][of_x[rest]] for own, rest in zip(last, before, strict=True)]
        if 0 in row[1:]:
            return None
        table.append(row)
    return table


def prime_power(order: int) -> tuple[int, int]:
    """Return the prime and the exponent. Raises ValueError for what is no prime power."""
    for prime in range(2, order + 1):
        if order % prime == 0:
            degree = next(n for n in count(1) if prime**n >= order)
            if prime**degree == order:
                return prime, degree
            break
    raise ValueError(f"{order} is no power of a prime")


def is_field_order(order: int) -> bool:
    """Say whether there is a field of so many elements."""
    try:
        prime_power(order)
    except ValueError:
        return False
    return True
