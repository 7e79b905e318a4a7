"""The valid partitions of each parameter: values of different kinds, the most telling first, and "left out"."""

from __future__ import annotations

from itertools import islice
from typing import Any

from . import numbers
from .containers import deepest
from .corners import LEAST, MOST, at_ends
from .identity import identity
from .invalid import variations
from .schema import Conjunction, Document
from .shapes import Shape, alternatives
from .told import numbers_told, texts_told
from .valid import samples

ABSENT = object()
"""The level that a parameter has where it is left out."""
_LOOKED_AT_EACH = 25
"""For each level of a parameter so many changes are looked at."""
_FREE_TEXTS, _FEWEST_LEVELS = 3, 3
_TELLING = ("enum", "boundary", "null", "number", "optional", "size", "unicode", "format", "pattern", "type", "nested")


def levels_of(document: Document, shape: Shape, base: dict[str, Any]) -> dict[str, list[Any]]:
    names = [name for name in shape.property_names() if name not in shape.forbidden_names()]
    most = 8 if len(names) <= 6 else 6 if len(names) <= 12 else 4 if len(names) <= 25 else _FEWEST_LEVELS
    levels = {}
    for name in names:
        if False in (node.schema for node in shape.member(name)):
            continue
        own = [base[name]] if name in base else []
        found = _known_partitions(document, shape.member(name), own, most)
        if name not in shape.required():
            found = [*found[:1], ABSENT, *found[1 : most - 1]]
        if found:
            levels[name] = found
    return levels


def _known_partitions(document: Document, conjunction: Conjunction, own: list[Any], most: int) -> list[Any]:
    """As `_partitions`, worked out once for all branches that say the same."""
    key = ("partitions", identity(own), most, *(id(node.schema) for node in conjunction))
    if key not in document.memo:
        document.kept.append(conjunction)
        document.memo[key] = _partitions(document, conjunction, own, most)
    return list(document.memo[key])


def _partitions(document: Document, conjunction: Conjunction, given: list[Any], most: int) -> list[Any]:
    options = [*given, *numbers_told(document, conjunction)[:_FREE_TEXTS], *samples(document, conjunction, depth=1)[:1]]
    own = options[0] if options else None
    if _is_free_text(document, conjunction):
        named = texts_told(document, conjunction)[:_FREE_TEXTS]
        more = [text for text in samples(document, conjunction, depth=1) if isinstance(text, str)]
        options = [*options[:1], *named, *options[1:], *more, ""]
        return _distinct(options)[: min(most, _FREE_TEXTS + len(named) // 2)]
    for inner in alternatives(document, conjunction):
        if inner.members() is None and {"integer", "number"} & {*inner.types()}:
            telling = numbers.levels(inner, whole="number" not in inner.types())
            options += [value for value in telling if document.holds(conjunction, value)]
        elif inner.all_of("maxLength"):
            options += [found[0] for ends in (MOST, LEAST) if (found := at_ends(document, conjunction, ends))]
    if most <= _FEWEST_LEVELS and document.is_recursive:  # many parameters, each of which may hold any other
        options += samples(document, conjunction, depth=1)
    if len(known := _distinct(options)) >= most:
        return known[:most]
    groups: dict[str, list[Any]] = {}
    looked_at = variations(document, conjunction, own, depth=deepest(document) - (most > 6))
    for item in islice(looked_at, _LOOKED_AT_EACH * most):
        kind = item.detail.split(" ", 1)[0] if item.category == "nested" else item.category
        if isinstance(item.value, float) and item.value.is_integer():
            continue  # many tools refuse 1.0 for an integer, whatever stands beside it; -0.0 is met on its own
        if len(groups.setdefault(kind, [])) < most and document.holds(conjunction, item.value):
            groups[kind].append(item.value)
    ordered = [groups.get(kind, []) for kind in _TELLING]
    options += [group[turn] for turn in range(most) for group in ordered if turn < len(group)]
    return _distinct(options)[:most]


def _distinct(options: list[Any]) -> list[Any]:
    return list({identity(value): value for value in options}.values())


def _is_free_text(document: Document, conjunction: Conjunction) -> bool:
    """Whether the schema takes any string: the tool refuses most of them then, which would hide other parameters."""
    shapes = alternatives(document, conjunction)
    bounded = {"enum", "const", "pattern", "format", "minLength", "maxLength"}
    return all(s.types() == ("string",) and not any(map(s.all_of, bounded)) for s in shapes)
