"""From `jsonschema` errors to sentences: what was found where, what is expected, how to go on.

The shipped schema carries three keywords of ours for this: `x-unit` (the kind of a value with a unit), `x-expects`
(what to write there, in words) and `x-noun` (what the keys of a mapping are).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ..errors import UnitError
from ..lean_jsonschema import ValidationError
from ..units import parse_duration_ns, parse_share, parse_size_bytes
from .wording import Path, did_you_mean, found, listed, place_name, quoted, shorten

_PARSERS: Final[dict[str, Callable[[object], object]]] = {
    "duration": parse_duration_ns,
    "size": parse_size_bytes,
    "share": parse_share,
}
_TYPE_WORDS: Final = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}
_MISSING_ADVICE: Final = {
    "toolcheck": "write 'toolcheck: 1' as the first key",
    "target": "say where the tools live, such as 'target: {python: shop.tools}'",
    "reason": "say why",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """A message about the place `path`; `on_key` where the key is at fault and not its value."""

    path: Path
    message: str
    on_key: bool = False


def explain(errors: Iterable[ValidationError], *, base: Path = (), place: str | None = None) -> Iterator[Complaint]:
    """Yield complaints for validation errors below `base`; `place` names the whole where paths say too little."""
    errors = list(errors)
    misspelt = {(*error.absolute_path, name) for error in errors for name in _misspelt(error)}
    for error in errors:
        if error.validator != "required" or (*error.absolute_path, _missing(error)) not in misspelt:
            yield from _explain(error, base, place)


def _misspelt(error: ValidationError) -> Iterator[str]:
    """Yield the keys that unknown ones were meant to be: that these are missing is said by then."""
    if (
        error.validator == "additionalProperties"
        and isinstance(error.instance, dict)
        and isinstance(error.schema, dict)
    ):
        known = list(error.schema.get("properties", {}))
        for key in error.instance.keys() - set(known):
            yield from (name for name in known if quoted(name) in did_you_mean(key, known))


def _explain(error: ValidationError, base: Path, place: str | None) -> Iterator[Complaint]:
    path = base + tuple(error.absolute_path)
    where = place_name(path) if place is None else place
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        yield from _unknown_keys(error.instance, schema, path, where)
        return
    if error.validator in ("anyOf", "oneOf"):
        inner = _likely_branch(error)
        if inner:
            yield from explain(inner, base=base, place=place)
            return
    yield Complaint(path, _message(error, schema, path, where), on_key=error.validator in ("required", "propertyNames"))


def _unknown_keys(instance: dict[str, Any], schema: dict[str, Any], path: Path, where: str) -> Iterator[Complaint]:
    known = list(schema.get("properties", {}))
    noun = schema.get("x-noun", "key")
    for key in instance:
        if key not in known:
            hint = did_you_mean(key, known) or did_you_mean(key, _keys_below(schema))
            message = f"unknown {noun} {quoted(key)} in {where}.{hint} Valid {noun}s: {listed(known)}"
            yield Complaint((*path, key), message, on_key=True)


def _keys_below(schema: dict[str, Any]) -> dict[str, str]:
    """Return the keys one level further down, by their last name: a key is often written one level too high."""
    below = {name: part.get("properties", {}) for name, part in schema.get("properties", {}).items()}
    return {key: f"{name}.{key}" for name, keys in below.items() for key in keys}


def _likely_branch(error: ValidationError) -> list[ValidationError]:
    """Return the errors of the one branch that fits the type of what was found; none where that is not clear."""
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    fitting = [errors for errors in branches.values() if not any(_is_root_type_error(inner, error) for inner in errors)]
    return fitting[0] if len(fitting) == 1 else []


def _is_root_type_error(inner: ValidationError, outer: ValidationError) -> bool:
    if inner.absolute_path != outer.absolute_path:
        return False
    return inner.validator == "type" or (inner.validator == "enum" and isinstance(outer.instance, list | dict))


def _message(error: ValidationError, schema: dict[str, Any], path: Path, where: str) -> str:
    if not path and error.validator == "type":
        return f"the file holds {found(error.instance)}: a spec is a mapping that starts with 'toolcheck: 1'"
    if path == ("toolcheck",):
        return f"{where} is {found(error.instance)}: this program reads version 1, write 'toolcheck: 1'"
    unit = schema.get("x-unit")
    if unit and error.validator in ("type", "pattern"):
        return f"{where}: {_unit_message(unit, error.instance)}"
    if "x-expects" in schema and error.validator not in ("required", "minItems", "enum"):
        return f"{where}: expected {schema['x-expects']}, found {found(error.instance)}"
    handler = _HANDLERS.get(str(error.validator))
    if handler is None:
        return f"{where}: {found(error.instance)} is not allowed here (rule '{error.validator}')"
    return handler(error, schema, where)


def _unit_message(unit: str, value: object) -> str:
    try:
        _PARSERS[unit](value)
    except UnitError as error:
        return str(error)
    return f"{found(value)} is not a {unit}"


def _rule(error: ValidationError) -> Any:
    """Return what the violated keyword demands."""
    return error.validator_value


def _keys(error: ValidationError) -> dict[str, Any]:
    return error.instance if isinstance(error.instance, dict) else {}


def _type(error: ValidationError, _schema: dict[str, Any], where: str) -> str:
    types = _rule(error) if isinstance(_rule(error), list) else [_rule(error)]
    expected = " or ".join(_TYPE_WORDS.get(kind, str(kind)) for kind in types)
    return f"{where}: expected {expected}, found {found(error.instance)}{_how_to_write(types, error.instance)}"


def _how_to_write(types: list[Any], value: object) -> str:
    if types == ["string"] and isinstance(value, int | float):
        spelled = str(value).lower() if isinstance(value, bool) else value
        return f": quote it, '{spelled}'"
    if types == ["array"] and isinstance(value, str):
        return f": write [{', '.join(_words(value))}]"
    return ""


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text) or [text]
    except ValueError:
        return [text]


def _required(error: ValidationError, _schema: dict[str, Any], where: str) -> str:
    key = _missing(error)
    needed = f"needed are {listed(map(shorten, _rule(error)))}" if len(_rule(error)) > 1 else ""
    hint = _MISSING_ADVICE.get(key) or needed
    return f"missing key {quoted(key)} in {where}" + (f": {hint}" if hint else "")


def _missing(error: ValidationError) -> str:
    missing = [key for key in _rule(error) if key not in _keys(error)]
    found: str = next((key for key in missing if error.message.startswith(repr(key))), missing[0])
    return found


def _enum(error: ValidationError, _schema: dict[str, Any], where: str) -> str:
    known = [value for value in _rule(error) if value is not None]
    hint = did_you_mean(error.instance, [name for name in known if isinstance(name, str)])
    shown = quoted(error.instance) if isinstance(error.instance, str) else found(error.instance)
    return f"{where}: {shown} is not known.{hint} Valid values: {listed(known)}"


def _min_properties(error: ValidationError, schema: dict[str, Any], where: str) -> str:
    known = listed(schema.get("properties", {}))
    if schema.get("maxProperties") == 1:
        return f"{where} is empty: exactly one is needed of {known}"
    if not error.instance:
        return f"{where} is empty: at least one is needed of {known}"
    return f"{where} holds only '{next(iter(_keys(error)))}': {_rule(error)} keys are needed of {known}"


def _max_properties(error: ValidationError, schema: dict[str, Any], where: str) -> str:
    names = ", ".join(quoted(str(key)) for key in _keys(error))
    return f"{where} has {len(_keys(error))} {schema.get('x-noun', 'key')}s ({names}): exactly one is allowed"


def _format(error: ValidationError, _schema: dict[str, Any], where: str) -> str:
    if _rule(error) == "regex":
        return f"{where}: {regex_problem(str(error.instance)) or 'not a regular expression'}"
    return f"{where}: {found(error.instance)} is not a {_rule(error)}"


def regex_problem(pattern: str) -> str | None:
    """Say what is wrong with a regular expression, or None."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"{quoted(pattern)} is not a regular expression: {error}"
    return None


_HANDLERS: Final[dict[str, Callable[[ValidationError, dict[str, Any], str], str]]] = {
    "type": _type,
    "required": _required,
    "enum": _enum,
    "minProperties": _min_properties,
    "maxProperties": _max_properties,
    "format": _format,
    "propertyNames": lambda _error, _, where: f"a name in {where} is empty",
    "minItems": lambda error, _, where: f"{where} is empty: at least {_rule(error)} item is needed",
    "uniqueItems": lambda _error, _, where: f"{where} names the same thing twice",
    "minLength": lambda _error, _, where: f"{where} is an empty text",
    "pattern": lambda error, _, where: f"{where}: {found(error.instance)} does not match {_rule(error)}",
    "minimum": lambda error, _, where: f"{where} is {error.instance}: the least is {_rule(error)}",
    "maximum": lambda error, _, where: f"{where} is {error.instance}: the most is {_rule(error)}",
    "exclusiveMinimum": lambda error, _, where: f"{where} is {error.instance}: more than {_rule(error)} is needed",
}
