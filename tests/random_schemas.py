"""Random schemas of draft 2020-12 out of all its keywords, for tests that compare what is made of them with `jsonschema`."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

NAMES = ("a", "b", "c", "kind", "x-1")
PATTERNS = ("^a", "^[a-z]{2,4}$", "b", "^x-", "[0-9]+", "^$", "(foo|bar)", "^\\d{3}-\\d{2}$", "^.{3,}$", "\\w+@\\w+")
FORMATS = ("date", "date-time", "email", "uuid", "ipv4", "time", "uri", "ipv6", "hostname", "regex", "duration")
NUMBERS = (-10, -1, 0, 1, 2.5, 3, 10, 0.1, 50, 1e20, 2**53 + 1, 0.30000000000000004, 1e-9)
STEPS = (1, 2, 3, 0.5, 0.1, 0.01, 7, 1.5, 0.3, 1e10, 0.075)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, 1.0, -1, 2.5, 10, "a", "b", "", "foo", [], {}, [1], {"a": 1}, "1", -0.5, ["a", 1]),
    {"kind": "a"},
)
KINDS = ("object", "array", "string", "integer", "number", "boolean", "null")
REFERENCES = ("#", "#/$defs/one", "#/$defs/two", "#named", "inner", "inner#named")
_DEEPEST = 3


class Made:
    """Draws the parts of one schema."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._refers = random.random() < 0.5

    def schema(self) -> dict[str, Any]:
        """Return a schema of a value, usually an object, with definitions to refer to."""
        root = self._object(_DEEPEST) if self._chance(0.6) else self._part(_DEEPEST)
        root = {**root} if isinstance(root, dict) else {"allOf": [root]}
        if self._refers:
            definitions = {name: self._part(2) for name in ("one", "two")}
            anchors = {"named": {"$dynamicAnchor": "node", "$anchor": "named", **self._object(1)}}
            inner = {"$id": "inner", "$dynamicAnchor": "node", "$anchor": "named", "type": self._of(KINDS)}
            root |= {"$id": "https://x.test/root", "$defs": {**definitions, **anchors, "inner": inner}}
        return root

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _of(self, options: Any) -> Any:
        return options[self._random.randrange(len(options))]

    def _some(self, options: Any, most: int) -> list[Any]:
        return self._random.sample([*options], self._random.randint(1, most))

    def _maybe(self, **makers: tuple[float, Callable[[], Any]]) -> dict[str, Any]:
        """Return keywords, each with its chance."""
        return {word: make() for word, (share, make) in makers.items() if self._chance(share)}

    def _part(self, depth: int) -> Any:
        if self._chance(0.04):
            return self._of((True, {}, False))
        makers: list[Callable[[int], dict[str, Any]]] = [self._text, self._number, self._listed]
        makers += [self._object, self._array, self._branches, self._condition] if depth else []
        if self._refers:
            makers.append(self._reference)
        made = self._of(makers)(depth)
        if depth and self._chance(0.1):
            made = {**self._branches(depth - 1), **made}
        if "type" in made and self._chance(0.15):
            made = {**made, "type": self._some(KINDS, 3)}
        return made

    def _reference(self, depth: int) -> dict[str, Any]:
        if self._chance(0.3):
            return {"$dynamicRef": self._of(("#node", "inner#node", "#named"))}
        return {"$ref": self._of(REFERENCES), **(self._number(depth) if self._chance(0.1) else {})}

    def _text(self, _: int) -> dict[str, Any]:
        return {"type": "string"} | self._maybe(
            minLength=(0.4, lambda: self._of((0, 1, 2, 5))),
            maxLength=(0.4, lambda: self._of((1, 3, 6, 20))),
            pattern=(0.25, lambda: self._of(PATTERNS)),
            format=(0.15, lambda: self._of(FORMATS)),
            contentEncoding=(0.06, lambda: self._of(("base64", "base16"))),
            contentMediaType=(0.06, lambda: "application/json"),
            contentSchema=(0.04, lambda: {"type": "object"}),
        )

    def _number(self, _: int) -> dict[str, Any]:
        bound: tuple[float, Callable[[], Any]] = (0.25, lambda: self._of(NUMBERS))
        words = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
        made = {"type": self._of(("integer", "number"))} | self._maybe(**dict.fromkeys(words, bound))
        return made | self._maybe(multipleOf=(0.25, lambda: self._of(STEPS)))

    def _listed(self, _: int) -> dict[str, Any]:
        options: tuple[dict[str, Any], ...] = ({"const": self._of(VALUES)}, {"type": self._of(KINDS)})
        return self._of((*options, {"enum": self._some(VALUES[5:], 4)}))

    def _object(self, depth: int) -> dict[str, Any]:
        inner = max(depth - 1, 0)
        part: Callable[[], Any] = lambda: self._part(inner)  # noqa: E731
        return {"type": "object"} | self._maybe(
            properties=(0.9, lambda: {name: part() for name in self._some(NAMES, 3)}),
            required=(0.6, lambda: self._some(NAMES[:3], 2)),
            additionalProperties=(0.35, lambda: False if self._chance(0.6) else part()),
            patternProperties=(0.2, lambda: {text: part() for text in self._some(("^a", "^x-", "[0-9]$", "b"), 2)}),
            propertyNames=(0.12, lambda: self._of(({"pattern": "^[a-z-]+$"}, {"maxLength": 3}, {"enum": [*NAMES[:3]]}))),
            minProperties=(0.12, lambda: self._of((1, 2, 3))),
            maxProperties=(0.12, lambda: self._of((0, 1, 2, 4))),
            dependentRequired=(0.12, lambda: {self._of(NAMES): self._some(NAMES, 2)}),
            dependentSchemas=(0.1, lambda: {self._of(NAMES): part()}),
            unevaluatedProperties=(0.12, lambda: False if self._chance(0.6) else part()),
        )  # fmt: skip

    def _array(self, depth: int) -> dict[str, Any]:
        inner = max(depth - 1, 0)
        part: Callable[[], Any] = lambda: self._part(inner)  # noqa: E731
        return {"type": "array"} | self._maybe(
            items=(0.6, part),
            prefixItems=(0.25, lambda: [part() for _ in range(self._of((1, 2)))]),
            minItems=(0.35, lambda: self._of((0, 1, 2, 3))),
            maxItems=(0.35, lambda: self._of((1, 2, 3, 5))),
            uniqueItems=(0.25, lambda: True),
            contains=(0.25, part),
            minContains=(0.15, lambda: self._of((0, 1, 2))),
            maxContains=(0.15, lambda: self._of((1, 2, 3))),
            unevaluatedItems=(0.12, lambda: False if self._chance(0.6) else part()),
        )

    def _branches(self, depth: int) -> dict[str, Any]:
        inner, word = max(depth - 1, 0), self._of(("allOf", "anyOf", "oneOf", "not"))
        return {word: self._part(inner) if word == "not" else [self._part(inner) for _ in range(self._of((1, 2, 3)))]}

    def _condition(self, depth: int) -> dict[str, Any]:
        inner = max(depth - 1, 0)
        part: Callable[[], Any] = lambda: self._part(inner)  # noqa: E731
        around = self._object(inner) if self._chance(0.5) else {}
        return around | {"if": part()} | self._maybe(**{"then": (0.8, part), "else": (0.6, part)})


def random_schema(random: Random) -> dict[str, Any]:
    """Return a schema; the same for a generator of random numbers in the same state."""
    return Made(random).schema()
