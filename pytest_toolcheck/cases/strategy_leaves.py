"""Numbers and strings: values that meet every keyword by construction, checked before they are handed out."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from ..ecma import in_python, with_ends_of_ranges
from ..lean_jsonschema import FormatChecker
from . import patterns as expressions
from .strategy_nodes import Dead, Node

Draw = Callable[[st.SearchStrategy[Any]], Any]
Fits = Callable[[Any], bool]
_INT64 = 2**63
_TRIES_OF_BOUND = 3
HAIRS = (0.5, 0.1, 0.01, 1e-6)
"""How far beside a bound a fraction tells whether a program rounds."""
_LARGEST_NEAR = 10**9
_LONGEST_DRAWN = 500
_NEAR = 25
_ONE_IN_SMALL = 3
_FAR = 500
_EVENLY = 2**24
_AROUND = re.compile(r"\(\?<?[=!]")


@lru_cache(maxsize=1)
def _characters() -> st.SearchStrategy[str]:
    """Return all that UTF-8 can say. Named by its codec, Hypothesis would try each character at its first use in a folder."""
    return st.characters(exclude_categories=["Cs"])


@lru_cache(maxsize=1)
def free_json() -> st.SearchStrategy[Any]:
    """Return a strategy for any small JSON value."""
    leaves = st.none() | st.booleans() | integers(-1000, 1000) | finite_floats() | text(0, 10)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text(0, 5), inner, max_size=3), max_leaves=5
    )


@lru_cache(maxsize=512)
def integers(low: int, high: int) -> st.SearchStrategy[int]:
    """Return integers within both bounds."""
    return st.integers(low, high)


@lru_cache(maxsize=512)
def often_small(low: int, high: int) -> st.SearchStrategy[int]:
    """Return integers within both bounds, some of them near nought, or the bound next to it.

    Two numbers of a large range are rarely small together else: five cents for nine people. Beyond 24 bits
    Hypothesis prefers small ones more.
    """
    start = min(max(0, low), high)
    if not _FAR < high - low < _EVENLY:
        return integers(low, high)
    every, small = integers(low, high), integers(max(low, start - _NEAR), min(high, start + _NEAR))
    return integers(0, _ONE_IN_SMALL).flatmap(lambda drawn: small if drawn == _ONE_IN_SMALL else every)


@lru_cache(maxsize=256)
def text(low: int, high: int) -> st.SearchStrategy[str]:
    """Return text of `low` to `high` characters that can be written as UTF-8."""
    return st.text(_characters(), min_size=low, max_size=high)


@lru_cache(maxsize=1)
def finite_floats() -> st.SearchStrategy[float]:
    """Return floats that JSON can carry."""
    return st.floats(allow_nan=False, allow_infinity=False)


def draw_number(draw: Draw, nodes: list[Node], fits: Fits, *, whole: bool) -> int | float:
    """Draw a number within all bounds and of all multiples; whole ones are Python integers. Raises Dead."""
    low, high = _bounds(nodes)
    step = _step(nodes, whole=whole)
    if step is None:
        return _free_number(draw, low, high, fits)
    least = -_INT64 if low is None else math.ceil(low / step)
    most = _INT64 - 1 if high is None else math.floor(high / step)
    if low is None and most < least:
        least = most - 1000
    if high is None and most < least:
        most = least + 1000
    if least > most:
        raise Dead("no number lies between the bounds")
    number: int | float = _try(draw, often_small(least, most).map(lambda factor: _number(factor * step)), fits)
    return number


def _free_number(draw: Draw, low: Fraction | None, high: Fraction | None, fits: Fits) -> int | float:
    kinds: list[st.SearchStrategy[Any]] = []
    least, most = (-1000 if low is None else math.ceil(low)), (1000 if high is None else math.floor(high))
    least, most = (
        (min(least, most - 1000) if low is None else least),
        (max(most, least + 1000) if high is None else most),
    )
    if least <= most:
        kinds.append(often_small(least, most))
    floor, ceiling = _float_above(low), _float_below(high)
    if (floor is None or ceiling is None or floor <= ceiling) and not (floor == math.inf or ceiling == -math.inf):
        kinds.append(_floats(floor, ceiling))
    if not kinds:
        raise Dead("no number lies between the bounds")
    near = tuple(_near_ends(low, high))
    if near:
        kinds.append(st.sampled_from(near))
    number: int | float = _try(draw, st.one_of(kinds), fits)
    return number


def _near_ends(low: Fraction | None, high: Fraction | None) -> Iterator[float]:
    """Yield numbers a hair inside the bounds."""
    for bound, sign in ((low, 1), (high, -1)):
        if bound is not None and abs(bound) < _LARGEST_NEAR:
            yield from (float(bound) + sign * hair for hair in HAIRS)


@lru_cache(maxsize=256)
def _floats(floor: float | None, ceiling: float | None) -> st.SearchStrategy[float]:
    return st.floats(floor, ceiling, allow_nan=False, allow_infinity=False)


def _float_above(bound: Fraction | None) -> float | None:
    if bound is None:
        return None
    near = _float(bound)
    return near if math.isinf(near) or Fraction(near) >= bound else math.nextafter(near, math.inf)


def _float_below(bound: Fraction | None) -> float | None:
    above = _float_above(None if bound is None else -bound)
    return None if above is None else 0.0 - above  # no -0.0, below which 0.0 would lie


def _float(bound: Fraction) -> float:
    try:
        return float(bound)
    except OverflowError:
        return math.inf if bound > 0 else -math.inf


def _bounds(nodes: Iterable[Node]) -> tuple[Fraction | None, Fraction | None]:
    lows: list[Fraction] = []
    highs: list[Fraction] = []
    for node in nodes:
        for keyword, into in (
            ("minimum", lows),
            ("exclusiveMinimum", lows),
            ("maximum", highs),
            ("exclusiveMaximum", highs),
        ):
            value = node.get(keyword)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                into.append(Fraction(value))
    return max(lows, default=None), min(highs, default=None)


def _step(nodes: Iterable[Node], *, whole: bool) -> Fraction | None:
    steps = [Fraction(1)] if whole else []
    steps += [Fraction(str(node.schema["multipleOf"])) for node in nodes if "multipleOf" in node.schema]
    if not steps:
        return None
    step = steps[0]
    for other in steps[1:]:
        numerator = math.lcm(step.numerator * other.denominator, other.numerator * step.denominator)
        step = Fraction(numerator, step.denominator * other.denominator)
    return step


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _try(draw: Draw, strategy: st.SearchStrategy[Any], fits: Fits, tries: int = 6) -> Any:
    for _ in range(tries):
        value = draw(strategy)
        if fits(value):
            return value
    raise Dead("drawn values did not fit")


def draw_string(draw: Draw, nodes: list[Node], fits: Fits, checker: FormatChecker | None) -> str:
    """Draw a string of the right length, pattern and format. Raises Dead where none is found."""
    low = max([int(node.get("minLength") or 0) for node in nodes], default=0)
    high = min([int(node.schema["maxLength"]) for node in nodes if "maxLength" in node.schema], default=None or -1)
    if 0 <= high < low:
        raise Dead("minLength is above maxLength")
    formats = [str(node.schema["format"]) for node in nodes if "format" in node.schema]
    patterns = [str(node.schema["pattern"]) for node in nodes if isinstance(node.get("pattern"), str)]
    for name in formats:
        if name in FORMATS and (checker is None or name in checker.checkers):
            bound = bool(patterns) or low > 0 or high >= 0
            return str(_try(draw, FORMATS[name](), fits, _TRIES_OF_BOUND if bound else 12))
    if patterns:
        return _of_pattern(draw, patterns, low, high, fits)
    if any(node.get("contentEncoding") == "base64" for node in nodes):
        return str(_try(draw, st.binary(max_size=30).map(lambda raw: base64.b64encode(raw).decode()), fits))
    usual = low + 20 if high < 0 else min(high, low + 40)
    if low > _LONGEST_DRAWN:  # few characters, many times: no long text is drawn one by one
        piece = draw(text(1, 20))
        return str(_try(draw, st.just((piece * (low // len(piece) + 1))[:low]), fits, 1))
    short = str(_try(draw, text(low, usual), fits))
    longest = low + 60 if high < 0 else min(high, low + 1000)  # unbounded texts at length are `size` cases
    if longest <= usual or draw(integers(0, 7)) < 7:
        return short
    length = draw(integers(low, longest))  # few characters, many times: no long text is drawn one by one
    long = ((short or "a") * length)[:length]
    return long if fits(long) else short


def _of_pattern(draw: Draw, patterns: list[str], low: int, high: int, fits: Fits) -> str:
    for pattern in patterns:
        try:
            strategy = matching(pattern)
        except (re.error, ValueError) as error:
            raise Dead(f"pattern {pattern!r} is not one that Python knows") from error
        for _ in range(8):
            value = _padded(str(draw(strategy)), low, high, patterns)
            if fits(value) and not value.endswith("\n"):
                return value
    raise Dead("no string matched all patterns")


def _padded(value: str, low: int, high: int, patterns: list[str]) -> str:
    """Lengthen or shorten a match to the length wanted, where the patterns leave room for it."""
    trials = [
        value + value[-1:] * (low - len(value)),
        value + "0" * (low - len(value)),
        "0" * (low - len(value)) + value,
    ]
    if 0 <= high < len(value):
        trials = [value[:high], value[-high:] if high else ""]
    if low <= len(value) and not 0 <= high < len(value):
        return value
    return next((trial for trial in trials if all(re.search(in_python(pattern), trial) for pattern in patterns)), value)


def known_patterns(node: Node) -> list[str]:
    """Return the node's `patternProperties` that Python can compile; objects under any other cannot be judged."""
    return [pattern for pattern in node.get("patternProperties") or {} if _is_known(pattern)]


@lru_cache(maxsize=256)
def _is_known(pattern: str) -> bool:
    try:
        re.compile(in_python(pattern))
    except (re.error, TypeError):
        return False
    return True


@lru_cache(maxsize=256)
def matching(pattern: str) -> st.SearchStrategy[str]:
    """Return strings in which `pattern` is found: ASCII digits and letters for \\d and \\w, as ECMA 262 has them."""
    written = in_python(pattern)
    if not _AROUND.search(pattern):
        written = with_ends_of_ranges(written)
    elif known := expressions.matching(pattern):  # what stands around is not drawn by
        return st.sampled_from(known)
    compiled = re.compile(written, re.ASCII)
    exact = st.from_regex(compiled, fullmatch=True, alphabet=_characters())
    return st.one_of(exact, exact, st.from_regex(compiled, alphabet=_characters()))


def _offset() -> st.SearchStrategy[str]:
    return st.sampled_from(["Z", "+00:00", "-05:00", "+05:30", "+14:00", "-12:00"])


def _times() -> st.SearchStrategy[str]:
    return st.builds(lambda time, zone: time.replace(tzinfo=None).isoformat() + zone, st.times(), _offset())


def _datetimes() -> st.SearchStrategy[str]:
    return st.builds(lambda moment, zone: moment.isoformat() + zone, st.datetimes(), _offset())


def _uris() -> st.SearchStrategy[str]:
    return st.from_regex(
        r"(https?|ftp)://[a-z]{1,8}(\.[a-z]{2,4}){1,2}(:[1-9][0-9]{1,3})?(/[a-z0-9._~-]{0,6}){0,3}(\?[a-z]=[0-9])?(#[a-z]{1,4})?",
        fullmatch=True,
    )


def _regex(pattern: str) -> Callable[[], st.SearchStrategy[str]]:
    return lambda: matching(rf"\A{pattern}\Z")


FORMATS: dict[str, Callable[[], st.SearchStrategy[str]]] = {
    "date": lambda: st.dates().map(lambda day: day.isoformat()),
    "time": _times,
    "date-time": _datetimes,
    "duration": _regex(r"(P[1-9][0-9]?D|P[1-9]W|PT[1-9][0-9]?[HMS]|P[1-9]Y[1-9]M|P1DT2H)"),
    "email": st.emails,
    "idn-email": st.emails,
    "hostname": _regex(r"[a-z][a-z0-9]{0,8}(\.[a-z][a-z0-9]{0,6}){0,2}"),
    "idn-hostname": _regex(r"[a-z][a-z0-9]{0,8}(\.[a-z][a-z0-9]{0,6}){0,2}"),
    "ipv4": lambda: st.ip_addresses(v=4).map(str),
    "ipv6": lambda: st.ip_addresses(v=6).map(str),
    "uri": _uris,
    "iri": _uris,
    "uri-reference": lambda: st.one_of(_uris(), st.from_regex(r"/?[a-z0-9]{1,5}(/[a-z0-9]{1,5}){0,2}", fullmatch=True)),
    "iri-reference": lambda: st.one_of(_uris(), st.from_regex(r"/?[a-z0-9]{1,5}", fullmatch=True)),
    "uri-template": lambda: st.from_regex(r"https://[a-z]{1,5}\.org(/\{[a-z]{1,4}\}){0,2}", fullmatch=True),
    "uuid": lambda: st.uuids().map(str),
    "json-pointer": _regex(r"(/([a-z0-9]|~0|~1){0,4}){0,3}"),
    "relative-json-pointer": _regex(r"(0|[1-9][0-9]?)(#|(/[a-z0-9]{1,4}){0,2})"),
    "regex": lambda: st.sampled_from(["", "a", "^a*$", "[0-9]+", "(a|b)?", r"\d{3}"]),
}
