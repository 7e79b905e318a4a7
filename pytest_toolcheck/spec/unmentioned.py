"""Properties that a schema neither declares nor forbids: valid, and yet nobody promised to take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

_WITHIN: Final = ("allOf", "anyOf", "oneOf")
_CONDITIONAL: Final = ("if", "then", "else")
_SPEAKS_OF_OTHERS: Final = ("additionalProperties", "unevaluatedProperties", "patternProperties")
_MOST_PARTS: Final = 64


def is_unasked(text: str, schema: Any, arguments: Iterable[str]) -> bool:
    """Whether Python itself refused, in these words, an argument that the schema does not mention: nothing was promised.

    A schema that says `additionalProperties`, if only `true`, promises to take others.
    """
    if "keyword argument" not in text and "multiple values for argument" not in text:
        return False
    return any(f"'{name}'" in text for name in unmentioned(schema, arguments))


def unmentioned(schema: Any, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that an object's schema says nothing of; none where it speaks of further properties."""
    parts = list(_parts(schema))
    if any(keyword in part for part in parts for keyword in _SPEAKS_OF_OTHERS):
        return ()
    known = {name for part in parts for name in part.get("properties", {})}
    return tuple(name for name in names if name not in known)


def _parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas that speak of the same object: references and branches followed."""
    waiting, seen = [schema], 0
    while waiting and seen < _MOST_PARTS:
        part = waiting.pop()
        if not isinstance(part, dict):
            continue
        seen += 1
        yield part
        waiting += [branch for key in _WITHIN for branch in part.get(key, ())]
        waiting += [part[key] for key in _CONDITIONAL if key in part]
        waiting += list(part.get("dependentSchemas", {}).values())
        if isinstance(part.get("$ref"), str):
            waiting.append(_look_up(schema, part["$ref"]))


def _look_up(root: Any, reference: str) -> Any:
    place = root if reference.startswith("#") else None
    for step in reference.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        place = place.get(name) if isinstance(place, dict) else None
    return place
