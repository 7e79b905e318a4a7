"""What answers of two groups of calls have in common within a group and not between them: scores of leaves beside the input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from .leaves import Leaves

_MOST_LEAVES: Final = 80
Score = str | float


def scores(leaves: Leaves, given: Mapping[str, Any]) -> dict[str, Score]:
    """Return what can be said of each leaf by itself, and beside each of the values that were given."""
    found: dict[str, Score] = {}
    for pointer, value in list(leaves.items())[:_MOST_LEAVES]:
        for name, score in _of_leaf(value):
            found[f"{pointer} {name}"] = score
        for parameter, each in given.items():
            for name, score in _beside(value, each):
                found[f"{pointer} {name} {parameter}"] = score
    found["(leaves)"] = " ".join(sorted(leaves)[:_MOST_LEAVES])
    return found


def separated(first: Sequence[Mapping[str, Score]], second: Sequence[Mapping[str, Score]]) -> set[str]:
    """Return the scores that tell the groups apart, with the way they do: numbers all below, or two words all the same."""
    found = set()
    for name in first[0].keys() & second[0].keys():
        one, other = [each.get(name) for each in first], [each.get(name) for each in second]
        if None in one or None in other:
            continue
        if _is_below(one, other):
            found.add(f"{name}: {one[0] if isinstance(one[0], str) else 'less'}")
        elif _is_below(other, one):
            found.add(f"{name}: more")
    return found


def _is_below(low: list[Any], high: list[Any]) -> bool:
    if any(isinstance(each, str) for each in (*low, *high)):
        return len(set(low)) == len(set(high)) == 1 and low[0] != high[0]
    return bool(max(low) < min(high))


def _of_leaf(value: Any) -> Iterator[tuple[str, Score]]:
    if isinstance(value, bool) or value is None:
        yield "is", str(value)
    elif isinstance(value, (int, float)):
        yield "is", float(value)
        yield "digits", float(len(str(value).partition(".")[2]))
    elif isinstance(value, str):
        yield "is", f"{value!r}"
        yield "length", float(len(value))
        yield "case", f"{value.isupper()} {value.islower()} {value.istitle()}"
        yield "begins", f"{value[:1]!r}"
        yield "ends", f"{value[-1:]!r}"


def _beside(value: Any, given: Any) -> Iterator[tuple[str, Score]]:
    if isinstance(value, bool) or isinstance(given, bool):
        return
    if isinstance(value, str) and isinstance(given, (str, int, float)):
        text = str(given)
        yield "written with", value.replace(text, "\0") if text else value
        yield "in any case with", value.casefold().replace(text.casefold(), "\0") if text else value
        yield "backwards", f"{value[::-1] == text}"
        yield "longer than", float(len(value) - len(text))
    elif isinstance(value, (int, float)) and isinstance(given, (int, float)):
        yield "more than", float(value - given)
        if given:
            yield "times", float(value / given)
    elif isinstance(value, (int, float)) and isinstance(given, str):
        yield "more than the length of", float(value - len(given))
        if given:
            yield "times the length of", float(value / len(given))
