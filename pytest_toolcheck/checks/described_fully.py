"""The rule of `acceptance: auto`: which differences between two inputs does the schema describe completely?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .violation import is_valid

Schema = Any
Parts = list[dict[str, Any]]
_MISSING = object()
_TYPES: Mapping[type, tuple[str, ...]] = {
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number", "integer"),
    str: ("string",),
    list: ("array",),
    dict: ("object",),
}
_OBJECT_RULES = ("not", "if", "dependentSchemas", "dependentRequired", "dependencies", "patternProperties")


def differs_only_where_fully_described(schema: Schema, good: Any, other: Any) -> bool:
    """Whether `other`, a valid input, differs from `good` only in places whose schema says all there is to say.

    That is so for bounded numbers, booleans, null, enums, consts, and bounded arrays and closed objects of these;
    a text, or a number without both bounds, may have rules that no schema states. Source: spec-format, `acceptance`.
    """
    return _Described(schema).is_same_or_described([schema], good, other)


class _Described:
    """The question, put to the places of one schema document."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._definitions = {
            key: root[key] for key in ("$defs", "definitions") if isinstance(root, dict) and key in root
        }
        self._asking: set[tuple[int, ...]] = set()

    def is_same_or_described(self, schemas: list[Schema], good: Any, other: Any) -> bool:
        if _same(good, other):
            return True
        parts = self._parts(schemas)
        if (
            isinstance(good, Mapping)
            and isinstance(other, Mapping)
            and _is_stated(parts, "properties", "additionalProperties")
        ):
            return self._objects_described(parts, good, other)
        if isinstance(good, list) and isinstance(other, list) and len(good) == len(other):
            pairs = zip(good, other, strict=True)
            return all(self.is_same_or_described(_of_item(parts, at), *pair) for at, pair in enumerate(pairs))
        return self.says_all(schemas, other)

    def _objects_described(self, parts: Parts, good: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        for name in {**good, **other}:
            before, after = good.get(name, _MISSING), other.get(name, _MISSING)
            declared = _of_member(parts, name)
            if _same(before, after):
                continue
            if before is _MISSING or after is _MISSING:
                if not declared or not self.says_all(declared, after):
                    return False
            elif not self.is_same_or_described(declared or _of_others(parts), before, after):
                return False
        return True

    def says_all(self, schemas: list[Schema], value: Any = _MISSING) -> bool:
        """Whether the value, or where none is given every value that the schemas accept, is plainly acceptable."""
        key = tuple(map(id, schemas))
        if value is _MISSING and key in self._asking:
            return True  # a schema that leads back to itself adds nothing of its own
        self._asking.add(key)
        try:
            return self._says_all(self._parts(schemas), value)
        finally:
            self._asking.discard(key)

    def _says_all(self, parts: Parts, value: Any) -> bool:
        if any("enum" in part or "const" in part for part in parts):
            return True
        branchings = [part[key] for part in parts for key in ("anyOf", "oneOf") if part.get(key)]
        if any(self._branches_say_all(branches, value) for branches in branchings):
            return True
        kinds = _kinds(parts, value)
        return bool(kinds) and all(self._kind_says_all(kind, parts, value) for kind in kinds)

    def _branches_say_all(self, branches: list[Schema], value: Any) -> bool:
        """For a value, one of its own branches will do; null often stands for "not given", which has rules of its own."""
        if value is _MISSING or value is None:
            return all(self.says_all([branch]) for branch in branches)
        return any(self._accepts(branch, value) and self.says_all([branch], value) for branch in branches)

    def _accepts(self, branch: Schema, value: Any) -> bool:
        return is_valid({**self._definitions, "allOf": [branch]}, value)

    def _kind_says_all(self, kind: str, parts: Parts, value: Any) -> bool:
        if kind in ("boolean", "null"):
            return True
        if kind in ("integer", "number"):
            return _is_stated(parts, "minimum", "exclusiveMinimum") and _is_stated(parts, "maximum", "exclusiveMaximum")
        if kind == "array":
            return self._array_says_all(parts, value)
        return kind == "object" and self._object_says_all(parts, value)

    def _array_says_all(self, parts: Parts, value: Any) -> bool:
        if not (_is_stated(parts, "maxItems") or any(part.get("items") is False for part in parts)):
            return False
        if isinstance(value, list) and (value or _is_stated(parts, "minItems")):
            return all(self.says_all(_of_item(parts, at), item) for at, item in enumerate(value))
        return self.says_all(_of_item(parts, 1 << 30))

    def _object_says_all(self, parts: Parts, value: Any) -> bool:
        if not any(part.get("additionalProperties") is False for part in parts) or _is_stated(parts, *_OBJECT_RULES):
            return False
        names = {name for part in parts for name in part.get("properties", {})}
        given = value if isinstance(value, Mapping) else {}
        return all(self.says_all(_of_member(parts, name), given.get(name, _MISSING)) for name in names)

    def _parts(self, schemas: list[Schema]) -> Parts:
        """Return the schemas with their references followed and their `allOf` spread out."""
        found: Parts = []
        waiting = list(schemas)
        while waiting and len(found) < 64:
            schema = waiting.pop(0)
            if not isinstance(schema, dict):
                continue
            found.append(schema)
            waiting.extend(schema.get("allOf", ()))
            if isinstance(schema.get("$ref"), str):
                waiting.append(_look_up(self._root, schema["$ref"]))
        return found


def _kinds(parts: Parts, value: Any) -> list[str]:
    """Return the types to ask about: the value's own, or all that are stated."""
    stated = [part["type"] for part in parts if "type" in part]
    lists = [[names] if isinstance(names, str) else list(names) for names in stated]
    if not lists:
        return []
    own = _TYPES.get(type(value), ())
    of_value = [kind for kind in own if all(set(own) & set(names) for names in lists)]
    return of_value[:1] or min(lists, key=len)


def _is_stated(parts: Parts, *keywords: str) -> bool:
    return any(keyword in part for part in parts for keyword in keywords)


def _of_member(parts: Parts, name: str) -> list[Schema]:
    return [part["properties"][name] for part in parts if name in part.get("properties", {})]


def _of_others(parts: Parts) -> list[Schema]:
    """Return what holds for a member that no `properties` names."""
    return [part["additionalProperties"] for part in parts if isinstance(part.get("additionalProperties"), dict)]


def _of_item(parts: Parts, index: int) -> list[Schema]:
    return list(_items(parts, index))


def _items(parts: Parts, index: int) -> Iterator[Schema]:
    for part in parts:
        prefix = part.get("prefixItems", ())
        if index < len(prefix):
            yield prefix[index]
        elif "items" in part:
            yield part["items"]


def _look_up(root: Schema, reference: str) -> Schema:
    """Follow a local reference; a schema with anything that cannot be followed describes nothing."""
    if not reference.startswith("#"):
        return None
    place = root
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        place = place.get(name) if isinstance(place, dict) else None
    return place


def _same(first: Any, second: Any) -> bool:
    return type(first) is type(second) and bool(first == second)
