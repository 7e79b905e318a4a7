"""From what the MCP client returns or raises to an outcome."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import mcp_types as types

from .base import CallError, OutcomeKind
from .classify import Rejects, code_kind


def value_of(result: types.CallToolResult, *, structured: bool) -> Any:
    """Return the result as JSON-like data.

    Structured content as it is. Else a single text: the object or array that it spells, or the text itself; else
    {"content": […]}. A tool that declares an output schema (`structured`) owes structured content: a text of its is
    not read as such, so that the check of the schema sees the lack.
    """
    if result.structured_content is not None:
        return result.structured_content
    content = [block.model_dump(by_alias=True, mode="json", exclude_none=True) for block in result.content]
    if structured or len(content) != 1 or content[0].get("type") != "text":
        return {"content": content}
    return _spelled(content[0]["text"])


def _spelled(text: str) -> Any:
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def raw_of(result: types.CallToolResult) -> Any:
    """Return the whole result as JSON-like data."""
    return result.model_dump(by_alias=True, mode="json", exclude_none=True)


def texts_of(result: types.CallToolResult) -> str:
    """Return the result's texts, one below the other."""
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


def protocol_error(code: int, message: str, data: Any, rejects: Rejects) -> tuple[OutcomeKind, CallError]:
    """Judge a JSON-RPC error: -32602 and what `rejects` names is a refusal, all else a crash."""
    allowed: Sequence[str | int] = (types.INVALID_PARAMS, *(rejects or ()))
    kind = code_kind(code, rejects=None, default=allowed)
    details = f"{message}\n{json.dumps(data, default=str)}" if data is not None else message
    return kind, CallError(type="MCPError", message=details, code=code)
