"""Which keys of the format have no feature behind them yet: such a key fails its file, it is never ignored.

One table. When a feature lands, its line goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .complaints import Complaint
from .wording import Path, place_name

NOT_SUPPORTED_YET: Final[dict[str, str]] = {}
"""From a key's path (`*` is any one key; `tools.*` means `defaults` too; the items of a list of names are keys) to
what is missing. A key whose value is false is off, and may stand."""


def unsupported(value: Any, table: Mapping[str, str] | None = None) -> Iterator[Complaint]:
    """Yield a complaint for each key that the table names and that is not switched off."""
    for pattern, missing in (NOT_SUPPORTED_YET if table is None else table).items():
        parts = pattern.split(".")
        places = list(_matches(value, parts, ()))
        if parts[:2] == ["tools", "*"]:
            places += _matches(value, ["defaults", *parts[2:]], ())
        for path in places:
            yield Complaint(path, f"not supported yet: {missing} ({place_name(path)})", on_key=True)


def _matches(value: Any, parts: list[str], path: Path) -> Iterator[Path]:
    if not parts:
        if value is not False:
            yield path
        return
    head, rest = parts[0], parts[1:]
    for key, below in _children(value, head):
        yield from _matches(below, rest, (*path, key))


def _children(value: Any, head: str) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from (item for item in value.items() if head in ("*", item[0]))
    elif isinstance(value, list):
        yield from ((index, item) for index, item in enumerate(value) if item == head)
