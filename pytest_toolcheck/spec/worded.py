"""What a tool's description says of its parameters one by one (`Args:`), put where their schemas say nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SECTION = re.compile(r"^\s*(?:Args|Arguments|Parameters|Params)\s*:?\s*$|^\s*:param\b", re.MULTILINE | re.IGNORECASE)


def worded(schema: Any, description: str | None) -> Any:
    """Return the schema with the words that the description has for parameters without any; itself where there are none."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not description or not isinstance(properties, Mapping) or not _SECTION.search(description):
        return schema
    words = _words(description)
    silent = {name: words[name] for name, own in properties.items() if name in words and _says_nothing(own)}
    if not silent:
        return schema
    described = {name: {**properties[name], "description": said} for name, said in silent.items()}
    return {**schema, "properties": {**properties, **described}}


def _says_nothing(schema: Any) -> bool:
    return isinstance(schema, Mapping) and "$ref" not in schema and not schema.get("description")


def _words(description: str) -> dict[str, str]:
    import docstring_parser

    try:
        parsed = docstring_parser.parse(description)
    except docstring_parser.ParseError:
        return {}
    return {param.arg_name: param.description for param in parsed.params if param.description}
