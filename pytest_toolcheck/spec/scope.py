"""The data of one tool, the file's defaults merged in, that still knows where each key was written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import Position, Problem
from .complaints import Complaint
from .reading import Document, escape
from .wording import Path, place_name

_MERGED_DEEPLY: Final = frozenset({"annotations", "values", "variations", "checks", "budgets", "sessions", "heartbeat"})
_MERGED_BY_NAME: Final = frozenset({"depends_on"})


@dataclass(frozen=True, slots=True)
class Scope:
    """A tool, or `defaults` itself: `raw` is its merged data, `prefixes` where keys may stand, its own place first."""

    name: str
    raw: dict[str, Any]
    document: Document
    prefixes: tuple[Path, ...]
    keys_by_owner: Mapping[str, Mapping[str, Position]]

    def problem(self, path: Path, text: str, *, on_key: bool = False) -> Problem:
        """Make a problem about a place below the tool; `{place}` in `text` becomes that place's name."""
        prefix = next(
            (prefix for prefix in self.prefixes if is_written(self.document, (*prefix, *path))), self.prefixes[0]
        )
        full = (*prefix, *path)
        return Problem(position_of(self.document, full, on_key=on_key), text.replace("{place}", place_name(full)))

    def written_path(self, path: Path) -> Path:
        """Return the whole path of a key: below the tool, or below `defaults` where only these have it."""
        candidates = [(*prefix, *known) for known in (path, path[:1]) for prefix in self.prefixes]
        written = [candidate for candidate in candidates if is_written(self.document, candidate)]
        prefixes = [prefix for candidate in written for prefix in self.prefixes if candidate[: len(prefix)] == prefix]
        return (*(prefixes or self.prefixes)[0], *path)

    def key_positions(self) -> Mapping[str, Position]:
        """Return where each key of the tool stands, by JSON Pointer below it; defaults where the tool says nothing."""
        found: dict[str, Position] = {}
        for prefix in reversed(self.prefixes):
            found.update(self.keys_by_owner.get(pointer(prefix), {}))
        return found


def _keys_by_owner(document: Document) -> dict[str, dict[str, Position]]:
    """Sort the places of all keys by the tool (or `defaults`) that they belong to, in one pass over the file."""
    owners: dict[str, dict[str, Position]] = {}
    for text, position in document.keys.items():
        parts = text.split("/", 3)
        depth = 2 if parts[1] == "defaults" else 3
        owner = "/".join(parts[:depth])
        if len(text) > len(owner):
            owners.setdefault(owner, {})[text[len(owner) :]] = position
    return owners


def scopes(document: Document, *, without: Collection[str | int] = ()) -> list[Scope]:
    """Return the scope of `defaults` and of each tool; those `without` a sound structure are left out."""
    defaults = document.value.get("defaults") or {}
    owners = _keys_by_owner(document)
    found = [Scope("defaults", defaults, document, (("defaults",),), owners)]
    for name, own in (document.value.get("tools") or {}).items():
        if name not in without:
            found.append(Scope(name, merged(defaults, own or {}), document, (("tools", name), ("defaults",)), owners))
    return found


def merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Merge a tool over the defaults: mappings of settings key by key, all else (schemas, lists) as a whole."""
    result = {**defaults, **own}
    for key in defaults.keys() & own.keys():
        if key in _MERGED_DEEPLY:
            result[key] = _deeply(defaults[key], own[key])
        elif key in _MERGED_BY_NAME:
            result[key] = {**defaults[key], **own[key]}
    return result


def _deeply(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    shared = {key: _deeply(below[key], above[key]) for key in below.keys() & above.keys()}
    return {**below, **above, **shared}


def pointer(path: Iterable[str | int]) -> str:
    """Spell a path as a JSON Pointer."""
    return "".join(f"/{escape(str(part))}" for part in path)


def is_written(document: Document, path: Path) -> bool:
    """Whether the file itself has something at this path."""
    return pointer(path) in document.values


def position_of(document: Document, path: Path, *, on_key: bool = False) -> Position:
    """Return where a path stands, or else the nearest place around it: its key, or its value."""
    first, second = (document.keys, document.values) if on_key else (document.values, document.keys)
    while path:
        text = pointer(path)
        at = first.get(text) or second.get(text)
        if at is not None:
            return at
        path = path[:-1]
    return document.values.get("", Position(document.path))


def located(document: Document, complaint: Complaint) -> Problem:
    """Give a complaint its place in the file."""
    return Problem(position_of(document, complaint.path, on_key=complaint.on_key), complaint.message)
