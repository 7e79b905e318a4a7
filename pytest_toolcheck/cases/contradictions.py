"""Parts of a schema that no value can satisfy, and schemas that are no schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..spec.model import JSONSchema
from .identity import pointer_of
from .loops import is_on_loop
from .no_value import leads_nowhere, why_empty
from .schema import Document, Node
from .through_others import ONLY_REFERS
from .valid import samples

Path = tuple[str | int, ...]
_DEEPEST = 40
_ENDLESS = "a reference leads back to itself: no value that reaches it can ever be validated"

_BOUNDS = (
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minContains", "maxContains"),
    ("minimum", "maximum"),
)
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_ASKED_OR_REFUSED = ("not", "if", "unevaluatedItems", "unevaluatedProperties")
"""Where a part without a value is no contradiction."""
_BRANCHES = ("anyOf", "oneOf")
_NEVER: tuple[Any, ...] = ({"not": {}}, {"not": True})
"""A branch that is written so is meant to be none: TypeScript's `undefined` comes out so."""
_SINGLE = ("items", "contains", "additionalProperties", "propertyNames", "then", "else")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A part of a schema, by its JSON Pointer, and why it cannot be met."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.message}"


def satisfiability(schema: JSONSchema) -> list[Contradiction]:
    """Return what is wrong with a schema: not a valid one, contradictory bounds, parts for which no value was found.

    An empty list for a schema without findings. A part that is written `false` on purpose is no finding.
    """
    document = Document(schema).lavish()
    broken = _not_a_schema(document)
    if broken:
        return broken
    paths = [*_loops(document, document.root, ())]
    outermost = (path for path in paths if not any(path[: len(other)] == other != path for other in paths))
    loops = [Contradiction(pointer_of(path), _ENDLESS) for path in outermost]
    if document.is_endless:
        return loops or [Contradiction("", _ENDLESS)]
    found = {item.pointer: item for item in loops}
    reported = [*_walk(document, document.root, ())]
    dead = {id(node.schema) for node, _ in reported}
    for node, item in reported:
        inner = any(other.startswith(f"{item.pointer}/") for other in found)
        if item.pointer not in found and not inner and not _only_refers_to(document, node, dead):
            found[item.pointer] = item
    if "" in found and _has_valid_case(schema):
        del found[""]
    return list(found.values())


def _loops(document: Document, node: Node, path: Path) -> Iterator[Path]:
    """Yield where schemas stand that refer to themselves for one and the same value."""
    if not document.refers or not isinstance(node.schema, Mapping) or len(path) > _DEEPEST:
        return
    for step, child in _children(node):
        yield from _loops(document, child, (*path, *step))
    if is_on_loop(document, node):
        yield path


def _has_valid_case(schema: JSONSchema) -> bool:
    """Whether the generator, which tries more than samples do, finds a value after all."""
    from .plan import generate_cases

    return any(case.label == "valid" for case in generate_cases(schema, limit=50))


def _not_a_schema(document: Document) -> list[Contradiction]:
    flaw = document.flaw
    if flaw is None:
        return []
    return [Contradiction(pointer_of(tuple(flaw.absolute_path)), f"not a valid schema: {flaw.message[:200]}")]


def _only_refers_to(document: Document, node: Node, dead: set[int]) -> bool:
    """Whether all that is wrong with a part is that it refers to one of these."""
    targets = document.targets(node) if ONLY_REFERS.issuperset(node.keywords()) else ()
    return any(id(target.schema) in dead for target in targets)


def _walk(document: Document, node: Node, path: Path) -> Iterator[tuple[Node, Contradiction]]:
    """Yield contradictions and where they stand, the innermost first."""
    if not isinstance(node.schema, Mapping) or len(path) > _DEEPEST or (document.refers and is_on_loop(document, node)):
        return
    for step, child in _children(node):
        if step[0] not in _BRANCHES or child.schema not in _NEVER:
            yield from _walk(document, child, (*path, *step))
    for keyword, child in _asked_or_refused(node):
        yield from _broken(document, child, (*path, keyword))
    reasons = [*_crossed_bounds(node.schema), *_dead_members(node.schema)]
    if not reasons and not _has_value(document, node):
        afresh = document.lavish()  # what was looked at before may have left no tries for this part
        if not _has_value(afresh, node) and not afresh.is_weary:
            reasons = [why_empty(afresh, (node,))]
    yield from ((node, Contradiction(pointer_of(path), reason)) for reason in reasons[:1])


def _broken(document: Document, node: Node, path: Path) -> Iterator[tuple[Node, Contradiction]]:
    """Yield references to what is not there, where nothing has to have a value: no value can be validated by these."""
    if len(path) > _DEEPEST:
        return
    if (reason := leads_nowhere(document, node)) is not None:
        yield node, Contradiction(pointer_of(path), reason)
    further = [*_children(node), *(((keyword,), child) for keyword, child in _asked_or_refused(node))]
    for step, child in further:
        yield from _broken(document, child, (*path, *step))


def _asked_or_refused(node: Node) -> Iterator[tuple[str, Node]]:
    words = node.keywords() if isinstance(node.schema, Mapping) else {}
    yield from ((word, node.child(words[word])) for word in _ASKED_OR_REFUSED if isinstance(words.get(word), Mapping))


def _has_value(document: Document, node: Node) -> bool:
    document.effort = 0
    return bool(samples(document, (node,)))


def _children(node: Node) -> Iterator[tuple[Path, Node]]:
    words = node.keywords()
    for keyword in _MAPS:
        for name, schema in _mapping(words.get(keyword)).items():
            yield (keyword, name), node.child(schema)
    for keyword in _LISTS:
        found = words.get(keyword)
        for index, schema in enumerate(found if isinstance(found, list) else ()):
            yield (keyword, index), node.child(schema)
    for keyword in _SINGLE:
        if isinstance(words.get(keyword), Mapping):
            yield (keyword,), node.child(words[keyword])


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _crossed_bounds(words: Mapping[str, Any]) -> Iterator[str]:
    for low, high in _BOUNDS:
        is_asked = low != "minContains" or "contains" in words
        if is_asked and low in words and high in words and words[low] > words[high]:
            yield f"{low} {words[low]} is more than {high} {words[high]}"
    low_open, high_open = words.get("exclusiveMinimum"), words.get("exclusiveMaximum")
    uppers = [bound for bound in (words.get("maximum"), high_open) if bound is not None]
    if low_open is not None and uppers and low_open >= min(uppers):
        yield f"exclusiveMinimum {low_open} leaves no number below the upper bound"
    if high_open is not None and "minimum" in words and words["minimum"] >= high_open:
        yield f"exclusiveMaximum {high_open} leaves no number above minimum {words['minimum']}"


def _dead_members(words: Mapping[str, Any]) -> Iterator[str]:
    names, properties = words.get("required", ()), _mapping(words.get("properties"))
    closed = words.get("additionalProperties") is False and not words.get("patternProperties")
    for name in names if isinstance(names, list) else ():
        if properties.get(name, True) is False:
            yield f"property {name!r} is required, and its schema is false"
        elif closed and name not in properties:
            yield f"property {name!r} is required, and additionalProperties: false forbids it"
