"""A pair: a correct tool, and the one change that plants a bug in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

PRELUDE = """
import datetime
import re


def is_date(value):
    try:
        return bool(re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value) and datetime.date.fromisoformat(value))
    except ValueError:
        return False


def is_ipv4(value):
    parts = value.split(".")
    return len(parts) == 4 and all(re.fullmatch("0|[1-9][0-9]{0,2}", part) and int(part) <= 255 for part in parts)


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def need(condition, message):
    if not condition:
        raise ValueError(message)


"""


@dataclass(frozen=True)
class Pair:
    """A tool called `name`. `correct` is its source; the bug is `old` replaced by `new` in it.

    `promises` are further keys of the spec (`output`, `examples`, `timeout`, …); `forms` says where the pair makes
    sense: a lone Python callable, or an MCP server whose SDK does not validate as well.
    """

    name: str
    bug_class: str
    schema: dict[str, Any]
    correct: str
    old: str
    new: str
    promises: Mapping[str, Any] = field(default_factory=dict)
    forms: tuple[str, ...] = ("python", "mcp", "http")

    def source(self, *, buggy: bool) -> str:
        """Return the module's source. Raises ValueError where the bug's place is not in it exactly once."""
        source = dedent(self.correct)
        if self.old == self.new:
            return PRELUDE + source
        if source.count(self.old) != 1:
            raise ValueError(f"{self.name}: found {source.count(self.old)} places of {self.old!r}, expected 1")
        return PRELUDE + (source.replace(self.old, self.new) if buggy else source)


def takes(*required: str, **properties: Any) -> dict[str, Any]:
    """Return the schema of an object: all properties required where none is named; nothing else is allowed."""
    names = [name for name in required if name] or (list(properties) if not required else [])
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def whole(**bounds: Any) -> dict[str, Any]:
    """Return the schema of an integer."""
    return {"type": "integer", **bounds}


def real(**bounds: Any) -> dict[str, Any]:
    """Return the schema of a number."""
    return {"type": "number", **bounds}


def text(**bounds: Any) -> dict[str, Any]:
    """Return the schema of a string."""
    return {"type": "string", **bounds}


def listed(items: Any, **bounds: Any) -> dict[str, Any]:
    """Return the schema of an array."""
    return {"type": "array", "items": items, **bounds}
