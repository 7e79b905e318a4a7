"""Say in words what of a schema an instance breaks, and where in the schema that stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..ecma import in_python
from ..lean_jsonschema import ValidationError, Validator, best_match, jsonschema, validator_for
from .base import shorten

if TYPE_CHECKING:
    from ..cases.elementary import Predicate

_DIGITS = 700
"""No float has more digits than that."""
_WORDS = frozenset({"title", "description", "default", "examples", "deprecated"})
"""Keywords that tell about a value and ask nothing of it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """`message` in words, `pointer` into the instance, `schema_pointer` into the schema, the `keyword` that is broken."""

    message: str
    pointer: str
    schema_pointer: str
    keyword: str


def violation_of(schema: dict[str, Any] | bool, instance: Any) -> Violation | None:
    """Return what of the schema the instance breaks (the most telling one), or None where it is valid."""
    text = json.dumps(schema, sort_keys=True)
    if _is_plainly_valid(text, instance):
        return None
    try:
        error = best_match(_compiled(text).iter_errors(instance))
    except re.error:  # ECMA 262 has expressions that `jsonschema` cannot ask Python for
        return _violation_in_python(text, instance)
    return None if error is None else _violation(error)


def _is_plainly_valid(text: str, instance: Any) -> bool:
    try:
        return _acceptor(text)(instance)
    except Exception:  # of a schema that is none, or without an end: left to `jsonschema`
        return False


def is_valid(schema: dict[str, Any] | bool, instance: Any, *, floats_are_integers: bool = True) -> bool:
    """Whether the schema accepts the instance, formats checked, in the schema's own draft.

    In JSON Schema 1.0 is an integer; to most programming languages, and with `floats_are_integers=False`, it is none.
    """
    text = json.dumps(schema, sort_keys=True)
    if not floats_are_integers:
        return _as_far_as_known(_strictly_compiled(text), text, instance)
    return _acceptor(text)(instance)


def _as_far_as_known(strict: Validator, text: str, instance: Any) -> bool:
    """Ask the validator; where it meets an expression that Python does not know, what knows the ones of ECMA 262."""
    try:
        return bool(strict.is_valid(instance))
    except re.error:
        return _acceptor(text)(instance)


def is_valid_in_decimals(schema: dict[str, Any] | bool, instance: Any) -> bool:
    """As `is_valid`, `multipleOf` being decided for numbers as they are written: 0.07 is a multiple of 0.01.

    To binary fractions, and so to `jsonschema`, it is none: 0.07 / 0.01 gives 7.000000000000001.
    """
    text = json.dumps(schema, sort_keys=True)
    return _as_far_as_known(_compiled_for_decimals(text), text, instance)


def says_no_type(schema: dict[str, Any] | bool, name: str) -> bool:
    """Whether the schema names the property and says nothing of its values, as of a parameter without a hint."""
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    part = properties.get(name)
    return isinstance(part, dict) and not set(part) - _WORDS


def validator(schema: dict[str, Any] | bool) -> Validator:
    """Return the compiled validator of a schema, kept for the next time."""
    return _compiled(json.dumps(schema, sort_keys=True))


@lru_cache(maxsize=512)
def _compiled(text: str) -> Validator:
    schema = json.loads(text)
    kind = validator_for(schema, default=jsonschema.Draft202012Validator)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


@lru_cache(maxsize=512)
def _acceptor(text: str) -> Predicate:
    """Return the schema as a closure that answers as `jsonschema` does, fifty times faster: arrays may be vast."""
    from ..cases.schema import Document

    return Document(json.loads(text)).accepts


@lru_cache(maxsize=512)
def _strictly_compiled(text: str) -> Validator:
    schema = json.loads(text)
    kind = validator_for(schema, default=jsonschema.Draft202012Validator)
    types = kind.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    strict: type[Validator] = jsonschema.validators.extend(kind, type_checker=types)  # type: ignore[no-untyped-call]
    return strict(schema, format_checker=kind.FORMAT_CHECKER)


@lru_cache(maxsize=512)
def _compiled_for_decimals(text: str) -> Validator:
    schema = json.loads(text)
    kind = validator_for(schema, default=jsonschema.Draft202012Validator)
    exact: type[Validator] = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
        kind, validators={"multipleOf": _multiple_in_decimals}
    )
    return exact(schema, format_checker=kind.FORMAT_CHECKER)


def _multiple_in_decimals(validator: Any, step: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "number"):
        with localcontext() as exactly:
            exactly.prec = _DIGITS
            if Decimal(str(instance)) % Decimal(str(step)) != 0:
                yield ValidationError(f"{instance!r} is not a multiple of {step!r}")


def _violation(error: ValidationError) -> Violation:
    return Violation(
        message=shorten(error.message, 200),
        pointer=to_pointer(error.absolute_path),
        schema_pointer=to_pointer(error.absolute_schema_path),
        keyword=str(error.validator),
    )


def _violation_in_python(text: str, instance: Any) -> Violation | None:
    """As `violation_of`, asked of the schema with its expressions as Python writes them, told with those that it has."""
    written: dict[str, str] = {}

    def said(pattern: Any) -> Any:
        if not isinstance(pattern, str):
            return pattern
        made = in_python(pattern)
        written[made] = pattern
        return made

    def with_expressions(part: dict[str, Any]) -> dict[str, Any]:
        part = {word: said(value) if word == "pattern" else value for word, value in part.items()}
        named = part.get("patternProperties")
        if isinstance(named, dict):
            part["patternProperties"] = {said(name): schema for name, schema in named.items()}
        return part

    schema = json.loads(text, object_hook=with_expressions)
    try:
        error = best_match(_compiled(json.dumps(schema)).iter_errors(instance))
    except re.error as unknown:
        return Violation(f"it is refused by the schema; an expression there is none: {unknown}", "", "", "pattern")
    if error is None:
        return None
    for made, pattern in written.items():
        error.message = error.message.replace(repr(made), repr(pattern))
    pointer = to_pointer(written.get(step, step) for step in error.absolute_schema_path)
    return replace(_violation(error), schema_pointer=pointer)


def to_pointer(path: Iterable[Any]) -> str:
    """Write a path as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
