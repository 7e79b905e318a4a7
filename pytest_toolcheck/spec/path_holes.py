"""Places in a `call` (`/orders/{id}`) that no parameter of the tool can fill: they would stay empty in every call."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from ..errors import Problem
from .reading import Document
from .scope import Scope, position_of
from .wording import Path, did_you_mean, listed, place_name, quoted

_IN_PATH: Final = re.compile(r"{([^{}]+)}")
_IN_ARGUMENT: Final = re.compile(r"{([A-Za-z_][\w.-]*)}")
_COMBINERS: Final = frozenset(
    {"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "patternProperties", "dependentSchemas"}
)

_LEFT_OUT: Final = "What holds it is left out of every call (braces around a bare name are always such a place)"


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
    known = _given(scope.raw) if kind == "command" else None
    for name in _IN_ARGUMENT.findall(call):
        if known is not None and name not in known:
            yield ("call",), f"{{place}}: {_told(name, known)}. {_LEFT_OUT}"


def unfilled_in_command(document: Document, tools: Collection[Scope]) -> Iterator[Problem]:
    """Yield the places of the target's `argv` that no parameter of any tool of the file fills."""
    target = document.value.get("target")
    command = target.get("command") if isinstance(target, dict) else None
    if not isinstance(command, dict) or not isinstance(command.get("argv"), list):
        return
    own = [scope.raw for scope in tools if scope.prefixes[0] != ("defaults",)]
    by_tool = [_given(raw) for raw in own]
    if not by_tool or None in by_tool:
        return
    if any(True for raw in own for _ in _unplaced(command, raw.get("call"), raw.get("input"))):
        return  # the same slip, seen from the other side, is told of the tool
    known = list(dict.fromkeys(name for names in by_tool for name in names or ()))
    for index, item in enumerate(command["argv"]):
        for name in _IN_ARGUMENT.findall(item) if isinstance(item, str) else ():
            if name not in known:
                path = ("target", "command", "argv", index)
                there = f"Parameters: {listed(known)}" if known else "There are none"
                text = f"nothing fills {{{name}}}: no tool of this file has a parameter {quoted(name)}.{did_you_mean(name, known)} {there}"
                yield Problem(position_of(document, path), f"{place_name(path)}: {text}. {_LEFT_OUT}")


def _given(raw: dict[str, Any]) -> list[str] | None:
    """Return the names of all parameters that a tool is ever given; None where its schema does not list them."""
    known, examples = _names(raw.get("input")), raw.get("examples")
    shown = [each.get("input") for each in examples if isinstance(each, dict)] if isinstance(examples, list) else []
    return None if known is None else [*known, *(name for given in shown if isinstance(given, dict) for name in given)]


def _unplaced(command: dict[str, Any], call: Any, schema: Any) -> Iterator[tuple[Path, str]]:
    """Yield a required parameter for which the command line has no place, so that no valid input can be told to it."""
    known, argv = _names(schema), command.get("argv")
    if known is None or command.get("stdin") == "json" or not isinstance(argv, list):
        return
    parts = [*argv, *(call if isinstance(call, list) else [call])]
    places = {name for part in parts if isinstance(part, str) for name in _IN_ARGUMENT.findall(part)}
    missing = [name for name in schema.get("required", []) if isinstance(name, str) and name not in places]
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
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        return None
    return list(dict.fromkeys([*properties, *(name for name in required if isinstance(name, str))]))


def _told(name: str, known: list[str]) -> str:
    there = f"Parameters: {listed(known)}" if known else "It has none"
    return f"nothing fills {{{name}}}: the tool's input has no parameter {quoted(name)}.{did_you_mean(name, known)} {there}"
