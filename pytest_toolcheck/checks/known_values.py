"""What the spec's author knows of single values: `values: {sku: {valid: […], invalid: […]}}`."""

from __future__ import annotations

from typing import Any

from ..spec.model import ToolSpec
from .base import as_json


def known_bad(tool: ToolSpec, value: Any) -> str | None:
    """Return the name (or JSON Pointer) of the first parameter whose value the spec lists as invalid, or None."""
    for name, known in tool.values.items():
        texts = {as_json(bad) for bad in known.invalid}
        if texts and as_json(value_at(value, name)) in texts:
            return name
    return None


def value_at(value: Any, name: str) -> Any:
    """Return the value of a parameter given by name or by JSON Pointer; `...` where there is none."""
    for step in name.split("/")[1:] if name.startswith("/") else [name]:
        key = step.replace("~1", "/").replace("~0", "~") if name.startswith("/") else step
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return ...
    return value
