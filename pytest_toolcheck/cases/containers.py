"""Changes of objects and arrays: their own counts and names, and the changes of what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from . import corners, valid
from .changes import Change, change
from .contained import contained
from .identity import describe
from .names import near_members, several_members
from .schema import MOST_NEEDED, Document
from .shapes import Shape
from .turns import Turn
from .valid import samples

_DEEPEST, _DEEPEST_OF_RECURSIVE = 12, 5
_UNKNOWN = "unexpected_property"
_MOST_OPEN_NAMES, _MOST_OPTIONAL = 4, 100
_MOST_REQUIRED, _FEW_EXTRA, _MOST_COUNTED = 100, 3, 1000
_FEW_BEHIND, _MOST_NAMES_TRIED = 3, 20
_OF_MAPS = ("additionalProperties", "patternProperties", "unevaluatedProperties")
_ODD_NAMES = ("z", "a", "A", "a.b", "a/b", "a b", "1", "$ref", "self", "__proto__", "", "\u00e9")


def deepest(document: Document) -> int:
    """Return how deep changes are made: less deep where a schema may hold itself."""
    return _DEEPEST_OF_RECURSIVE if document.is_recursive else _DEEPEST


def of_object(document: Document, shape: Shape, base: dict[str, Any], *, depth: int, turn: Turn) -> Iterator[Change]:
    """Yield changes of an object: members left out, added, counted; not those inside its members."""
    values = {}
    for name in shape.property_names():
        if options := [base[name]] if name in base else samples(document, shape.member(name), depth=depth + 1):
            values[name] = options[0]
    if not shape.property_names():
        yield from _any_members(base)
        yield from _of_map(document, shape, base, depth)
    yield from _left_out(shape, base, values, turn)
    yield from _optional(document, shape, base, values, turn)
    yield from _required_at_ends(document, shape, base)
    yield from _extra(document, shape, base, turn)
    yield from _counts(document, shape, base, values, depth)
    if any(isinstance(found, dict) for key in _OF_MAPS for found in shape.all_of(key)):
        yield from _second_of_map(document, shape, base, depth)


def open_names(document: Document, shape: Shape, base: dict[str, Any], depth: int) -> list[str]:
    """Return names of members that no `properties` names, yet a schema describes (a map's): one a schema."""
    named, found = set(shape.property_names()), dict[tuple[int, ...], str]()
    for name in (*base, *valid.further_names(document, shape, 1, depth)):
        about = tuple(id(node.schema) for node in shape.member(name)) if name not in named else ()
        if not about or about in found or False in (node.schema for node in shape.member(name)):
            continue
        options = samples(document, shape.member(name), depth=depth + 1)
        if options and document.holds(shape.decisive, {**base, name: base.get(name, options[0])}):
            found[about] = name
    return list(found.values())[:_MOST_OPEN_NAMES]


def _any_members(base: dict[str, Any]) -> Iterator[Change]:
    """An object of which the schema names no property: a map."""
    filled = {"key": "value", "other key": 1, "null": None, "nested": {"list": [1, True, [1.5]]}, "share": 0.25}
    yield change("optional", {**base, "key": "value"}, "one member", only_if_valid=True)
    yield change("optional", {**base, **filled}, "members", only_if_valid=True)
    yield change("size", {f"key{number}": number for number in range(100)}, "100 members", only_if_valid=True)


def _of_map(document: Document, shape: Shape, base: dict[str, Any], depth: int) -> Iterator[Change]:
    """Yield maps with names that programs stumble over, with equal and with different values, with a wrong second one."""
    made: dict[str, Any] = {}
    for turn, name in enumerate(_ODD_NAMES):
        options = samples(document, shape.member(name), depth=depth + 1)
        value = options[turn % len(options)] if options else None
        if options and document.holds(shape.decisive, {**base, name: value}):
            made[name] = value
    yield change("optional", {**base, **made}, "odd names", only_if_valid=True)
    first, second, *_ = [*made, "", ""]
    if len(made) > 1:
        yield change("optional", {first: made[first], second: made[first]}, "equal values", only_if_valid=True)
        yield change("optional", {first: made[first], second: made[second]}, "two values", only_if_valid=True)
        for wrong in (None, "x", 1.5):
            yield change("nested", {first: made[first], second: wrong}, f"second value {describe(wrong)}")


def _left_out(shape: Shape, base: dict[str, Any], values: dict[str, Any], turn: Turn) -> Iterator[Change]:
    again = {*turn.share(shape.required(), _MOST_REQUIRED)}
    for name in shape.required():
        if turn.is_told("required", name) and name not in again:
            continue
        if name in base:
            yield Change("required", (name,), "left out", {k: v for k, v in base.items() if k != name})
        others = {**values, **base}
        if len(others) > len(base) or shape.largest("minProperties") >= len(base):  # what is missing is no count
            yield change("required", {k: v for k, v in others.items() if k != name}, f"{name} left out, all others")
    yield change("required", {}, "all left out", only_if_valid=len(shape.required()) != 1)


def _optional(
    document: Document, shape: Shape, base: dict[str, Any], values: dict[str, Any], turn: Turn
) -> Iterator[Change]:
    required, others = set(shape.required()), _of_unknown(document, shape)
    fixed = {name: value for name, value in base.items() if name in required}
    optional = [name for name in values if name not in required]
    yield change("optional", fixed, "none", only_if_valid=True)
    every = {**base, **{name: values[name] for name in optional}}
    yield change("optional", every, "all", only_if_valid=True)
    if others and every:
        yield change("optional", {**every, _UNKNOWN: others[0]}, "all and another", only_if_valid=True)
    optional = turn.share(optional, _MOST_OPTIONAL)
    for name in optional:
        yield Change("optional", (name,), "alone", {**fixed, name: values[name]}, only_if_valid=True)
        without = {other: value for other, value in values.items() if other != name}
        yield Change("optional", (name,), "all others", without, only_if_valid=True)
    for name in optional:  # with and without it, all else as in the base: shows what it asks of others
        if name in base:
            yield Change("optional", (name,), "left out", {k: v for k, v in base.items() if k != name})
        else:
            yield Change("optional", (name,), "added", {**base, name: values[name]})


def _required_at_ends(document: Document, shape: Shape, base: dict[str, Any]) -> Iterator[Change]:
    fixed = {name: value for name, value in base.items() if name in shape.required()}
    if fixed != base:  # else `boundary` has them
        for name, end, value in corners.required_ends(document, shape, fixed):
            yield Change("optional", (name,), f"{end} and nothing optional", {**fixed, name: value}, only_if_valid=True)


def _extra(document: Document, shape: Shape, base: dict[str, Any], turn: Turn) -> Iterator[Change]:
    known = {*base, *shape.forbidden_names()}  # the latter are added as such
    for keyword in ("dependentSchemas", "dependentRequired", "dependencies"):
        for name in (name for names in shape.all_of(keyword) for name in names if name not in known):
            yield Change(
                "nested", (name,), "present", {**base, name: (samples(document, shape.member(name)) or [1])[0]}
            )
    is_told = turn.is_told("extra", *(id(node.schema) for node in shape.member(_UNKNOWN)))
    for name, value in islice(_extra_members(document, shape, base), _FEW_EXTRA if is_told else None):
        if name not in base:
            yield Change("extra", (name,), describe(value), {**base, name: value})
    for members in several_members(document, shape):
        yield change("pattern", {**base, **members}, f"{len(members)} names of patterns", only_if_valid=True)
    yield from _near_names(document, shape, base)


def _near_names(document: Document, shape: Shape, base: dict[str, Any]) -> Iterator[Change]:
    """Yield members with names at the edge; where the base has none, some wrong ones behind a right one too."""
    first: dict[str, Any] = {}
    behind = 0
    for category, name, value in near_members(document, shape):
        if name in base:
            continue
        changed = {**base, name: value}
        yield Change(category, (name,), f"name with {describe(value)}", changed)
        if base or behind == _FEW_BEHIND or name in first:
            continue
        if document.holds(shape.decisive, changed):
            first = first or {name: value}
        elif first:
            behind += 1
            yield Change(category, (name,), f"second name with {describe(value)}", {**first, name: value})


def _second_of_map(document: Document, shape: Shape, base: dict[str, Any], depth: int) -> Iterator[Change]:
    """Yield two members that no `properties` names, of which the second has a wrong value: some look at the first only."""
    kinds = _map_members(document, shape, base, depth)
    members = {name: value for kind in kinds for name, value in kind.items()}
    names = [name for kind in kinds[:2] for name in kind][:2] if len(kinds) < 2 else [next(iter(k)) for k in kinds[:2]]
    if len(names) == 2:
        for wrong in (None, "x", 1.5):
            value = {**base, names[0]: members[names[0]], names[1]: wrong}
            yield change("nested", value, f"second of a map {describe(wrong)}")
    pairs = [names[::-1], *([*kind] for kind in kinds if len(kind) == 2)] if len(kinds) > 1 else []
    for first, second in pairs:
        refused = (each for each in (None, "x", 1.5) if not document.holds(shape.member(second), each))
        for wrong in islice(refused, 1):
            value = {**base, first: members[first], second: wrong}
            yield change("nested", value, f"pattern second {second} {describe(wrong)}")


def _map_members(document: Document, shape: Shape, base: dict[str, Any], depth: int) -> list[dict[str, Any]]:
    """Return up to two members that no `properties` names, of each kind of name; all of them together are good."""
    named, found, together = {*shape.property_names(), *base}, dict[tuple[int, ...], dict[str, Any]](), {**base}
    names = [*islice(valid.further_names(document, shape, _FEW_BEHIND, depth), _MOST_NAMES_TRIED)]
    for name in (*names, *(f"{name}a" for name in names if shape.all_of("patternProperties"))):
        about = tuple(id(node.schema) for node in shape.member(name))
        is_wanted = name not in named and name not in together and len(found.get(about, ())) < 2
        options = samples(document, shape.member(name), depth=depth + 1) if is_wanted else []
        if options and document.holds(shape.decisive, {**together, name: options[0]}):
            found.setdefault(about, {})[name] = together[name] = options[0]
    return [*found.values()]


def _of_unknown(document: Document, shape: Shape) -> list[Any]:
    """Return values for a member that the schema does not name; none where it takes no such member."""
    return samples(document, shape.member(_UNKNOWN), depth=valid.deepest(document) - 1)


def _extra_members(document: Document, shape: Shape, base: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    allowed = _of_unknown(document, shape)
    yield from ((_UNKNOWN, value) for value in (*allowed[:1], "x", 1, None, {}, [], True))
    known = shape.property_names()
    for name in known[:8]:
        yield from ((near, base.get(name, "x")) for near in (name.upper(), f"{name} ", f"{name}_", f"_{name}"))
    yield from ((name, (allowed or [1])[0]) for name in ("", "__proto__", "self", "\u00fcnicode \U0001f600", "a" * 200))


def _counts(
    document: Document, shape: Shape, base: dict[str, Any], values: dict[str, Any], depth: int
) -> Iterator[Change]:
    bounds = [n for n in (shape.numbers("minProperties") + shape.numbers("maxProperties")) if n <= 1000]
    for bound in bounds:
        for count in (int(bound), int(bound) - 1, int(bound) + 1):
            made = _with_count(document, shape, {**base}, values, count, depth)
            if made is not None:
                yield change("boundary", made, f"{count} properties")
            others = _of_unknown(document, shape) if made and values else []
            most = _with_count(document, shape, {**base}, values, count - 1, depth) if others else None
            if most is not None:
                yield change("boundary", {**most, _UNKNOWN: others[0]}, f"{count} properties, one of any name")


def _with_count(
    document: Document, shape: Shape, value: dict[str, Any], values: dict[str, Any], count: int, depth: int
) -> dict[str, Any] | None:
    required = shape.required()
    for name in [name for name in reversed(value) if name not in required]:
        if len(value) > count:
            del value[name]
    for name, item in values.items():
        if len(value) < count:
            value.setdefault(name, item)
    value = valid.filled(document, shape, value, count, depth)
    return value if len(value) == count else None


def of_array(document: Document, shape: Shape, base: list[Any], *, depth: int) -> Iterator[Change]:
    """Yield changes of an array: counts, duplicates, items beyond the prefix; not those inside its items."""
    counts = {
        count: None
        for bound in (*shape.numbers("minItems"), *shape.numbers("maxItems"), *_prefix(shape))
        for count in (int(bound), int(bound) - 1, int(bound) + 1)
        if 0 <= count <= (_MOST_COUNTED if depth > 1 or any(shape.all_of("uniqueItems")) else MOST_NEEDED + 1)
    }
    for count in counts:
        yield from _sized(document, shape, "boundary", count, depth)
    for count in (0, 1, 2):
        yield from _sized(document, shape, "boundary", count, depth)
    yield from _duplicates(shape, base)
    if shape.prefix_length() > 1 or shape.all_of("contains"):
        yield change("boundary", base[::-1], "the other way round")
    if any(False in shape.all_of(keyword) for keyword in ("items", "additionalItems", "unevaluatedItems")):
        full = valid.array_of(document, shape, shape.prefix_length(), depth=depth)
        yield from [] if full is None else [change("boundary", [*full, None], "null behind the last")]
    if any(shape.all_of("uniqueItems")):
        row = valid.array_of(document, shape, 2, depth=depth)
        yield from [change("boundary", [*row, row[0]], "first item again, apart")] if row else []
    yield from contained(document, shape)
    yield from (
        change("boundary", row, said, only_if_valid=True) for said, row in corners.rows(document, shape, depth=depth)
    )
    for count in (100, 1000) if depth < 2 and not any(shape.all_of("uniqueItems")) else (100,):
        if count not in counts and count <= (shape.smallest("maxItems") or 1000):
            yield from _sized(document, shape, "size", count, depth)


def _prefix(shape: Shape) -> tuple[int, ...]:
    length = shape.prefix_length()
    return (length,) if length else ()


def _sized(document: Document, shape: Shape, category: str, count: int, depth: int) -> Iterator[Change]:
    made = valid.array_of(document, shape, count, depth=depth)
    if made is None:
        made = _stretched(document, shape, count, depth)
    if made is not None:
        yield change(category, made, f"{count} items")


def _stretched(document: Document, shape: Shape, count: int, depth: int) -> list[Any] | None:
    """Return as many good items as there are, then whatever follows: the one thing that is wrong is the count."""
    made: list[Any] = []
    options: list[Any] = []
    for index in range(count):
        if index <= shape.prefix_length():  # all items behind the prefix are alike
            options = samples(document, shape.item(index), depth=depth + 1)
        made.append(options[index % len(options)] if options else made[-1] if made else f"item {index}")
    return made


def _duplicates(shape: Shape, base: list[Any]) -> Iterator[Change]:
    if base:
        yield change("boundary", [*base, base[0]], "first item again")
        yield change("boundary", [base[-1], *base], "last item again")
        yield change("boundary", [*base, base[-1]], "last item twice")
    if any(shape.all_of("uniqueItems")):
        yield from (change("boundary", [item, twin], f"twin of {describe(item)}") for item, twin in _equal(base))
        for twins in (
            [1, 1.0],
            [1, True],
            [0, False],
            [{"a": 1}, {"a": 1.0}],
            [[1], [True]],
            [1, "1"],
            ["a", "A"],
            [0, -0.0],
            ["a", "a "],
            ["\u00e9", "e\u0301"],
        ):
            yield change("boundary", twins, f"twins {describe(twins)}", only_if_valid=False)


def _equal(base: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield what is equal and looks otherwise: members in another order, a whole number with a fraction of nought."""
    for item in base[:1]:
        if isinstance(item, dict) and item:
            full = item if len(item) > 1 else {**item, "other": 1}
            yield full, dict(reversed(full.items()))
        if (twin := _spelled_otherwise(item)) is not item:
            yield item, twin


def _spelled_otherwise(value: Any) -> Any:
    """Return an equal value in which the first whole number has a fraction of nought, or has it no more."""
    if type(value) is int:
        return float(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    inner: Iterator[tuple[Any, Any]] = (
        iter(value.items()) if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    )
    for step, item in inner:
        twin = _spelled_otherwise(item)
        if twin is not item:
            return {**value, step: twin} if isinstance(value, dict) else [*value[:step], twin, *value[step + 1 :]]
    return value
