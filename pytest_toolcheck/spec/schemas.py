"""The JSON Schemas inside a spec (`input`, `output`, `expect.matches`), made whole and checked against their draft."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from referencing.exceptions import Unresolvable

from ..errors import Problem
from ..lean_jsonschema import Draft202012Validator, Validator, formats_of_schemas, validator_for
from .complaints import explain
from .placeholders import fixture_names
from .references import Bundler
from .scope import Scope, located
from .wording import Path, found, listed, shorten

_UNKNOWN_DRAFT: Any = None
_COMBINERS = frozenset(
    {"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "patternProperties", "dependentSchemas"}
)


def with_schemas_resolved(scope: Scope) -> tuple[Scope, list[Problem]]:
    """Return the scope with references to files bundled into its schemas, and what is wrong with these."""
    problems: list[Problem] = []
    raw = dict(scope.raw)
    for key in ("input", "output"):
        if key in raw:
            raw[key] = _whole(scope, (key,), raw[key], problems)
    for key, item_path in (("examples", ()), ("faults", ()), ("resilience", ("fallback",))):
        if key in raw:
            raw[key] = [_with_matches(scope, (key, i), item_path, item, problems) for i, item in enumerate(raw[key])]
    return replace(scope, raw=raw), problems


def _with_matches(
    scope: Scope, path: Path, inner: Path, item: dict[str, Any], problems: list[Problem]
) -> dict[str, Any]:
    """Return the item with the schema `expect.matches` below `inner` made whole."""
    if inner:
        key = str(inner[0])
        return {**item, key: _with_matches(scope, (*path, key), (), item[key], problems)} if key in item else item
    expect = item.get("expect", {})
    if "matches" not in expect:
        return item
    whole = _whole(scope, (*path, "expect", "matches"), expect["matches"], problems)
    return {**item, "expect": {**expect, "matches": whole}}


def _whole(scope: Scope, path: Path, schema: Any, problems: list[Problem]) -> Any:
    bundler = Bundler(scope.document.path.resolve().parent)
    whole = bundler.bundle(schema)
    found_here = [scope.problem((*path, *below), f"{{place}}: {text}") for below, text in bundler.problems]
    found_here += _draft_problems(scope, path, whole)
    if path == ("input",) and not found_here:
        found_here += _not_an_object(scope, whole)
    problems += found_here
    return whole


def _draft_problems(scope: Scope, path: Path, schema: Any) -> Iterator[Problem]:
    if isinstance(schema, bool):
        return
    draft: Any = validator_for(schema, default=_UNKNOWN_DRAFT) if _names_draft(schema) else Draft202012Validator
    if draft is None:
        known = "https://json-schema.org/draft/2020-12/schema"
        text = f"{{place}}: unknown draft {found(schema['$schema'])}: leave it out, or write {known}"
        yield scope.problem((*path, "$schema"), text)
        return
    try:
        if _is_sound(draft, json.dumps(schema, sort_keys=True)):
            return
    except RecursionError:
        yield scope.problem(path, "{place}: a schema is nested too deeply")
        return
    base = scope.written_path(path)
    for complaint in explain(_meta_validator(draft).iter_errors(schema), base=base):
        yield located(scope.document, complaint)


def _names_draft(schema: dict[str, Any]) -> bool:
    return isinstance(schema.get("$schema"), str)


@lru_cache(maxsize=1024)
def _is_sound(draft: type[Validator], schema: str) -> bool:
    """Whether a schema keeps to its draft; remembered, for one in `defaults` is met again in every tool."""
    return _meta_validator(draft).is_valid(json.loads(schema))


@cache
def _meta_validator(draft: type[Validator]) -> Validator:
    return draft(draft.META_SCHEMA, format_checker=formats_of_schemas(draft))


def _not_an_object(scope: Scope, schema: Any) -> Iterator[Problem]:
    if isinstance(schema, bool):
        if not schema:
            yield scope.problem(("input",), "{place} is false: no input at all would be valid")
        return
    if "type" not in schema and not _COMBINERS & schema.keys():
        yield scope.problem(
            ("input",), "{place} says no type: arguments are an object, add 'type: object'", on_key=True
        )
    elif "type" in schema and "object" not in _as_list(schema["type"]):
        text = (
            f"{{place}}: arguments are an object, found type {listed(_as_list(schema['type']))}; write 'type: object'"
        )
        yield scope.problem(("input", "type"), text)


def problems_with_inputs(scope: Scope) -> Iterator[Problem]:
    """Yield examples that promise a success for an input which the tool's own schema refuses."""
    schema = scope.raw.get("input")
    if not isinstance(schema, dict):
        return
    for name, index, message in refused_values(schema, scope.raw.get("values", {})):
        yield scope.problem(
            ("values", name, "valid", index), f"{{place}}: the tool's input schema refuses it: {message}"
        )
    validator = validator_for(schema, default=Draft202012Validator)(schema)
    for index, example in enumerate(scope.raw.get("examples", [])):
        succeeds = {"output", "equals", "matches"} & example.get("expect", {}).keys()
        if not succeeds or fixture_names(example["input"]):
            continue
        path: Path = ("examples", index, "input")
        try:
            errors = list(validator.iter_errors(example["input"]))
        except (RecursionError, Unresolvable) as error:
            yield scope.problem(("input",), f"{{place}}: its references cannot be followed ({type(error).__name__})")
            return
        for complaint in explain(errors, base=scope.written_path(path)):
            text = f"this example promises a success, but the tool's input schema refuses it: {complaint.message}"
            yield located(scope.document, replace(complaint, message=text))


def refused_values(schema: dict[str, Any], values: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    """Yield the values that `values` calls valid and a parameter's own schema refuses: name, position and reason."""
    shared = {key: schema[key] for key in ("$schema", "$defs", "definitions") if key in schema}
    properties = schema.get("properties", {})
    for name, known in values.items():
        own = properties.get(name) if isinstance(properties, dict) else None
        if not isinstance(own, dict):
            continue
        validator = validator_for(schema, default=Draft202012Validator)({**own, **shared})
        for index, value in enumerate(known.get("valid", ())):
            with contextlib.suppress(RecursionError, Unresolvable):
                if not fixture_names(value) and (error := next(validator.iter_errors(value), None)) is not None:
                    yield name, index, shorten(error.message)


def parameters(scope: Scope) -> list[str] | None:
    """Return the names of a tool's parameters, or None where the schema does not list them all."""
    schema = scope.raw.get("input")
    properties = schema.get("properties") if isinstance(schema, dict) and not _COMBINERS & schema.keys() else None
    return list(properties) if isinstance(properties, dict) else None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
