"""Each parameter's schema as a schema of its own: what it refers to stands in its place, what is defined beside it goes with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_DEFINITIONS = ("$defs", "definitions")
_BRANCHES = ("anyOf", "oneOf", "allOf")
_MOST_STEPS = 8
"""A reference may lead to a reference, and in a circle."""


def parts_of(schema: Any) -> dict[str, dict[str, Any]]:
    """Return the schemas of the parameters that an input schema names, those that say something."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    found = properties if isinstance(properties, Mapping) else {}
    return {name: _own(schema, part) for name, part in found.items() if isinstance(part, Mapping)}


def part_of(schema: Any, name: str) -> dict[str, Any]:
    """Return the schema of one parameter; the empty one, which takes everything, where nothing is said of it."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    part = properties.get(name) if isinstance(properties, Mapping) else None
    return _own(schema, part) if isinstance(part, Mapping) else {}


def _own(schema: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = _resolved(schema, part)
    own |= {key: [_resolved(schema, each) for each in own[key]] for key in _BRANCHES if isinstance(own.get(key), list)}
    if "$ref" not in json.dumps(own, default=str):
        return own
    return {**{key: schema[key] for key in _DEFINITIONS if key in schema}, **own}


def _resolved(schema: Mapping[str, Any], part: Any) -> Any:
    for _ in range(_MOST_STEPS):
        target = _at(schema, part.get("$ref")) if isinstance(part, Mapping) else None
        if target is None:
            break
        part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
    return dict(part) if isinstance(part, Mapping) else part


def _at(schema: Mapping[str, Any], reference: Any) -> Mapping[str, Any] | None:
    """Return what stands under a definition of the schema's own; None of any other reference."""
    if not isinstance(reference, str) or not reference.startswith(tuple(f"#/{name}/" for name in _DEFINITIONS)):
        return None
    found = referred(schema, reference)
    return found if isinstance(found, Mapping) else None


def referred(root: Any, reference: str) -> Any:
    """Return what a reference into the same document (`#/…`) points at; None where nothing is there."""
    found = root
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found


def with_alternatives(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a parameter's schema, and those of its `anyOf` that are objects: what `int | None` may be stands there."""
    return [part, *(each for each in part.get("anyOf", ()) if isinstance(each, Mapping))]
