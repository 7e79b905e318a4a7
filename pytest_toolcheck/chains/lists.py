"""What a tool that lists shows of a chain's things: made, changed, removed. A page or a selection accuses nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..parts import parts_of
from .roles import SIZES, words_of
from .values import has_word, shown

_MOST_ROWS = 1000
_TELLING = 4
_ROUND = 5
"""A list of a round number of rows may be a page."""


class Listed:
    """Looks at the list again and again. Each question is answered by what is wrong and its cause, or None."""

    def __init__(self, name: str | None, look: Callable[[], Any], *, marks: bool = True, selects: bool = False) -> None:
        """`marks`: whether what is deleted may be listed with a mark, as somebody says or as a tool that restores it shows.

        `selects`: whether the list takes options, and may be a selection without them.
        """
        self._ask = look if name is not None else lambda: None
        self._marks, self._selects = marks, selects
        self._first = self._latest = self._ask()

    def look(self) -> None:
        """Remember what is listed now."""
        self._latest = self._ask()

    def missing(self, key: Any, other: Any) -> tuple[str, str] | None:
        """Two things were made after the first look: a whole list that is exactly as before does not know them."""
        rows = rows_of(self._first)
        if self._selects or other is None or not rows or len(rows) % _ROUND == 0 or self._first != self._latest:
            return None
        if not isinstance(self._first, list) and not _is_rows_alone(self._first):
            return None
        if any(_rows_about(rows, one) for one in (key, other)):
            return None
        return "lists what there was before, and nothing that was made since", "list not updated"

    def outdated(self, key: Any, name: str, old: Any, new: Any) -> tuple[str, str] | None:
        """The reader shows the new value: a row that shows the old one is outdated."""
        before = _rows_about(rows_of(self._latest), key)
        self.look()
        after = _rows_about(rows_of(self._latest), key)
        is_old = bool(before) and before == after and shown(after[0], name, old) == old != new
        return (
            (f"still lists the old {name} of {key!r}, which has been updated", "list not updated") if is_old else None
        )

    def stale(self, key: Any) -> tuple[str, str] | None:
        """The reader knows the thing no more: a row that is as before is stale, and so is one with a mark that nobody speaks of."""
        before = _rows_about(rows_of(self._latest), key)
        self.look()
        after = _rows_about(rows_of(self._latest), key)
        if before and before == after:
            return f"still lists {key!r}, which has been deleted", "list not updated"
        if not self._marks and len(before) == len(after) == 1 and _is_marked(before[0], after[0]):
            return f"still lists {key!r}, which has been deleted, with a mark", "list not updated"
        return None

    def behind(self, earlier: Any, newest: Any) -> tuple[str, str] | None:
        """One thing was made since the last look: a list that shows the one before it only now, and not the newest, is late."""
        was_there = _rows_about(rows_of(self._latest), earlier)
        if newest is None or was_there:
            return None
        for _ in range(2):  # what is made known a little later is there when it is asked again
            self.look()
            rows = rows_of(self._latest)
            if not _rows_about(rows, earlier) or _rows_about(rows, newest):
                return None
        return f"lists {earlier!r} only since {newest!r} was made, which it does not list", "list not updated"


def largest_page(schema: Any) -> dict[str, int]:
    """Return the parameter that says how many rows are listed, with the most that it may say; nothing where there is none."""
    parts = parts_of(schema)
    found = {name: parts[name].get("maximum") for name in parts if "_".join(words_of(name)) in SIZES}
    return {name: most for name, most in found.items() if isinstance(most, int) and most <= _MOST_ROWS}


def _is_marked(before: Any, after: Any) -> bool:
    """Whether a text of the row has a word more; a flag beside it is a form of its own, which whoever reads it can see."""
    if isinstance(before, str) and isinstance(after, str):
        return len(before) >= _TELLING and before in after
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return False
    texts = [
        (text, after.get(name)) for name, text in before.items() if isinstance(text, str) and len(text) >= _TELLING
    ]
    return any(isinstance(now, str) and text in now and text != now for text, now in texts)


def rows_of(answer: Any, depth: int = 0) -> list[Any]:
    """Return the rows of a list: an array, the first one inside an object, the lines of a text."""
    if isinstance(answer, list):
        return answer
    if isinstance(answer, str):
        return answer.splitlines()
    inside = answer.values() if isinstance(answer, Mapping) and depth < 3 else ()
    return next((rows for inner in inside if not isinstance(inner, str) and (rows := rows_of(inner, depth + 1))), [])


def _is_rows_alone(answer: Any) -> bool:
    """Whether an object holds nothing beside its rows that may say that there are more of them."""
    return isinstance(answer, Mapping) and len(answer) == 1


def _rows_about(rows: list[Any], key: Any) -> list[Any]:
    return [row for row in rows if _is_about(row, key)]


def _is_about(row: Any, key: Any) -> bool:
    if isinstance(row, Mapping):
        return any(not isinstance(value, bool) and str(value) == str(key) for value in row.values())
    return has_word(row, key) if isinstance(row, str) else row == key
