"""The rule of `acceptance: auto`: which differences between two inputs does the schema describe completely?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Any
_MISSING = object()


def differs_only_where_fully_described(schema: Schema, good: Any, other: Any) -> bool:
    """Whether `other` differs from `good` only in places whose schema says all there is to say.

    That is so for bounded numbers, booleans, null, enums, consts, and bounded arrays and closed objects of these;
    a text, or a number without both bounds, may have rules that no schema states. Source: spec-format, `acceptance`.
    """
    return _same_or_described(schema, good, other, schema)


def _same_or_described(schema: Schema, good: Any, other: Any, root: Schema) -> bool:
    if _same(good, other):
        return True
    schema = _resolve(schema, root)
    if not isinstance(schema, dict):
        return False
    if isinstance(good, Mapping) and isinstance(other, Mapping) and isinstance(schema.get("properties"), dict):
        return _objects_described(schema, good, other, root)
    return says_all(schema, root)


def _objects_described(schema: dict[str, Any], good: Mapping[str, Any], other: Mapping[str, Any], root: Schema) -> bool:
    for name in {**good, **other}:
        before, after = good.get(name, _MISSING), other.get(name, _MISSING)
        if _same(before, after):
            continue
        if name not in schema["properties"]:
            return False
        declared = schema["properties"][name]
        if before is _MISSING or after is _MISSING:
            if not says_all(declared, root):
                return False
        elif not _same_or_described(declared, before, after, root):
            return False
    return True


def says_all(schema: Schema, root: Schema, depth: int = 0) -> bool:
    """Whether every value that the schema accepts is plainly meant to be acceptable."""
    schema = _resolve(schema, root)
    if not isinstance(schema, dict) or depth > 8:
        return False
    if "enum" in schema or "const" in schema:
        return True
    if _has_further_rules(schema):
        return False
    for branches in (schema.get("anyOf"), schema.get("oneOf")):
        if branches:
            return all(says_all(branch, root, depth + 1) for branch in branches)
    types = schema.get("type", ())
    kinds = [types] if isinstance(types, str) else list(types)
    return bool(kinds) and all(_kind_says_all(kind, schema, root, depth) for kind in kinds)


def _has_further_rules(schema: dict[str, Any]) -> bool:
    return any(key in schema for key in ("not", "if", "allOf", "dependentSchemas", "dependentRequired", "dependencies"))


def _kind_says_all(kind: str, schema: dict[str, Any], root: Schema, depth: int) -> bool:
    if kind in ("boolean", "null"):
        return True
    if kind in ("integer", "number"):
        lower = "minimum" in schema or "exclusiveMinimum" in schema
        return lower and ("maximum" in schema or "exclusiveMaximum" in schema)
    if kind == "array":
        return "maxItems" in schema and says_all(schema.get("items"), root, depth + 1)
    if kind == "object":
        closed = schema.get("additionalProperties") is False
        return closed and all(says_all(part, root, depth + 1) for part in schema.get("properties", {}).values())
    return False


def _resolve(schema: Schema, root: Schema) -> Schema:
    """Follow local references; a schema with anything that cannot be followed describes nothing."""
    for _ in range(16):
        if not (isinstance(schema, dict) and isinstance(schema.get("$ref"), str)):
            return schema
        schema = _look_up(root, schema["$ref"])
    return None


def _look_up(root: Schema, reference: str) -> Schema:
    if not reference.startswith("#"):
        return None
    place = root
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        place = place.get(name) if isinstance(place, dict) else None
    return place


def _same(first: Any, second: Any) -> bool:
    return type(first) is type(second) and bool(first == second)
