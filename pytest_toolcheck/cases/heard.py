"""What an older draft hears of a schema: not the keywords of later ones, and up to draft 7 none beside `$ref`.

Values are made of what is asked for; what nobody asks for would only be in the way, and be called a contradiction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..lean_jsonschema import jsonschema

_DRAFTS: tuple[Any, ...] = (
    jsonschema.Draft6Validator,
    jsonschema.Draft7Validator,
    jsonschema.Draft201909Validator,
)
_COUNTS = ("minContains", "maxContains")
_EVERY = frozenset().union(_COUNTS, *(draft.VALIDATORS for draft in (*_DRAFTS, jsonschema.Draft202012Validator)))
_SILENT: Mapping[Any, frozenset[str]] = {
    draft: _EVERY - {*draft.VALIDATORS} - {*(_COUNTS if draft is _DRAFTS[-1] else ())} for draft in _DRAFTS
}
"""By draft the keywords that only others have."""
_STEPS = frozenset((*_EVERY, "then", "else"))
_BESIDE = _STEPS - {"$ref"}
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies")
_LISTS = ("allOf", "anyOf", "oneOf", "items")
_PARTS = (
    *("items", "additionalItems", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else"),
    *("unevaluatedItems", "unevaluatedProperties"),
)

_WITH_PARTS = frozenset((*_MAPS, *_LISTS, *_PARTS))


def heard(schema: Any, draft: Any) -> Any:
    """Return the schema without what its draft says nothing by; the same object where that is nothing."""
    silent = _SILENT.get(draft)
    if silent is None:
        return schema
    try:
        made = _heard(schema, silent, draft is not _DRAFTS[-1])
        if made is schema or _is_led_through(schema):
            return schema
    except RecursionError:  # it holds itself, or nearly
        return schema
    return made


def _heard(schema: Any, silent: frozenset[str], is_alone: bool) -> Any:
    """`is_alone`: nothing is heard beside `$ref`."""
    if not isinstance(schema, dict):
        return schema
    dropped = _BESIDE if is_alone and isinstance(schema.get("$ref"), str) else silent
    made = {word: value for word, value in schema.items() if word not in dropped}
    for word in [word for word in made if word in _WITH_PARTS]:
        value = made[word]
        if word in _MAPS and isinstance(value, dict):
            made[word] = {name: _heard(part, silent, is_alone) for name, part in value.items()}
        elif word in _LISTS and isinstance(value, list):
            made[word] = [_heard(part, silent, is_alone) for part in value]
        elif word not in _MAPS:
            made[word] = _heard(value, silent, is_alone)
    return schema if _is_same(made, schema) else made


def _is_same(made: dict[str, Any], schema: dict[str, Any]) -> bool:
    """Whether no part was left out; lists and maps of the same parts are made the same ones again."""
    for word, value in made.items():
        before = schema[word]
        if isinstance(value, (dict, list)) and len(value) == len(before):
            pairs = ((value[at], before[at]) for at in (value if isinstance(value, dict) else range(len(value))))
            made[word] = before if all(one is other for one, other in pairs) else value
    return len(made) == len(schema) and all(made[word] is schema[word] for word in made)


def _is_led_through(schema: Any) -> bool:
    """Whether a reference leads into what may not be heard: that is to be found there."""
    return any(not _STEPS.isdisjoint(reference.split("/")) for reference in _references(schema))


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for part in schema.values():
            yield from _references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _references(part)
