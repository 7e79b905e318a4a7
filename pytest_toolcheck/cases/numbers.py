"""Numbers at, inside and outside the bounds of a shape."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache, partial
from itertools import islice

from .shapes import Shape

Number = int | float
_FEW = 10
_LARGEST = 1e300
_MOST_AWKWARD = 1000
_GOLDEN = 0.6180339887498949
_LARGE = 1200
_ENDS, _VAST = (math.inf, -math.inf), 2**53
"""From where on floats are whole numbers, and not all of them."""
_EXACTLY = Context(prec=700)
"""As many digits as the largest number has multiples of the smallest."""

SPECIAL: tuple[tuple[str, Number], ...] = (
    *(("0", 0), ("-0.0", -0.0), ("1.0", 1.0), ("-1", -1), ("1", 1), ("0.5", 0.5), ("-1.5", -1.5), ("0.1", 0.1)),
    *(("2^31-1", 2**31 - 1), ("2^31", 2**31), ("-2^31-1", -(2**31) - 1), ("2^53+1", 2**53 + 1), ("2^63-1", 2**63 - 1)),
    *(("2^63", 2**63), ("2^64", 2**64), ("-2^63-1", -(2**63) - 1), ("1e308", 1e308), ("-1e308", -1e308)),
    *(("5e-324", 5e-324), ("1e-7", 1e-7), ("1e20", 1e20), ("0.1+0.2", 0.1 + 0.2), ("10^30", 10**30), ("-0.25", -0.25)),
)

_LANDMARKS = (10, 100, 256, 128, 2000, 65536, 1000, -10, -100, -256, 42, 500, -42)
"""Where programs often begin to do otherwise: one digit more, a byte more, a year."""


def good(shape: Shape, *, whole: bool) -> Iterator[Number]:
    """Yield numbers that should lie within the bounds."""
    stated = _step(shape, whole=whole)
    low, high = bounds(shape)
    for bound in (low, high):
        if bound is not None:
            start, step = _exact(bound, stated, whole=whole), stated or 1
            yield from (_snap(_sum(start, sign * step * by), stated, whole) for by in (0, 1, 2) for sign in (1, -1))
            if _sum(start, step) == start:  # as large as its neighbours
                beside = whole or abs(start) > _LARGEST  # of the largest integers no float may be near
                yield from (int(start) + 1, int(start) - 1) if beside else map(partial(math.nextafter, start), _ENDS)
    if low is not None and high is not None:
        yield from _between(low, high, stated, whole)
    yield from (_snap(number * (stated or 1), stated, whole) for number in (1, 5, 0, 2, 3, 10, -1, 100))
    if not whole:
        yield from (1.5, 0.5, -0.5, 0.25, 2.5)


def _between(low: Number, high: Number, step: Number | None, whole: bool) -> Iterator[Number]:
    if whole:
        yield _snap(int((Fraction(low) + Fraction(high)) // 2), step, whole)
    if max(abs(low), abs(high)) <= _LARGEST:
        yield from ([] if whole else [_snap(low / 2 + high / 2, step, whole)])
        yield low + (high - low) / 3


def nth(shape: Shape, number: int, *, whole: bool) -> Iterator[Number]:
    """Yield the `number`-th multiple from the lower bound up, or from the upper down, or from nought."""
    low, high, step = *bounds(shape), _step(shape, whole=whole)
    start = low if low is not None else high if high is not None else 0
    sign = 1 if low is not None or high is None else -1
    if abs(start) <= _LARGEST:
        first = _snap(math.ceil(start) if whole else start, step, whole)
        yield from (_tidy(_sum(first, sign * (number + by) * (step or 1))) for by in (0, 1, 2))
    if not whole and low is not None and high is not None and max(abs(low), abs(high)) <= _LARGEST:
        yield low + (high - low) * ((number + 1) * _GOLDEN % 1)


def bounds(shape: Shape) -> tuple[Number | None, Number | None]:
    """Return the tightest lower and upper bound, exclusive ones included; None where there is none."""
    lows = shape.numbers("minimum") + shape.numbers("exclusiveMinimum")
    highs = shape.numbers("maximum") + shape.numbers("exclusiveMaximum")
    return max(lows, default=None), min(highs, default=None)


def inward(shape: Shape, bound: Number, sign: int, *, whole: bool) -> Iterator[Number]:
    """Yield the bound itself, then the numbers next to it that an exclusive bound or a multiple leaves."""
    step = _step(shape, whole=whole)
    if abs(bound) > _LARGEST:
        yield bound
        return
    start = (math.ceil(bound) if sign > 0 else math.floor(bound)) if whole else bound
    nearest = _snap(start, step, whole) if step is not None else start
    yield from (start, nearest, _tidy(_sum(nearest, sign * (step if step is not None else 1 if whole else 1e-6))))
    yield _tidy(_sum(nearest, sign * 2 * (step or 1)))


def inside(shape: Shape, *, whole: bool) -> Iterator[Number]:
    """Yield numbers spread over the range between two bounds, for programs that treat a part of it otherwise."""
    low, high = bounds(shape)
    if low is None or high is None or max(abs(low), abs(high)) > 1e15 or (whole and high - low <= _FEW):
        return
    for count in range(1, _FEW + 1):
        value = low + (high - low) * (count * _GOLDEN % 1)
        yield _snap(round(value) if whole else _tidy(float(f"{value:.4g}")), _step(shape, whole=whole), whole)


def landmarks(shape: Shape) -> Iterator[int]:
    """Yield round numbers within the bounds."""
    low, high = bounds(shape)
    yield from (n for n in _LANDMARKS if (low is None or n > low) and (high is None or n < high))


def levels(shape: Shape, *, whole: bool) -> Iterator[Number]:
    """Yield numbers of different kinds, the most telling first, to be combined with others: ends, parts, signs, sizes."""
    low, high = bounds(shape)
    step = _step(shape, whole=whole)
    for bound, sign in ((low, 1), (high, -1)):
        yield from () if bound is None else islice(inward(shape, bound, sign, whole=whole), 2)
    if low is not None and high is not None and max(abs(low), abs(high)) <= _LARGEST:
        yield from (_snap(low + (high - low) * share, step, whole) for share in (0.7, 0.3))
    usual = (0, _LARGE, -1) if whole else (0, 1.5, _LARGE, -1, -0.5)
    yield from (_snap(number, step, whole) for number in usual)


def _step(shape: Shape, *, whole: bool) -> Number | None:
    """Return how far multiples are apart; of a fraction, those that are whole numbers where only these are meant."""
    steps = [Fraction(str(n)).numerator if whole else n for n in shape.numbers("multipleOf") if n > 0]
    if len(steps) > 1 and all(isinstance(n, int) or float(n).is_integer() for n in steps):
        return math.lcm(*map(int, steps))
    return max(steps, default=None)


def _exact(bound: Number, step: Number | None, *, whole: bool) -> Number:
    """Return a bound that is further from its neighbours than one as a whole number, where multiples are wanted."""
    is_vast = isinstance(bound, float) and _VAST <= abs(bound) < math.inf
    return int(bound) if is_vast and (whole or step is not None) else bound


def _sum(number: Number, other: Number) -> Number:
    """Return the sum, of whole numbers where a float cannot hold it."""
    try:
        return number + other
    except OverflowError:
        endless = [each for each in (number, other) if each in _ENDS]
        return endless[0] if endless else int(number) + int(other)


def _snap(number: Number, step: Number | None, whole: bool) -> Number:
    """Return the multiple of `step` nearest to `number`, without the noise of binary fractions."""
    if number in (math.inf, -math.inf):
        return number
    if step is None or (step == 1 and whole):
        return round(number) if whole else number
    try:
        unit = Decimal(str(step))
        nearest = _EXACTLY.multiply(_EXACTLY.divide(Decimal(str(number)), unit).to_integral_value(), unit)
    except InvalidOperation:
        return number
    if nearest == nearest.to_integral_value() and (isinstance(step, int) or abs(nearest) >= _VAST):
        return int(nearest)
    return float(nearest)


def around_bounds(shape: Shape, *, whole: bool) -> Iterator[Number]:
    """Yield numbers at, just inside and just outside every bound and multiple."""
    step = _step(shape, whole=whole)
    signs = {"minimum": -1, "exclusiveMinimum": -1, "maximum": 1, "exclusiveMaximum": 1}
    stated = [(bound, sign) for keyword, sign in signs.items() for bound in shape.numbers(keyword)]
    for bound, sign in stated:  # at every bound and outside of it, before more of any
        yield from islice(_around(bound, step, whole), 1)
        if not whole or bound == int(bound):
            yield _tidy(_sum(bound, sign * (step if step is not None else 1)))
    for bound, _ in stated:
        yield from _around(bound, step, whole)
    if step is not None:
        yield from _off_multiples(shape, step, whole)


def fractions(shape: Shape) -> Iterator[float]:
    """Yield a fraction that keeps to the bounds, so that it is wrong for an integer and in nothing else."""
    low, high = bounds(shape)
    if any(bound is not None and abs(bound) > _LARGEST for bound in (low, high)):
        return
    if low is not None and (high is None or low + 0.5 < high):
        yield math.floor(low) + 0.5 if math.floor(low) + 0.5 > low else math.floor(low) + 1.5
    elif low is None and high is not None:
        yield math.ceil(high) - 0.5 if math.ceil(high) - 0.5 < high else math.ceil(high) - 1.5


def _around(bound: Number, step: Number | None, whole: bool) -> Iterator[Number]:
    unit = step if step is not None else 1
    start = math.ceil(bound) if whole and bound != int(bound) else bound
    yield from (start, _tidy(_sum(start, -unit)), _tidy(_sum(start, unit)))
    if step is not None:  # the multiples nearest to the bound: the last inside and the first outside
        nearest = _snap(bound, step, whole)
        yield from (nearest, _tidy(_sum(nearest, -step)), _tidy(_sum(nearest, step)))
    if whole:
        return
    for small in (0.5, 0.01, 1e-6):
        if abs(bound) < 1e6:
            yield from (_tidy(bound - small), _tidy(bound + small))


def _off_multiples(shape: Shape, step: Number, whole: bool) -> Iterator[Number]:
    yield from () if whole else _awkward(step, *bounds(shape))
    near = next(iter(good(shape, whole=whole)))
    for count in (0, 1, 2, 3, 7):
        yield _snap(step * count, step, whole)
    for part in _parts(step):
        if not whole or (isinstance(step, int) and step % part == 0):
            share = step / part if not whole else step // part
            yield from (_tidy(_sum(near, share)), _tidy(_sum(near, -share)))
    yield from (_tidy(near + 1), _tidy(near - 1), near)


def _parts(step: Number) -> list[int]:
    """Return 2, 10 and the small primes in a step: a fifth of 15 is what a program that asks for threes takes."""
    primes = [n for n in (3, 5, 7, 11, 13) if isinstance(step, int) and step % n == 0 and step > n]
    return [2, 10, *primes]


@lru_cache(maxsize=256)
def _awkward(step: Number, low: Number | None, high: Number | None) -> tuple[Number, ...]:
    """Return multiples of a fraction that programs take for none: the remainder, or the product with 1/step, is off."""
    found: dict[str, list[Number]] = {"remainder": [], "product": []}
    for count in range(1, _MOST_AWKWARD if 1 / _LARGEST < step < 1 else 0):
        value = _snap(step * count, step, whole=False)
        if (
            (low is not None and value < low)
            or (high is not None and value > high)
            or not float(value / step).is_integer()
        ):
            continue
        if value % step and len(found["remainder"]) < 2:
            found["remainder"].append(value)
        if value * round(1 / step) % 1 and len(found["product"]) < 2:
            found["product"].append(value)
    return (*found["remainder"], *found["product"])


def _tidy(number: Number) -> Number:
    """Return 0.3 for 0.30000000000000004."""
    return number if isinstance(number, int) else float(f"{number:.15g}")
