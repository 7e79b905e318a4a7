"""Arguments as text, for URLs and command lines: which can be carried without becoming something else."""

from __future__ import annotations

import json
from typing import Any

_SWITCHES = frozenset(["0", "1", "0.0", "1.0", "y", "n", "yes", "no", "on", "off", "t", "f", "true", "false"])


class NotCarriedError(ValueError):
    """An argument whose text would be read as another value than the one that is meant."""


def as_text(name: str, value: Any, schema: Any = None) -> str:
    """Return `value` as text.

    Text has no types: 5 and "5" look alike. So a value that is not of its parameter's kind, but whose text would be
    read as one that is, cannot be carried; to send it would test another input. Raises NotCarriedError.
    """
    if value is None or isinstance(value, (dict, list)):
        raise NotCarriedError(f"{name}: {json.dumps(value)[:40]} cannot be written as text")
    types = types_of(schema)
    if isinstance(value, str):
        if types and "string" not in types and _spells_a_value(value):
            raise NotCarriedError(f"{name}: the string {value[:40]!r} and the value it spells are one text")
        return value
    if types == {"string"}:
        raise NotCarriedError(f"{name}: {value!r} and the string {str(value)!r} are one text")
    return json.dumps(value)


def in_url(name: str, value: Any, schema: Any = None) -> str:
    """Return `value` as text of a URL or header, where a boolean has no spelling of its own: services read `1` and `yes` too.

    Raises NotCarriedError.
    """
    types = types_of(schema)
    if "boolean" in types and not isinstance(value, bool) and _spells_a_switch(value, types):
        raise NotCarriedError(f"{name}: {value!r} in a URL is a usual way to write a boolean")
    return as_text(name, value, schema)


def types_of(schema: Any) -> set[str]:
    """Return the JSON types that a schema names; nothing where it does not say."""
    if not isinstance(schema, dict):
        return set()
    found = schema.get("type")
    if found is None and "enum" in schema and all(isinstance(item, str) for item in schema["enum"]):
        return {"string"}
    if found is None:
        return set().union(*(types_of(item) for key in ("anyOf", "oneOf") for item in schema.get(key, ())))
    return {found} if isinstance(found, str) else set(found)


def _spells_a_switch(value: Any, types: set[str]) -> bool:
    """Whether it is read as a boolean: pydantic takes `1`, `yes`, `on` for true."""
    is_of_its_kind = ("string" in types and isinstance(value, str)) or (
        bool(types & {"integer", "number"}) and not isinstance(value, str)
    )
    return not is_of_its_kind and str(value).strip().lower() in _SWITCHES


def _spells_a_value(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text.strip().lower() in ("true", "false", "none")
    return True


def properties_of(schema: Any) -> dict[str, Any]:
    """Return the schemas of the parameters that an input schema names."""
    found = schema.get("properties") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else {}


def holds_lone_surrogates(value: Any) -> bool:
    """Whether a text within the value is half of a UTF-16 pair, which JSON can spell and UTF-8 cannot hold."""
    return bool(lone_surrogates_in(value))


def lone_surrogates_in(value: Any) -> frozenset[str]:
    """Return the halves of UTF-16 pairs within the value's texts."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        return frozenset(sign for sign in error.object if "\ud800" <= sign <= "\udfff")
    except (ValueError, TypeError, RecursionError):
        return frozenset()
    return frozenset()


def is_refused_by_codec(message: str, arguments: Any) -> bool:
    """Whether Python says that no UTF-8 can hold a text which was sent: nobody can store, hash or print it."""
    return is_told_by_codec(message) and holds_lone_surrogates(arguments)


def is_told_by_codec(message: str) -> bool:
    """Whether a message is Python's own on a text that no UTF-8 can hold."""
    return "surrogates not allowed" in message


def uncarried(arguments: dict[str, Any]) -> str | None:
    """Say why JSON over UTF-8 cannot carry the arguments, None when it can."""
    try:
        json.dumps(arguments, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        return f"a lone surrogate U+{ord(error.object[error.start]):04X} cannot be sent as UTF-8"
    except RecursionError:
        return "the arguments are nested too deep for JSON"
    except (ValueError, TypeError) as error:
        return f"the arguments are not JSON: {error}"
    return None
