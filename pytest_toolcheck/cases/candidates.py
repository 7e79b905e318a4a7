"""Inputs that a tool is likely to accept, to find the proven base that all other cases are built on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ..spec.model import JSONSchema, ValueSet
from . import words
from .identity import identity
from .schema import Conjunction, Document
from .shapes import Shape, alternatives
from .valid import asks_for_many, of_many_items, samples

_MOST_OPTIONS = 12
_MOST_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class Refusals:
    """What was said to earlier inputs: to nobody in particular, or about one parameter, by its name."""

    hints: Sequence[str] = ()
    told: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def about(self, name: str) -> list[str]:
        """Return the texts to follow first for this parameter."""
        return [*self.told.get(name, ()), *self.hints]

    def about_others(self, name: str) -> list[str]:
        """Return the texts that repeat another parameter's value."""
        return [text for other, texts in self.told.items() if other != name for text in texts]


def example_inputs(examples: Sequence[Any]) -> list[Any]:
    """Return the inputs of examples: plain values, or objects with an attribute `input`."""
    return [_plain(getattr(example, "input", example)) for example in examples]


def _expects_error(example: Any) -> bool:
    return getattr(getattr(example, "expect", None), "error", None) is not None


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def base_candidates(
    schema: JSONSchema | Document,
    *,
    examples: Sequence[Any] = (),
    values: Mapping[str, Any] | None = None,
    hints: Sequence[str] = (),
    told: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Any]:
    """Yield inputs that the schema accepts, likeliest first, each once, at most 200.

    They come from the examples, then `values.valid`, const, default, enum, the words of descriptions, and what is usual
    for a parameter's name and format. `hints` are texts of refusals; what they say is allowed is tried first. Those that
    are about one parameter are in `told`, by its name: the others get what they say late.
    """
    document = schema if isinstance(schema, Document) else Document(schema)
    try:
        proposed = _proposed(document, examples, values or {}, Refusals(hints, told or {}))
        found = islice(_distinct(document, proposed), _MOST_CANDIDATES)
        first = next(found, None)
        if first is None and asks_for_many(document.schema):
            yield from of_many_items(document)
        yield from () if first is None else (first,)
        yield from found
    except Exception:
        if document.flaw is None:  # a malformed schema ends the list; `satisfiability` says what is wrong with it
            raise


def static_base(
    schema: JSONSchema | Document, *, examples: Sequence[Any] = (), values: Mapping[str, Any] | None = None
) -> Any:
    """Return the base that `generate_cases` changes: the first candidate; None where the schema accepts none."""
    return next(base_candidates(schema, examples=examples, values=values), None)


def _distinct(document: Document, proposed: Iterator[Any]) -> Iterator[Any]:
    seen = set()
    for value in proposed:
        try:
            text = identity(value)
        except (TypeError, ValueError, RecursionError):
            continue
        if text not in seen and document.holds((document.root,), value):
            seen.add(text)
            yield value


def _proposed(
    document: Document, examples: Sequence[Any], values: Mapping[str, Any], refusals: Refusals
) -> Iterator[Any]:
    yield from example_inputs([example for example in examples if not _expects_error(example)])
    root = (document.root,)
    for shape in alternatives(document, root):
        if "object" in shape.types() and shape.members() is None:
            yield from _objects(document, shape, values, refusals)
    yield from samples(document, root)


def _objects(
    document: Document, shape: Shape, values: Mapping[str, Any], refusals: Refusals
) -> Iterator[dict[str, Any]]:
    required = shape.required()

    def options_of(names: Iterable[str]) -> dict[str, list[Any]]:
        return {
            name: parameter_options(document, shape.member(name), name, values=values, refusals=refusals)
            for name in names
        }

    options = options_of(name for name in required if name not in shape.forbidden_names())
    if any(not options.get(name) for name in required):
        return
    others = [name for name in shape.property_names() if name not in {*required, *shape.forbidden_names()}]
    first = {name: options[name][0] for name in required}
    given = options_of(name for name in others if _is_given(name, values))
    known = {name: found[0] for name, found in (options | given).items() if found and _is_given(name, values)}
    yield {**first, **known}
    yield first
    options |= options_of(others)  # the first is all that most ask for
    widest = max((len(options[name]) for name in required), default=0)
    for turn in range(1, widest):  # all of one kind together: two time zones of one description are both good
        yield {name: options[name][min(turn, len(options[name]) - 1)] for name in required}
    for name in required:
        yield from ({**first, name: option} for option in options[name][1:])
    yield {**first, **{name: found[0] for name, found in options.items() if found}}
    for left in required:
        for right in required:
            if left < right:
                yield from ({**first, left: a, right: b} for a in options[left][1:4] for b in options[right][1:4])


def _is_given(name: str, values: Mapping[str, Any]) -> bool:
    return bool(_valid_values(values, name))


def parameter_options(
    document: Document,
    conjunction: Conjunction,
    name: str,
    *,
    values: Mapping[str, Any],
    refusals: Refusals = Refusals(),
) -> list[Any]:
    """Return values for one parameter, likeliest first, all accepted by its schema."""
    found: dict[str, Any] = {}
    for option in _options(document, conjunction, name, values, refusals):
        if len(found) >= _MOST_OPTIONS:
            break
        if document.holds(conjunction, option):
            found.setdefault(identity(option), option)
    return list(found.values())


def _options(
    document: Document, conjunction: Conjunction, name: str, values: Mapping[str, Any], refusals: Refusals
) -> Iterator[Any]:
    yield from _valid_values(values, name)
    shapes = alternatives(document, conjunction)
    yield from _offered(document, shapes, name, refusals)
    for shape in shapes:
        for keyword in ("const", "default"):
            yield from (value for value in shape.all_of(keyword) if value not in (None, ""))
        for listed in (*shape.all_of("enum"), *shape.all_of("examples")):
            yield from listed[:6] if isinstance(listed, list) else ()
    for shape in shapes:
        for text in (*shape.all_of("description"), *shape.all_of("title")):
            yield from words.as_types(words.from_text(str(text)))
    if not any(shape.all_of("format") or shape.all_of("pattern") for shape in shapes):
        yield from words.from_name(name)
    for text in refusals.about_others(name):
        yield from words.as_types(words.from_refusal(text))
    yield from samples(document, conjunction, depth=1)


def _offered(document: Document, shapes: Sequence[Shape], name: str, refusals: Refusals) -> Iterator[Any]:
    """Yield what refusals offer, those that name the parameter first; inside of arrays and objects too."""
    hints = refusals.about(name)
    for hint in sorted(hints, key=lambda hint: re.search(rf"\b{re.escape(name)}\b", hint) is None):
        for word in words.as_types(words.from_refusal(hint)):
            yield word
            if any("array" in shape.types() for shape in shapes):
                yield [word]
    for shape in shapes if refusals.hints or refusals.told else ():
        if "object" in shape.types() and shape.members() is None and shape.required():
            yield from islice(_objects(document, shape, {}, refusals), _MOST_OPTIONS)


def _valid_values(values: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    return values_of(values, name, "valid")


def values_of(values: Mapping[str, Any], name: str, kind: str) -> tuple[Any, ...]:
    """Return the `valid` or `invalid` values given for a parameter by its name or JSON Pointer."""
    given = values.get(name, values.get(f"/{name}"))
    if isinstance(given, ValueSet):
        return tuple(getattr(given, kind))
    return tuple(given.get(kind, ())) if isinstance(given, Mapping) else ()
