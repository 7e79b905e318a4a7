"""What a tool may say of a database in its errors: one that is handed statements may speak of them, no other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .base import texts_in

if TYPE_CHECKING:
    from ..spec.model import ToolSpec

STATEMENT = re.compile(
    r"\b(?:SELECT\s[^\n]{1,400}?\sFROM\s+[\w.\"`]+|INSERT\s+INTO\s+[\w.\"`]+\s*\(|UPDATE\s+[\w.\"`]+\s+SET\s+[\w.\"`]+\s*="
    r"|DELETE\s+FROM\s+[\w.\"`]+\s+WHERE\b)"
)
DRIVER = re.compile(
    r"\b(?:sqlite3|psycopg2?|pymysql|MySQLdb|asyncpg|sqlalchemy|pymongo)\.(?:errors\.\w+|[\w.]*(?:Error|Exception)\b)"
    r"|\bSQLSTATE\["
)
_PLAINLY = re.compile(r"sql|database|\bselect\b", re.IGNORECASE)
_PERHAPS = re.compile(r"sql|query|queries|database|\bselect\b", re.IGNORECASE)
_IS_STATEMENT = re.compile(
    r"\s*(?:select|insert|update|delete|with|create|drop|alter|explain|pragma|show)\b", re.IGNORECASE
)
_NARROW = frozenset({"enum", "const", "pattern", "format"})


def told_of_databases(message: str, tool: ToolSpec, given: Any) -> str | None:
    """Return the statement or driver's error that the message shows and that is no matter of the caller's.

    A tool whose parameters are plainly about a database, and can hold a statement, may speak of either. One that may
    be (by its name, or by a `query`, which every search takes) may show its driver's error, and a statement where it
    was sent one.
    """
    schema = json.dumps(tool.input, default=str)
    takes_text = any(_free_texts(tool.input))
    if takes_text and _PLAINLY.search(schema):
        return None
    may = takes_text and _PERHAPS.search(f"{tool.name} {schema}") is not None
    found = None if may and any(map(_IS_STATEMENT.match, texts_in(given))) else STATEMENT.search(message)
    found = found or (None if may else DRIVER.search(message))
    return found[0] if found else None


def _free_texts(schema: Any) -> Iterator[bool]:
    """Yield True for each schema of a string that says nothing of what is in it."""
    if isinstance(schema, dict):
        kinds = schema.get("type", ())
        if "string" in ([kinds] if isinstance(kinds, str) else kinds) and _NARROW.isdisjoint(schema):
            yield True
        for part in schema.values():
            yield from _free_texts(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _free_texts(part)
