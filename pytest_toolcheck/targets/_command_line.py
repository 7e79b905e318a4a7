"""An input as a command line.

The tool's `call`, where it has one, follows the target's `argv`. `{name}` in an item is the input's `name`; an item whose
name is not in the input is left out, with the option in front of it (`--count {count}`). An item that is `{name}` alone
stands for every item of a list. Without any `{name}`, and without `stdin: json`, each argument becomes `--name=value`:
True `--name`, False nothing, a list the option repeated.

A command line says less than JSON does. An input that the schema forbids, and whose command line is that of another one,
cannot be carried: the tool would be asked something else.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..lean_jsonschema import jsonschema
from ._text_values import NotCarriedError, as_text, properties_of, types_of

HOLE = re.compile(r"{([A-Za-z_][\w.-]*)}")  # other braces are code or JSON


def fill(template: Sequence[str], arguments: dict[str, Any], schema: Any) -> Iterator[str]:
    """Yield the command line of `template` for `arguments`. Raises NotCarriedError for what has no place in it."""
    named = names_in(template)
    if not named:
        _refuse_unsaid(arguments, schema)
        yield from template
        yield from itertools.chain.from_iterable(_option(*pair, _part(schema, pair[0])) for pair in arguments.items())
        return
    if foreign := [name for name in arguments if name not in named]:
        raise NotCarriedError(f"{foreign[0]}: the command has no place for it")
    yield from _without_empty(template, arguments, schema)


def fill_beside_stdin(template: Sequence[str], arguments: Mapping[str, Any], schema: Any) -> Iterator[str]:
    """Yield the command line with what the template names; the rest is on stdin anyway."""
    named = names_in(template)
    given = {name: value for name, value in arguments.items() if name in named}
    return _without_empty(template, given, schema)


def names_in(template: Sequence[str]) -> set[str]:
    """Return the names of the holes."""
    return {hole for item in template for hole in HOLE.findall(item)}


def _without_empty(template: Sequence[str], arguments: dict[str, Any], schema: Any) -> Iterator[str]:
    for position, item in enumerate(template):
        following = template[position + 1] if position + 1 < len(template) else ""
        alone = HOLE.fullmatch(following)
        if item.startswith("-") and not HOLE.search(item) and alone and arguments.get(alone[1], []) == []:
            continue
        if all(name in arguments for name in HOLE.findall(item)):
            yield from _item(item, arguments, schema)


def _item(item: str, arguments: dict[str, Any], schema: Any) -> list[str]:
    alone = HOLE.fullmatch(item)
    if alone and isinstance(arguments[alone[1]], list):
        return _texts_of(alone[1], arguments[alone[1]], _part(schema, alone[1]))
    return [HOLE.sub(lambda hole: _text_of(hole[1], arguments[hole[1]], _part(schema, hole[1])), item)]


def _part(schema: Any, name: str) -> Any:
    """Return the schema of an argument; of one that has no name there, that of all further ones."""
    further = schema.get("additionalProperties", True) if isinstance(schema, dict) else True
    return properties_of(schema).get(name, further)


def _option(name: str, value: Any, schema: Any) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, bool) and types_of(schema) <= {"boolean"}:
        return _switch(name, flag, schema, is_on=value)
    if isinstance(value, list):
        return [f"{flag}={text}" for text in _texts_of(name, value, schema)]
    return [f"{flag}={_text_of(name, value, schema)}"]


def _switch(name: str, flag: str, schema: Any, *, is_on: bool) -> list[str]:
    if is_on:
        return [flag]
    if not _accepts(schema, value=False):
        raise NotCarriedError(f"{name}: false is said by leaving the option out")
    return []


def _text_of(name: str, value: Any, schema: Any) -> str:
    if "array" in types_of(schema) and not _accepts(schema, value):
        raise NotCarriedError(f"{name}: a command line tells a list of one from its item in nothing")
    return as_text(name, value, schema)


def _texts_of(name: str, value: list[Any], schema: Any) -> list[str]:
    if not _may_be_list(schema) or (not value and not _accepts(schema, value)):
        raise NotCarriedError(f"{name}: a command line tells a list from no, one or several values in nothing")
    inside = schema.get("items") if isinstance(schema, dict) else None
    return [as_text(name, item, inside) for item in value]


def _may_be_list(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return schema is not False
    kinds = types_of(schema)
    if not kinds and "enum" in schema:
        return any(isinstance(member, list) for member in schema["enum"])
    return not kinds or "array" in kinds


def _refuse_unsaid(arguments: Mapping[str, Any], schema: Any) -> None:
    """A required argument that says nothing when it is false, or an empty list, cannot be missing."""
    required = schema.get("required", ()) if isinstance(schema, dict) else ()
    schemas = properties_of(schema)
    for name in required:
        if name not in arguments and (name in schemas) and _may_say_nothing(schemas[name]):
            raise NotCarriedError(f"{name}: left out, it looks like an option that is off, or a list of nothing")


def _may_say_nothing(schema: Any) -> bool:
    kinds = types_of(schema)
    return (kinds == {"boolean"} and _accepts(schema, value=False)) or ("array" in kinds and _accepts(schema, []))


def _accepts(schema: Any, value: Any) -> bool:
    """Whether a parameter's own schema accepts the value; what it refers to elsewhere is taken to."""
    if not isinstance(schema, dict):
        return schema is not False
    plain = {key: item for key, item in schema.items() if key in ("type", "enum", "const", "minItems", "contains")}
    return bool(jsonschema.Draft202012Validator(plain).is_valid(value))
