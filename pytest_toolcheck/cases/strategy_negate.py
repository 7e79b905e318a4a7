"""What a value must be like to break a schema: the negation of a keyword, written as a schema again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")

_OPPOSITES = {
    "minimum": ("number", "exclusiveMaximum"),
    "maximum": ("number", "exclusiveMinimum"),
    "exclusiveMinimum": ("number", "maximum"),
    "exclusiveMaximum": ("number", "minimum"),
}
_COUNTS = {
    "minLength": ("string", "maxLength", -1),
    "maxLength": ("string", "minLength", 1),
    "minItems": ("array", "maxItems", -1),
    "maxItems": ("array", "minItems", 1),
    "minProperties": ("object", "maxProperties", -1),
    "maxProperties": ("object", "minProperties", 1),
}
_ANNOTATIONS = frozenset(
    [
        "$schema",
        "$id",
        "$anchor",
        "$comment",
        "$defs",
        "definitions",
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "contentEncoding",
        "contentMediaType",
        "contentSchema",
        "$vocabulary",
        "$dynamicAnchor",
        "if",
        "then",
        "else",
    ]
)


def negations(schema: Any) -> list[Any] | None:
    """Return schemas one of which every value meets that breaks `schema`; None where that cannot be written down.

    None is an answer too: the caller then draws freely and checks afterwards. Each returned schema is sufficient
    where its keyword alone decides; the caller checks the whole in any case.
    """
    if isinstance(schema, bool):
        return [not schema]
    keywords = [keyword for keyword in schema if keyword not in _ANNOTATIONS]
    if len(keywords) == 1 and keywords[0] not in _NEGATABLE:
        return None
    entangled = [keyword for keyword in keywords if keyword in _ENTANGLED]
    is_idle = "contains" not in schema and _COUNTS_ONLY.issuperset(entangled)
    if entangled and entangled != ["contains"] and not is_idle:
        return None
    found = [part for key in keywords if key not in _COUNTS_ONLY for part in _negate_keyword(key, schema[key])]
    if "if" in schema and ("then" in schema or "else" in schema):
        found += _negate_conditional(schema)
    return found or [False]


def _negate_keyword(keyword: str, value: Any) -> list[Any]:
    if keyword in _OPPOSITES:
        kind, opposite = _OPPOSITES[keyword]
        return [{"type": kind, opposite: value}]
    if keyword in _COUNTS:
        kind, opposite, step = _COUNTS[keyword]
        return [{"type": kind, opposite: int(value) + step}] if int(value) + step >= 0 else []
    if keyword in _RULES:
        return _RULES[keyword](value)
    return [{"not": {keyword: value}}]


def _negate_type(value: Any) -> list[Any]:
    named = {value} if isinstance(value, str) else set(value)
    others = [kind for kind in TYPES if kind not in named and not (kind == "integer" and "number" in named)]
    if "integer" in named and "number" not in named:
        others = [kind for kind in others if kind != "number"]
        return [{"type": others}, {"type": "number", "not": {"multipleOf": 1}}]
    return [{"type": others}] if others else []


def _negate_properties(value: Any) -> list[Any]:
    return [{"type": "object", "required": [name], "properties": {name: {"not": part}}} for name, part in value.items()]


def _negate_required(value: Any) -> list[Any]:
    return [{"type": "object", "properties": {name: False}} for name in value]


def _negate_dependencies(value: Any) -> list[Any]:
    found: list[Any] = []
    for name, rule in value.items():
        present = {"type": "object", "required": [name]}
        if isinstance(rule, list):
            found += [{**present, "properties": {other: False}} for other in rule]
        else:
            found.append({**present, "not": rule})
    return found


def _negate_items(value: Any) -> list[Any]:
    if not isinstance(value, list):
        return [{"type": "array", "contains": {"not": value}}]
    lengths = enumerate(value, 1)  # the list of draft 7 and before, in which each place has a schema of its own
    return [{"type": "array", "minItems": n, "items": [*[True] * (n - 1), {"not": part}]} for n, part in lengths]


def _negate_one_of(value: Any) -> list[Any]:
    pairs = list(combinations(value, 2))[:6]
    return [{"allOf": [{"not": part} for part in value]}, *({"allOf": list(pair)} for pair in pairs)]


def _negate_conditional(schema: dict[str, Any]) -> list[Any]:
    condition, then, other = schema["if"], schema.get("then", True), schema.get("else", True)
    return [{"allOf": [condition, {"not": then}]}, {"allOf": [{"not": condition}, {"not": other}]}]


_RULES: dict[str, Callable[[Any], list[Any]]] = {
    "type": _negate_type,
    "required": _negate_required,
    "properties": _negate_properties,
    "not": lambda value: [value],
    "anyOf": lambda value: [{"allOf": [{"not": part} for part in value]}],
    "allOf": lambda value: [{"not": part} for part in value],
    "items": _negate_items,
    "contains": lambda value: [{"type": "array", "items": {"not": value}}],
    "oneOf": _negate_one_of,
    "dependencies": _negate_dependencies,
    "dependentRequired": _negate_dependencies,
    "dependentSchemas": _negate_dependencies,
}
_NEGATABLE = frozenset(_RULES) | frozenset(_OPPOSITES) | frozenset(_COUNTS)
_COUNTS_ONLY = frozenset({"minContains", "maxContains"})
_ENTANGLED = frozenset(
    [
        "contains",
        "minContains",
        "maxContains",
        "additionalProperties",
        "additionalItems",
        "unevaluatedProperties",
        "unevaluatedItems",
    ]
)
"""Keywords whose meaning hangs on their neighbours: they are not negated one by one."""
