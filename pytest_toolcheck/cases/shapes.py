"""What a conjunction of schemas asks of a value, as a list of alternatives without references or branches.

`alternatives` turns `$ref`, `allOf`, `anyOf`, `oneOf`, `if` and `dependentSchemas` into a bounded list of `Shape`s
(a disjunctive normal form). It is a guide for making values, not a judge: every value is validated afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from .at_odds import NOTHING, Demands, are_at_odds, demands_of
from .explosive import searcher
from .schema import ALL_TYPES, Conjunction, Document, Node, decisive
from .strategy_negate import negations

_MOST, _MOST_EXCLUSIVE = 16, 64
_OF_ANY_MEMBER = frozenset(("patternProperties", "additionalProperties"))
_HINTS: Mapping[str, frozenset[str]] = {
    k: frozenset(words)
    for k, words in {
        "object": (
            *("properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties"),
            *("maxProperties", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties"),
        ),
        "array": (
            *("items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"),
            *("minContains", "maxContains", "additionalItems", "unevaluatedItems"),
        ),
        "string": ("minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"),
        "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }.items()
}


@dataclass(frozen=True, slots=True)
class Shape:
    """Nodes whose own (not branching) keywords all hold for one value."""

    parts: Conjunction
    known: dict[str | int, Conjunction] = field(default_factory=dict, compare=False, repr=False)
    """What was worked out by `member` and `item`."""
    stated: dict[str, list[tuple[Node, Any]]] = field(default_factory=dict, compare=False, repr=False)
    """By keyword the parts that have it, and its value there."""
    names: dict[str, dict[str, None]] = field(default_factory=dict, compare=False, repr=False)
    """Of members that must be there, must not, and are spoken of: what was worked out."""
    of_members: dict[str | None, list[int]] = field(default_factory=dict, compare=False, repr=False)
    """By name the places of the parts that list it under `properties`; under None of those that speak of any name."""
    judges: list[Node] = field(default_factory=list, compare=False, repr=False)
    """What was worked out for `decisive`."""
    kinds: list[str] = field(default_factory=list, compare=False, repr=False)
    """What was worked out for `types`."""
    lengths: list[int] = field(default_factory=list, compare=False, repr=False)
    """What was worked out for `prefix_length`."""

    def __post_init__(self) -> None:
        """Look through the parts once: a shape is asked for its keywords hundreds of times."""
        for place, part in enumerate(self.parts):
            words = part.keywords()
            for keyword, value in words.items():
                self.stated.setdefault(keyword, []).append((part, value))
            named = (None,) if not _OF_ANY_MEMBER.isdisjoint(words) else words.get("properties", ())
            for name in named:
                self.of_members.setdefault(name, []).append(place)

    @property
    def decisive(self) -> Conjunction:
        """The parts without what others of them say already."""
        if not self.judges:
            self.judges.extend(decisive(self.parts))
        return tuple(self.judges)

    def all_of(self, keyword: str) -> list[Any]:
        """Return the keyword's value in every part that has it."""
        stated = self.stated.get(keyword)  # most keywords are in no part
        return [value for _, value in stated] if stated else []

    def numbers(self, keyword: str) -> list[Any]:
        """As `all_of`, numbers only."""
        stated = self.stated.get(keyword, ())
        return [n for _, n in stated if isinstance(n, (int, float)) and not isinstance(n, bool)] if stated else []

    def largest(self, keyword: str, default: int = 0) -> int:
        """Return the largest of a count keyword, such as `minLength`."""
        return int(max([default, *self.numbers(keyword)]))

    def smallest(self, keyword: str) -> int | None:
        """Return the smallest of a count keyword, such as `maxLength`; None where no part has it."""
        found = self.numbers(keyword)
        return int(min(found)) if found else None

    def members(self) -> list[Any] | None:
        """Return the values of `enum` and `const`; None where any value may do."""
        lists = [list(e) for e in self.all_of("enum") if isinstance(e, (list, tuple))]
        lists += [[value] for value in self.all_of("const")]
        return min(lists, key=len) if lists else None

    def types(self) -> tuple[str, ...]:
        """Return the types that are allowed, those that the keywords speak of first."""
        if not self.kinds:
            self.kinds.extend(self._types())
        return tuple(self.kinds)

    def _types(self) -> Iterable[str]:
        allowed = [t for t in ALL_TYPES if t != "integer"]
        stated = False
        for names in self.all_of("type"):
            wanted = [names] if isinstance(names, str) else list(names)
            allowed = _narrow(allowed, wanted)
            stated = True
        refused = [n.get("type") for n in self.all_of("not") if isinstance(n, Mapping) and set(n) == {"type"}]
        for names in refused:
            allowed = [t for t in allowed if t not in ([names] if isinstance(names, str) else names or ())]
        if stated:
            return allowed
        spoken = self.spoken_types()
        return sorted(allowed, key=lambda kind: kind not in spoken)

    def spoken_types(self) -> tuple[str, ...]:
        """Return the types that the shape's keywords say something about."""
        return tuple(kind for kind, words in _HINTS.items() if not words.isdisjoint(self.stated))

    def required(self) -> list[str]:
        """Return the names of required properties, in order, each once."""
        if "required" not in self.names:
            lists = (names for names in self.all_of("required") if isinstance(names, list))
            self.names["required"] = dict.fromkeys(chain.from_iterable(lists))
        return list(self.names["required"])

    def forbidden_names(self) -> Set[str]:
        """Return property names that `not: {required: [name]}` refuses."""
        if "not" not in self.names:
            found = map(forbidden_name, self.all_of("not"))
            self.names["not"] = dict.fromkeys(name for name in found if name is not None)
        return self.names["not"].keys()

    def property_names(self) -> list[str]:
        """Return all property names that the schema speaks of, required ones first."""
        if "properties" not in self.names:
            stated = chain.from_iterable(self.all_of("properties"))
            self.names["properties"] = dict.fromkeys((*self.required(), *stated))
        return list(self.names["properties"])

    def member(self, name: str) -> Conjunction:
        """Return what holds for the value of property `name`."""
        if name not in self.known:
            own: list[Node] = []
            for place in sorted((*self.of_members.get(name, ()), *self.of_members.get(None, ()))):
                own += _member(self.parts[place], name)
            self.known[name] = tuple(own) or tuple(
                part.child(schema)
                for part, schema in self.stated.get("unevaluatedProperties", ())
                if isinstance(schema, Mapping)
            )
        return self.known[name]

    def item(self, index: int) -> Conjunction:
        """Return what holds for the item at `index`."""
        index = min(index, self.prefix_length())  # all items behind the prefix are alike
        if index not in self.known:
            own = tuple(node for part in self.parts for node in _item(part, index))
            self.known[index] = own or tuple(
                part.child(schema)
                for part, schema in self.stated.get("unevaluatedItems", ())
                if isinstance(schema, Mapping)
            )
        return self.known[index]

    def prefix_length(self) -> int:
        """Return how many leading items have a schema of their own."""
        if not self.lengths:
            found = [*self.all_of("prefixItems"), *self.all_of("items")]
            self.lengths.append(max([0, *(len(items) for items in found if isinstance(items, list))]))
        return self.lengths[0]

    def nodes(self, keyword: str) -> Conjunction:
        """Return the sub-schema under `keyword` of every part that has it."""
        return tuple(part.child(value) for part, value in self.stated.get(keyword, ()))


def forbidden_name(refused: Any) -> str | None:
    """Return the name of the one property of which a `not` says that it must not be there; None where it says else."""
    if not isinstance(refused, Mapping) or len(refused.get("required", ())) != 1 or set(refused) - {"required", "type"}:
        return None
    name: str = refused["required"][0]
    return name


def is_found(pattern: str, name: str) -> bool:
    """Whether the pattern is found in the text; False for a pattern that Python cannot compile."""
    try:
        return searcher(pattern)(name) is not None
    except re.error:  # ECMA 262 has escapes that Python's expressions lack
        return False


def _narrow(allowed: list[str], wanted: list[str]) -> list[str]:
    kept = []
    for name in wanted:
        if name in allowed:
            kept.append(name)
        elif {name, *allowed} >= {"integer", "number"}:
            kept.append("integer")
    return list(dict.fromkeys(kept))


def _member(part: Node, name: str) -> list[Node]:
    words = part.keywords()
    properties, beside = words.get("properties", {}), words.get("additionalProperties", True)
    found = [part.child(properties[name])] if name in properties else []
    if "patternProperties" in words:
        matching = (schema for pattern, schema in words["patternProperties"].items() if is_found(pattern, name))
        found += [part.child(schema) for schema in matching]
    if not found and (isinstance(beside, dict) or beside is False):
        found.append(part.child(beside))
    return found


def _item(part: Node, index: int) -> Iterator[Node]:
    words = part.keywords()
    items, prefix = words.get("items", True), words.get("prefixItems", [])
    if isinstance(items, list):
        prefix, items = items, words.get("additionalItems", True)
    if index < len(prefix):
        yield part.child(prefix[index])
    elif items is not True:
        yield part.child(items)


def alternatives(document: Document, conjunction: Conjunction) -> list[Shape]:
    """Return the shapes that together stand for the conjunction, likeliest first; at most sixteen, or 64 that exclude each other."""
    key = tuple([id(node.schema) for node in conjunction])
    known: list[Shape] | None = document.memo.get(key)
    if known is None:
        known = [Shape(row) for row, _ in ([] if document.is_tangled else _conjoin(document, conjunction, ()))]
        document.memo[key] = known
        document.kept.append(conjunction)
    return known


def together(document: Document, first: Shape, second: Shape) -> Shape | None:
    """Return the shape of what is of both shapes; None where they are at odds."""
    if are_at_odds(demands_of(document, first.parts), demands_of(document, second.parts)):
        return None
    return Shape(_together(first.parts, second.parts))


Row = tuple[Conjunction, Demands]
"""What holds together, and what all of it asks for and refuses."""


def _product(left: list[Row], right: list[Row]) -> list[Row]:
    """Return what is of both; all where their number does not multiply, since most exclude each other."""
    possible = ((a, b) for b in right for a in left if not are_at_odds(a[1], b[1]))
    found = list(islice(possible, _MOST_EXCLUSIVE + 1))
    kept = found
    if len(found) > min(len(left) + len(right), _MOST_EXCLUSIVE):  # no place is taken by what can be of no type
        kept = sorted(found, key=lambda pair: not _has_type(pair[0][0] + pair[1][0]))[:_MOST]
    return [(_together(a, b), his.joined(hers)) for (a, his), (b, hers) in kept]


def _has_type(parts: Conjunction) -> bool:
    """Whether the types that the parts state leave one."""
    allowed = [kind for kind in ALL_TYPES if kind != "integer"]
    for names in (part.schema["type"] for part in parts if "type" in part.keywords()):
        allowed = _narrow(allowed, [names] if isinstance(names, str) else list(names))
    return bool(allowed)


def _together(first: Conjunction, second: Conjunction) -> Conjunction:
    """Return both, each schema once."""
    known = {id(node.schema) for node in first}
    return first + tuple([node for node in second if id(node.schema) not in known])


def _expand(document: Document, node: Node, seen: tuple[int, ...]) -> list[Row]:
    if node.schema is True:
        return [((), NOTHING)]
    if node.schema is False or id(node.schema) in seen:
        return [] if node.schema is False else [((), NOTHING)]
    seen = (*seen, id(node.schema))
    rows: list[Row] = [((node,), demands_of(document, (node,)))]
    for target in document.targets(node):
        rows = _product(rows, _expand(document, target, seen))
    for choices in _choices(document, node):
        branches = [row for choice in choices for row in _conjoin(document, choice, seen)]
        rows = _product(rows, branches)
    return rows


def _conjoin(document: Document, nodes: Conjunction, seen: tuple[int, ...]) -> list[Row]:
    rows: list[Row] = [((), NOTHING)]
    for node in nodes:
        rows = _product(rows, _expand(document, node, seen))
    return rows


def _choices(document: Document, node: Node) -> Iterator[list[Conjunction]]:
    """Yield, for each branching keyword, the conjunctions of which one must hold."""
    words = node.keywords()
    for schema in words.get("allOf", ()):
        yield [(node.child(schema),)]
    for keyword in ("anyOf", "oneOf"):
        if keyword in words:
            yield [(node.child(schema),) for schema in words[keyword]]
    if "if" in words and ("then" in words or "else" in words):
        met = (node.child(words["if"]), node.child(words.get("then", True)))
        unmet = (refusing(document, node.child(words["if"])), node.child(words.get("else", True)))
        yield [met, unmet]
    if isinstance(words.get("not"), dict):
        yield from _opposites(document, node, words["not"])
    for keyword in ("dependentSchemas", "dependencies"):
        for name, schema in words.get(keyword, {}).items():
            present, absent = _having(document, node, name), _lacking(document, node, name)
            then = _having(document, node, *schema) if isinstance(schema, list) else node.child(schema)
            yield [(absent,), (present, then)]
    for name, names in words.get("dependentRequired", {}).items():
        yield [(_lacking(document, node, name),), (_having(document, node, name, *names),)]


def _opposites(document: Document, node: Node, refused: dict[str, Any]) -> Iterator[list[Conjunction]]:
    """Yield what a value must be like that `refused` does not accept, where that can be written down and tells more."""
    if (
        "$ref" in refused
        or set(refused) <= {"type"}
        or (set(refused) == {"required"} and len(refused["required"]) == 1)
    ):
        return
    found = negations(refused)
    if found and len(found) <= _MOST and {"not": refused} not in found and False not in found:
        made = document.derived("opposites", id(refused), schema=found)
        yield [(node.child(schema),) for schema in made]


def refusing(document: Document, node: Node) -> Node:
    """Return a node that accepts what `node` refuses."""
    return node.child(document.derived("not", id(node.schema), schema={"not": node.schema}))


def _having(document: Document, node: Node, *names: str) -> Node:
    return node.child(document.derived("having", names, schema={"required": [*names]}))


def _lacking(document: Document, node: Node, name: str) -> Node:
    return node.child(document.derived("lacking", name, schema={"not": {"required": [name]}}))
