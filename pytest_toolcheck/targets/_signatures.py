"""Describe a Python function as a tool: JSON Schemas from its type hints, words from its docstring."""

from __future__ import annotations

import collections.abc
import functools
import inspect
import os
import typing
from collections.abc import Callable, Mapping
from typing import Any

import docstring_parser
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from ._hints import adapter_of, members_of_unpacked, required_of_unpacked
from ._typed_dicts import readable_by_pydantic
from ._unresolved import resolved_one_by_one, within
from .base import ToolDescription

_NO_HINT = inspect.Parameter.empty
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_REST = "**"
"""Stands for the parameter `**rest`, whose name no argument has."""
_STREAMS = (
    collections.abc.Iterator,
    collections.abc.Iterable,
    collections.abc.Generator,
    collections.abc.AsyncIterator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncGenerator,
)


def describe_function(name: str, function: Callable[..., Any]) -> ToolDescription:
    """Return the description of `function` under the name `name`; hints that no schema can say are left open."""
    words = _docstring(function)
    hints = hints_of(function)
    return ToolDescription(
        name=name,
        description=_prose(words),
        input_schema=_input_schema(function, hints, _parameter_words(words)),
        output_schema=_output_schema(hints.get("return", _NO_HINT)),
        source=source_of(function),
        unresolved=unresolved_hints(function),
    )


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the resolved type hints of `function`, those that cannot be resolved left out."""
    return {name: readable_by_pydantic(hint) for name, hint in _resolved(function)[0].items()}


def _resolved(function: Callable[..., Any]) -> tuple[dict[str, Any], dict[str, str]]:
    plain = _behind(function)
    try:
        return typing.get_type_hints(plain, include_extras=True), {}
    except Exception:
        return resolved_one_by_one(plain)


def unresolved_hints(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return which type hints of `function`, and of the classes in them, name what is not there."""
    hints, failed = _resolved(function)
    return (*(f"{name}: {why}" for name, why in failed.items() if name != "return"), *within(hints))


def _behind(function: Callable[..., Any]) -> Any:
    """Return the function behind decorators, partials, bound methods and callable objects."""
    plain: Any = inspect.unwrap(function)
    while isinstance(plain, functools.partial | functools.partialmethod):
        plain = inspect.unwrap(plain.func)
    plain = getattr(plain, "__func__", plain)
    return plain if inspect.isroutine(plain) else inspect.unwrap(getattr(type(plain), "__call__", plain))  # noqa: B004


def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """Return the signature of `function`, None for builtins that have none."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def source_of(function: Callable[..., Any]) -> str | None:
    """Return "shop/tools.py:12" for where `function` is defined."""
    code = getattr(_behind(function), "__code__", None)
    if code is None:
        return None
    path = os.path.relpath(code.co_filename)
    return f"{code.co_filename if path.startswith('..') else path}:{code.co_firstlineno}"


def _input_schema(function: Callable[..., Any], hints: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    signature = signature_of(function)
    if signature is None:
        return {"type": "object"}
    named = [item for item in signature.parameters.values() if item.kind not in _VARIADIC]
    rest = next((item.name for item in signature.parameters.values() if item.kind is item.VAR_KEYWORD), "")
    options = members_of_unpacked(hints.get(rest))
    is_open = rest != "" and options is None
    typed = {item.name: _with_default_none(hints.get(item.name, _NO_HINT), item) for item in named}
    typed |= {_REST: hints.get(rest, _NO_HINT)} if is_open else options or {}
    properties, definitions = _schemas(typed, "validation")
    others = properties.pop(_REST, {}) or is_open
    for item in named:
        _add_words(properties[item.name], item, words.get(item.name))
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    needed = [item.name for item in named if item.default is inspect.Parameter.empty]
    if needed := needed + sorted(required_of_unpacked(hints.get(rest)) if options else ()):
        schema["required"] = needed
    schema["additionalProperties"] = others
    return schema | ({"$defs": definitions} if definitions else {})


def _with_default_none(hint: Any, parameter: inspect.Parameter) -> Any:
    """Read `x: int = None` as its author means it."""
    if hint is _NO_HINT or parameter.default is not None:
        return hint
    return typing.Optional[hint]  # noqa: UP045 - built at run time, from a hint that `|` may not accept


def _schemas(hints: Mapping[str, Any], mode: JsonSchemaMode) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Return a schema a name, and the definitions they share."""
    known = {name: hint for name, hint in hints.items() if hint is not _NO_HINT}
    adapters = {name: adapter for name, hint in known.items() if (adapter := adapter_of(hint, mode)) is not None}
    made, shared = TypeAdapter.json_schemas([(name, mode, adapter) for name, adapter in adapters.items()])
    found = {name: dict(made[name, mode]) if name in adapters else {} for name in hints}
    return found, dict(shared.get("$defs", {}))


def _add_words(schema: dict[str, Any], parameter: inspect.Parameter, description: str | None) -> None:
    if description and "description" not in schema:
        schema["description"] = description
    if parameter.default is inspect.Parameter.empty or "default" in schema:
        return
    default = _json_default(parameter.default)
    if default is not ...:
        schema["default"] = default


def _json_default(value: Any) -> Any:
    import json

    from ._jsonlike import to_json_like

    plain = to_json_like(value)
    try:
        return json.loads(json.dumps(plain, allow_nan=False))
    except (TypeError, ValueError):
        return ...


def _output_schema(hint: Any) -> dict[str, Any] | None:
    if hint is _NO_HINT or hint is Any:
        return None
    if typing.get_origin(hint) in _STREAMS:
        hint = list[typing.get_args(hint)[0]]  # type: ignore[misc]
    found, definitions = _schemas({"return": hint}, "serialization")
    schema = found["return"]
    if not schema:
        return None
    return schema | ({"$defs": definitions} if definitions else {})


def _docstring(function: Callable[..., Any]) -> docstring_parser.Docstring | None:
    plain = inspect.unwrap(function)
    is_described = inspect.isroutine(plain) and not isinstance(
        plain, functools.partial
    )  # which is a routine from 3.14 on
    text = inspect.getdoc(function if is_described else _behind(function))
    if not text:
        return None
    try:
        return docstring_parser.parse(text)
    except docstring_parser.ParseError:
        return docstring_parser.Docstring()


def _prose(words: docstring_parser.Docstring | None) -> str | None:
    return None if words is None else words.description or words.short_description


def _parameter_words(words: docstring_parser.Docstring | None) -> dict[str, str]:
    if words is None:
        return {}
    return {item.arg_name: item.description for item in words.params if item.description}
