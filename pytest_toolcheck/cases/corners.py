"""Far corners: everything at its most, everything at its least, and one kind of value at one end, others at the other.

Pairs of parameters never show a bug that needs many values at their ends at once, such as the sum of a full array.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Literal

from . import numbers, texts
from .changes import Change, change
from .identity import identity
from .scalars import is_number
from .schema import Conjunction, Document
from .shapes import Shape, alternatives
from .told import texts_told
from .valid import deepest, samples

End = Literal["least", "most"]
Ends = tuple[End, End, End, End]
"""Where numbers, texts, switches and counts stand."""

_KINDS = ("numbers", "texts", "switches", "counts")
_MOST_ITEMS, _MOST_INNER_ITEMS, _SEVERAL = 100, 10, 3
_MOST_MEMBERS, _MANY_OF_ITSELF, _LONGEST = 40, 20, 10_000
_MOST_REQUIRED, _LONGEST_ROW, _LONGEST_BESIDE = 12, 1000, 5000
_MOST_CUT, _LONG_CHARACTERS = 2, "\U0001f600e\u0301\u20ac\xe9"
LEAST: Ends = ("least",) * 4
MOST: Ends = ("most",) * 4


def corners(document: Document, base: Any) -> Iterator[Change]:
    """Yield inputs of which all members stand at an end: all at the same, then each kind of value at either."""
    if not isinstance(base, dict) or document.is_weary:
        return
    for shape in alternatives(document, (document.root,))[:2]:
        names = [name for name in shape.property_names() if name not in shape.forbidden_names()][:_MOST_MEMBERS]
        few = [name for name in names if name in shape.required()]
        known = _without_ends(document, shape, names, base)
        sets = ((names, "all"), (few if len(few) < len(names) else [], "required"))
        for chosen, which in ((chosen, which) for chosen, which in sets if len(chosen) > 1):  # boundary has the others
            for ends in (MOST, LEAST):
                yield _corner(document, shape, chosen, ends, f"{which} at the {ends[0]}", known)
        if document.is_recursive and len(names) > _MANY_OF_ITSELF:
            continue
        yield from _long_texts(document, shape, names)
        yield from _cut_texts(document, shape, names, base)
        kinds = _kinds_of(document, shape, names)
        for ends in _all_ends(kinds) if len(names) > 1 else ():
            said = " ".join(
                f"{k}{'+' if end == 'most' else '-'}" for k, end in zip(_KINDS, ends, strict=True) if k in kinds
            )
            yield _corner(document, shape, names, ends, said, known)
        yield from _kind_alone(document, shape, names, base, kinds)


def _long_texts(document: Document, shape: Shape, names: Sequence[str]) -> Iterator[Change]:
    """Yield texts without a bound that are longer than any number beside them: a text that is cut to that many signs."""
    shapes = {name: alternatives(document, shape.member(name))[:1] for name in names}
    counts = [numbers.bounds(own)[1] for found in shapes.values() for own in found if _kind(own) == "integer"]
    most = max((int(count) for count in counts if count is not None and 1 < count <= _LONGEST_BESIDE), default=None)
    if most is None:
        return
    free = {name: own for name, found in shapes.items() for own in found if _is_free_text(own)}
    long = {name: text for name, own in free.items() if (text := texts.of_length(own, most + 10)) is not None}
    if not long:
        return
    for ends in (MOST, LEAST):
        yield _corner(document, shape, names, ends, f"all at the {ends[0]} beside {most + 10} signs", long)


def _cut_texts(document: Document, shape: Shape, names: Sequence[str], base: dict[str, Any]) -> Iterator[Change]:
    """Yield texts of long characters beside small counts: cut after so many bytes, a character is cut in two."""
    kinds = {name: [_kind(own) for own in alternatives(document, shape.member(name))[:1]] for name in names}
    counts = [name for name, found in kinds.items() if found == ["integer"]][:_MOST_CUT]
    for text in [name for name, found in kinds.items() if found == ["string"]][:_MOST_CUT] if counts else ():
        for count in (1, 2, 3, 6):
            value = {**base, text: _LONG_CHARACTERS, **dict.fromkeys(counts, count)}
            yield change("combination", value, f"{text} of long characters beside {count}", only_if_valid=True)


def _is_free_text(shape: Shape) -> bool:
    stated = (shape.all_of(word) for word in ("maxLength", "pattern", "format"))
    return _kind(shape) == "string" and shape.members() is None and not any(stated)


def _all_ends(kinds: set[str]) -> list[Ends]:
    """Return every way in which the kinds that there are stand at their ends."""
    both: tuple[End, End] = ("most", "least")
    numbers_, texts_, switches, counts = (both if kind in kinds else both[1:] for kind in _KINDS)
    return list(product(numbers_, texts_, switches, counts))


def _without_ends(document: Document, shape: Shape, names: Sequence[str], base: dict[str, Any]) -> dict[str, Any]:
    """Return the base's value, or one that is told, of each free text: most others are refused whatever stands beside them."""
    known = {}
    for name in names:
        conjunction = shape.member(name)
        if name in base and isinstance(base[name], str) and not _kinds_of(document, shape, [name]):
            known[name] = base[name]
        elif name not in base and (found := texts_told(document, conjunction)):
            known[name] = found[0]
    return known


def _corner(
    document: Document,
    shape: Shape,
    names: Sequence[str],
    ends: Ends,
    detail: str,
    known: Mapping[str, Any] | None = None,
) -> Change:
    known = known or {}
    made = {name: (known[name],) if name in known else at_ends(document, shape.member(name), ends) for name in names}
    value = {name: found[0] for name, found in made.items() if found}
    return change("combination", value, detail, only_if_valid=True)


def _kind_alone(
    document: Document, shape: Shape, names: Sequence[str], base: dict[str, Any], kinds: set[str]
) -> Iterator[Change]:
    """Yield the base with all values of one kind at an end."""
    for kind in [kind for kind in _KINDS if kind in kinds]:
        here = [name for name in names if kind in _kinds_of(document, shape, [name])]
        for ends in (MOST, LEAST) if len(here) > 1 else ():
            moved = _corner(document, shape, here, ends, f"{kind} alone {ends[0]}")
            yield change("combination", {**base, **moved.value}, moved.detail, only_if_valid=True)


def required_ends(document: Document, shape: Shape, fixed: dict[str, Any]) -> Iterator[tuple[str, End, Any]]:
    """Yield each required member at either end, where nothing optional stands beside it."""
    for name in [name for name in shape.required() if name in fixed][:_MOST_REQUIRED]:
        for ends in (MOST, LEAST):
            found = at_ends(document, shape.member(name), ends)
            if found:
                yield name, ends[0], found[0]


def rows(document: Document, shape: Shape, *, depth: int) -> Iterator[tuple[str, list[Any]]]:
    """Yield arrays, as long and as short as allowed, of items at their ends; two of both ends, in either order."""
    low, high = _counts(shape, depth)
    for count in dict.fromkeys((high, max(low, 1))):
        for ends in (MOST, LEAST):
            made = _row(document, shape, count, ends, depth)
            if made is not None:
                yield f"{count} items at the {ends[0]}", made
    least, most = (at_ends(document, shape.item(0), ends, depth=depth + 1) for ends in (LEAST, MOST))
    if least and most and least != most:
        yield "rising", [least[0], most[0]]
        yield "falling", [most[0], least[0]]
        if is_number(least[0]) and isinstance(most[0], int):
            yield "one beyond the most in sum", [most[0], 1]
    yield from _mixed_rows(document, shape, least, most, depth)
    members = [inner.members() for inner in alternatives(document, shape.item(shape.prefix_length()))]
    if len(members) == 1 and members[0] and not shape.prefix_length():
        yield "every member", members[0][:high]
    kinds = {type(value): value for value in reversed(samples(document, shape.item(0), depth=depth + 1))}
    if len(kinds) > 1:
        yield "one of each type", list(kinds.values())[:high]


def _mixed_rows(
    document: Document, shape: Shape, least: tuple[Any] | None, most: tuple[Any] | None, depth: int
) -> Iterator[tuple[str, list[Any]]]:
    """Yield rows of three values or more in no order, one of them twice; and rows that fall, of a middling count."""
    ends = [*(least or ()), *(most or ())]
    options = {identity(value): value for value in [*samples(document, shape.item(0), depth=depth + 1), *ends]}
    between = sorted((v for v in options.values() if v not in ends), key=bool)[:1]  # 0 and "" trip programs most
    between = between if between and not between[0] else [v for v in options.values() if v not in ends][-1:] or ends[:1]
    low, high = _counts(shape, depth)
    if len(options) < 2 or high < _SEVERAL:
        return
    mixed = [between[0], *ends, between[0]] if len(ends) > 1 else [*list(options.values())[:_SEVERAL], between[0]]
    if not any(shape.all_of("uniqueItems")):
        yield "mixed", mixed[:high]
    different = list({identity(value): value for value in (*reversed(ends), *between)}.values())
    if len(ends) > 1 and is_number(ends[0]):
        different = sorted(filter(is_number, different), reverse=True)
    yield "falling all the way", different[: min(high, _SEVERAL)]
    middle = (low + high) // 2
    if _SEVERAL + 1 < middle < high and not any(shape.all_of("uniqueItems")):
        yield f"{middle} items mixed", [mixed[at % len(mixed)] for at in range(middle)]


def at_ends(document: Document, conjunction: Conjunction, ends: Ends, *, depth: int = 1) -> tuple[Any] | None:
    """Return a value of the conjunction that stands where `ends` say, as far as that can be had; None: no value."""
    key = ("at ends", ends, min(depth, 2), *(id(node.schema) for node in conjunction))
    if key not in document.memo:
        document.kept.append(conjunction)
        document.memo[key] = None  # what a schema that leads back to itself finds on its way
        document.memo[key] = _found(document, conjunction, ends, depth)
    found: tuple[Any] | None = document.memo[key]
    return found


def _found(document: Document, conjunction: Conjunction, ends: Ends, depth: int) -> tuple[Any] | None:
    if depth < deepest(document) and not document.is_weary:
        for shape in alternatives(document, conjunction)[:2]:
            for value in _of_shape(document, shape, ends, depth):
                if document.holds(conjunction, value):
                    return (value,)
    options = samples(document, conjunction, depth=depth)
    return (options[0],) if options else None


def _of_shape(document: Document, shape: Shape, ends: Ends, depth: int) -> Iterator[Any]:
    members, kind = shape.members(), _kind(shape)
    if members is not None:
        yield from _of_members(members, ends)
    elif kind in ("integer", "number"):
        yield from _of_number(shape, ends[0], whole=kind == "integer")
    elif kind == "string":
        yield from _of_text(shape, ends[1])
    elif kind == "boolean":
        yield ends[2] == "most"
    elif kind == "array":
        low, high = _counts(shape, depth)
        row = _row(document, shape, high if ends[3] == "most" else low, ends, depth)
        yield from () if row is None else (row,)
    elif kind == "object":
        yield from _of_object(document, shape, ends, depth)


def _of_members(members: list[Any], ends: Ends) -> Iterator[Any]:
    if not members:
        return
    if all(map(is_number, members)):
        yield max(members) if ends[0] == "most" else min(members)
    elif all(isinstance(member, bool) for member in members):
        yield ends[2] == "most"
    else:
        yield members[-1] if ends[1] == "most" else members[0]


def _of_number(shape: Shape, end: End, *, whole: bool) -> Iterator[numbers.Number]:
    low, high = numbers.bounds(shape)
    bound, sign = (high, -1) if end == "most" else (low, 1)
    if bound is not None:
        yield from numbers.inward(shape, bound, sign, whole=whole)
    elif end == "least":
        yield 0


def _of_text(shape: Shape, end: End) -> Iterator[str]:
    length = shape.smallest("maxLength") if end == "most" else shape.largest("minLength")
    stated = shape.all_of("maxLength" if end == "most" else "minLength")
    if stated and length is not None and length <= _LONGEST:
        text = texts.of_length(shape, length)
        yield from () if text is None else (text,)


def _of_object(document: Document, shape: Shape, ends: Ends, depth: int) -> Iterator[dict[str, Any]]:
    names = shape.property_names() if ends[3] == "most" else shape.required()
    made = {name: at_ends(document, shape.member(name), ends, depth=depth + 1) for name in names[:_MOST_MEMBERS]}
    yield {name: found[0] for name, found in made.items() if found}


def _row(document: Document, shape: Shape, count: int, ends: Ends, depth: int) -> list[Any] | None:
    if (any(shape.all_of("uniqueItems")) and count > 1) or count > _LONGEST_ROW:
        return None
    made = [at_ends(document, shape.item(index), ends, depth=depth + 1) for index in range(count)]
    return None if None in made else [found[0] for found in made if found]


def _counts(shape: Shape, depth: int) -> tuple[int, int]:
    """Return the fewest and the most items, within what is cheap."""
    low, high = shape.largest("minItems"), shape.smallest("maxItems")
    most = _MOST_ITEMS if depth < 2 else _MOST_INNER_ITEMS
    return low, max(min(max(low, _SEVERAL) if high is None else high, most), low if low <= _MOST_ITEMS else 0)


def _kinds_of(document: Document, shape: Shape, names: Sequence[str]) -> set[str]:
    """Return which kinds of values the members hold, inside them too."""
    waiting = [(shape.member(name), 0) for name in names]
    found: set[str] = set()
    seen: set[tuple[int, ...]] = set()
    while waiting and len(found) < len(_KINDS):
        conjunction, depth = waiting.pop(0)
        about = tuple(id(node.schema) for node in conjunction)
        if about in seen:
            continue
        seen.add(about)
        for inner in alternatives(document, conjunction)[:2]:
            found |= _kinds_here(inner)
            below = [inner.item(0)] if "array" in inner.types() else []
            below += [inner.member(name) for name in inner.property_names()[:_MOST_MEMBERS]]
            waiting += [(each, depth + 1) for each in below if each and depth < 3]
    return found


def _kinds_here(shape: Shape) -> set[str]:
    members, kind = shape.members(), _kind(shape)
    if members is not None:
        return {"numbers" if all(map(is_number, members)) else "texts"} if len(members) > 1 else set()
    if kind == "string":
        return {"texts"} if shape.all_of("minLength") or shape.all_of("maxLength") else set()
    known = {"integer": "numbers", "number": "numbers", "boolean": "switches", "array": "counts", "object": "counts"}
    return {known[kind]} if kind in known else set()


def _kind(shape: Shape) -> str | None:
    """Return the type that the shape's values usually have: not null, where there is another."""
    kinds = shape.types()
    return next((kind for kind in kinds if kind != "null"), kinds[0] if kinds else None)
