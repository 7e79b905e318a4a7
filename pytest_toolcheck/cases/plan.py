"""Which cases of a schema to run, in which order, within the limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain, islice
from typing import Any

from ..spec.model import JSONSchema, ValueSet
from .alike import alike
from .candidates import base_candidates, example_inputs, values_of
from .changes import Change, Path, change
from .combinations import combined
from .corners import corners
from .faults_beside import faults_beside
from .identity import describe, identity, is_sendable, pointer_of, readable
from .invalid import variations
from .keyed import keyed
from .model import CATEGORIES, Case, Label
from .schema import Document
from .told import told
from .turns import in_rounds, weighted
from .vast import one_too_few

_MOST_CHANGES, _FEW_MEMBERS = 20_000, 5
_LONG_BASE = 20_000
"""Of inputs that are longer few are used, so what only orders many is left out: their texts take the longest."""
_TURNS_INSIDE = {
    **dict.fromkeys(("unicode", "size", "number"), "values"),
    **dict.fromkeys(("null", "type"), "types"),
    **dict.fromkeys(("branch", "branches", "refused", "not"), "branches"),
    **dict.fromkeys(("required", "optional", "extra"), "members"),
    "far": "far",
}
"""What shares its turns of the cases made further inside; other kinds have turns of their own."""
_AT_ONCE = {
    **dict.fromkeys(("format", "boundary", "enum", "pattern"), 4),
    **dict.fromkeys(("branches", "types", "members", "type", "rows", "ends", "inside"), 2),
}
"""So many cases of a kind a turn: more of those that a schema says most with; one of open extras and free texts."""
_SHORT = 200
_MOST_TEXT, _FEWEST, _LARGEST_COMBINED, _LARGEST_VARIED = 4_000_000, 20, 200_000, 2_000_000
"""Of inputs that are long each, no more are made than so many characters of JSON hold; so many cases always."""


def generate_cases(
    input_schema: JSONSchema,
    *,
    examples: Sequence[Any] = (),
    values: Mapping[str, ValueSet | Mapping[str, Sequence[Any]]] | None = None,
    categories: Iterable[str] | None = None,
    limit: int = 1000,
    seed: int = 0,
    strength: int = 2,
    lone_surrogates: bool = False,
    about: str | None = None,
) -> Iterator[Case]:
    """Return an iterator over at most `limit` labelled cases for a JSON Schema, the cheapest and most telling first.

    `examples` are inputs known to be good (mappings, or objects with an attribute `input`); the first that the schema
    accepts is the base that every other case changes in one thing. `values` maps a parameter's name or JSON Pointer to
    values known to be `valid` or `invalid`; a case of either is labelled by the schema like any other: that the tool
    has to refuse the latter is for the judge to know. `categories` are names from `CATEGORIES` (None: all). The same
    arguments give the same cases in every process; `seed` varies the rows of `combination`, `strength` is theirs.
    `lone_surrogates` adds texts that JSON can spell and UTF-8 cannot carry, for callers that need no UTF-8.
    `about` is the tool's own description: what it names is tried for parameters that have none.
    Raises ValueError for an unknown category and for a negative limit.
    """
    wanted = _checked(categories, limit)
    return cases_of(
        Document(input_schema),
        examples=examples,
        values=values,
        categories=wanted,
        limit=limit,
        seed=seed,
        strength=strength,
        lone_surrogates=lone_surrogates,
        about=about,
    )


def _checked(categories: Iterable[str] | None, limit: int) -> tuple[str, ...]:
    if limit < 0:
        raise ValueError(f"limit {limit}; expected 0 or more")
    wanted = CATEGORIES if categories is None else tuple(categories)
    unknown = [name for name in wanted if name not in CATEGORIES]
    if unknown:
        raise ValueError(f"unknown category {unknown[0]!r}; expected some of: {', '.join(CATEGORIES)}")
    return wanted


def cases_of(
    document: Document,
    *,
    examples: Sequence[Any] = (),
    values: Mapping[str, Any] | None = None,
    categories: Sequence[str] = CATEGORIES,
    limit: int = 1000,
    seed: int = 0,
    strength: int = 2,
    lone_surrogates: bool = False,
    about: str | None = None,
) -> Iterator[Case]:
    """As `generate_cases`, for a document that is open already."""
    base = next(base_candidates(document, examples=examples, values=values or {}), None)
    size = 0 if base is None else len(identity(base))
    changes: list[Change] = []
    try:
        streams = _all_changes(document, base, size, examples, values or {}, categories, seed, strength, about)
        for stream in streams:
            changes.extend(stream)
    except Exception:
        if document.flaw is None:  # of a malformed schema, what was made so far will do
            raise
    # whoever asks for `boundary` is to find every bound there
    bounds = (item.value for item in changes if item.category == "boundary" and size <= _LONG_BASE)
    at_bounds = {id(value): text for value in bounds if (text := _written(value)) is not None}
    ordered = _in_order(changes, at_bounds, is_short=limit < _SHORT)
    yield from _labelled(document, ordered, categories, limit, lone_surrogates)


def _all_changes(
    document: Document, base: Any, size: int, examples: Sequence[Any], values: Mapping[str, Any],
    categories: Sequence[str], seed: int, strength: int, about: str | None,
) -> Iterator[Iterable[Change]]:  # fmt: skip
    inputs = example_inputs(examples)
    yield [change("example", value, f"{number + 1}") for number, value in enumerate(inputs)]
    if base is not None or not inputs:
        yield [change("example", base, "base")]
    if isinstance(base, dict):
        yield _given_values(base, values)
        yield _of_categories(told(document, base, about), categories)
        yield one_too_few(base)
    made = variations(document, (document.root,), None if size > _LARGEST_VARIED else base)
    varied = [*islice(made, _MOST_CHANGES)]
    yield _of_categories(iter(varied), categories)
    if size <= _LARGEST_COMBINED:
        document.rest()
        yield _of_categories(faults_beside(document, base, varied), categories)
    if "combination" in categories and size <= _LARGEST_COMBINED:
        yield corners(document, base)
        yield keyed(document, base)
        yield alike(document, base)
        yield combined(document, base, seed=seed, strength=strength)


def _of_categories(changes: Iterator[Change], categories: Sequence[str]) -> Iterator[Change]:
    return changes if categories == CATEGORIES else (item for item in changes if item.category in categories)


def _given_values(base: dict[str, Any], values: Mapping[str, Any]) -> Iterator[Change]:
    for key in values:
        name = key.removeprefix("/").replace("~1", "/").replace("~0", "~")
        for kind in ("valid", "invalid"):
            for value in values_of(values, key, kind):
                detail = f"{kind} value {describe(value)}"
                yield Change("example", (name,), detail, {**base, name: value})


def _written(value: Any) -> str | None:
    try:
        return identity(value)
    except (ValueError, TypeError, RecursionError):
        return None


Written = tuple[Change, str | None]
"""A change and the JSON text of its value; written down in its turn, as most never have one."""


def _in_order(changes: Sequence[Change], at_bounds: Mapping[int, str], *, is_short: bool) -> Iterator[Written]:
    """Examples first; then take turns over categories and, within each, over the places changed: none starves.

    What is a value at a bound as well is left to `boundary`: `at_bounds` are their texts, by the values' ids.
    `is_short`: so few are wanted that all categories take equal turns.
    """
    queues: dict[tuple[str, str], dict[Path, list[list[Change]]]] = {}
    for (kind, path), queue in _by_place(changes).items():
        queues.setdefault(kind, {}).setdefault(path[:1], []).append(queue)
    kinds = sorted(queues, key=lambda kind: CATEGORIES.index(kind[0]))
    firsts = (0 if kind[0] == "extra" else at for at, kind in enumerate(kinds))  # there the members are no parameters
    made = [iter(_of_kind([*queues[kind].values()], at)) for at, kind in zip(firsts, kinds, strict=True)]
    taken = {*at_bounds.values()}
    streams = [
        ((item, at_bounds.get(id(item.value)) or _written(item.value)) for item in stream)
        if kind[0] == "boundary"
        else _elsewhere(stream, taken)
        for stream, kind in zip(made, kinds, strict=True)
    ]
    weights = [1 if is_short else _AT_ONCE.get(kind[1] or kind[0], 1) for kind in kinds]
    examples = [(item, _written(item.value)) for item in changes if item.category == "example"]
    return chain(examples, weighted([*zip(streams, weights, strict=True)]))


def _elsewhere(changes: Iterator[Change], at_bounds: Set[str]) -> Iterator[Written]:
    """Yield the changes whose values are not at bounds."""
    for item in changes:
        try:
            text = identity(item.value)
        except (ValueError, TypeError, RecursionError):
            continue
        if text not in at_bounds:
            yield item, text


def _by_place(changes: Iterable[Change]) -> dict[tuple[tuple[str, str], Path], list[Change]]:
    """Return the changes by their kinds and the places that they change, in the order in which these are met."""
    found: dict[tuple[tuple[str, str], Path], list[Change]] = {}
    for item in changes:
        category = item.category
        if category == "example":
            continue
        key = (_kind_of(item) if category in ("nested", "combination") else (category, "")), item.path
        queue = found.get(key)
        if queue is None:
            queue = found[key] = []
        queue.append(item)
    return found


def _of_kind(members: list[list[list[Change]]], first: int) -> list[Change]:
    """Take turns over the members; where they are many, each kind from another one on: all are soon changed.

    Within each, take turns over the places below it.
    """
    first %= len(members) if len(members) > _FEW_MEMBERS else 1
    return in_rounds([in_rounds(places) for places in (*members[first:], *members[:first])])


def _kind_of(item: Change) -> tuple[str, str]:
    """Return the category and which of its own turns: most schemas have most to say further inside, and together."""
    word = item.detail.split(" ", 1)[0]
    if item.category == "nested":
        return item.category, _TURNS_INSIDE.get(word, word if word in CATEGORIES else "samples")
    return item.category, "inside" if item.path else "rows" if word.isdigit() else "ends"


def _labelled(
    document: Document,
    changes: Iterable[Written],
    categories: Sequence[str],
    limit: int,
    lone_surrogates: bool,
) -> Iterator[Case]:
    accepts, inputs, ids, size = document.accepts, set[str](), set[str](), 0
    may_be_disputed = document.has_stricter_formats
    places: dict[Path, tuple[str, str]] = {}
    for (category, path, detail, value, only_if_valid), text in changes:
        if len(inputs) >= limit or (size > _MOST_TEXT and len(inputs) >= _FEWEST):
            return
        if text is None or text in inputs or category not in categories:
            continue
        if not is_sendable(value, text, lone_surrogates=lone_surrogates):
            continue
        try:
            label: Label = "valid" if accepts(value) else "invalid"
        except Exception:  # too deep a value, an unresolvable reference; format checkers raise whatever they like
            continue
        if only_if_valid and label == "invalid":
            continue
        if may_be_disputed and category != "example" and document.is_disputed(value, is_valid=label == "valid"):
            continue
        inputs.add(text)
        size += len(text)
        place = places.get(path)
        if place is None:
            named = readable("/".join(map(str, path)))
            place = places[path] = f"[{named}:" if named else "[", pointer_of(path)
        name = f"{category}{place[0]}{readable(detail)}]"
        if name in ids:
            name = _fresh(name, ids)
        ids.add(name)
        yield Case(name, value, label, category, place[1], detail)


def _fresh(wanted: str, taken: set[str]) -> str:
    number = 2
    while (name := f"{wanted[:-1]}~{number}]") in taken:
        number += 1
    return name
