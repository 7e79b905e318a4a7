"""Places in a `call` (`/orders/{id}`) that no parameter of the tool can fill: they would stay empty in every call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from .scope import Scope
from .wording import Path, did_you_mean, listed, quoted

_IN_PATH: Final = re.compile(r"{([^{}]+)}")
_IN_ARGUMENT: Final = re.compile(r"{([A-Za-z_][\w.-]*)}")
_COMBINERS: Final = frozenset(
    {"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "patternProperties", "dependentSchemas"}
)


def unfilled(path: str, schema: Any) -> str | None:
    """Say which place of an HTTP path no parameter of the schema fills; None where each has one, or may have."""
    known = _names(schema)
    if known is None:
        return None
    return next((_told(name, known) for name in _IN_PATH.findall(path) if name not in known), None)


def unfilled_places(scope: Scope) -> Iterator[tuple[Path, str]]:
    """Yield what a written `call` and a written `input` tell by themselves, so that it is told without a server."""
    target, call, schema = scope.document.value.get("target"), scope.raw.get("call"), scope.raw.get("input")
    if not isinstance(target, dict):
        return
    if isinstance(command := target.get("command"), dict) and scope.prefixes[0] != ("defaults",):
        yield from _unplaced(command, call, schema)
    if not isinstance(call, str):
        return
    kind = next(iter(target), None)
    if kind == "http" and (text := unfilled(call, schema)) is not None:
        yield ("call",), f"{{place}}: {text}"
    known = (_names(schema) if kind == "command" else None) or []
    for name in _IN_ARGUMENT.findall(call):
        if name not in known and did_you_mean(name, known):  # else it may be code or JSON, whose braces are its own
            yield ("call",), f"{{place}}: {_told(name, known)}"


def _unplaced(command: dict[str, Any], call: Any, schema: Any) -> Iterator[tuple[Path, str]]:
    """Yield a required parameter for which the command line has no place, so that no valid input can be told to it."""
    known, argv = _names(schema), command.get("argv")
    if known is None or command.get("stdin") == "json" or not isinstance(argv, list):
        return
    parts = [*argv, *(call if isinstance(call, list) else [call])]
    places = {name for part in parts if isinstance(part, str) for name in _IN_ARGUMENT.findall(part)}
    missing = [name for name in schema.get("required", []) if name not in places]
    if places and missing:
        hint = did_you_mean(missing[0], places)
        text = f"the command has no place for the required parameter {quoted(missing[0])}.{hint} Places: {listed(sorted(places))}"
        yield (), f"{{place}}: {text}"


def _names(schema: Any) -> list[str] | None:
    """Return the names of all parameters that cases are made for; None where the schema does not list them."""
    if (
        not isinstance(schema, dict)
        or _COMBINERS & schema.keys()
        or isinstance(schema.get("additionalProperties"), dict)
    ):
        return None
    properties = schema.get("properties", {})
    return [*dict.fromkeys([*properties, *schema.get("required", [])])]


def _told(name: str, known: list[str]) -> str:
    there = f"Parameters: {listed(known)}" if known else "It has none"
    return f"nothing fills {{{name}}}: the tool's input has no parameter {quoted(name)}.{did_you_mean(name, known)} {there}"
