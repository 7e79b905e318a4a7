"""A moment is read as that moment: in another time zone perhaps, but not as its hour beside another offset."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from ..checks import Finding
from ..checks.moments import is_hour_moved, may_move_hours
from ..checks.violation import is_valid
from ..parts import parts_of
from .whole import ChainWhole

_MOMENTS: Final = ("2031-07-15T12:30:00+05:30", "2021-07-15T12:30:00+05:30")
"""One to come and one long past: many a tool takes one of them only."""
_MOST: Final = 3


class ChainMoments(ChainWhole):
    """Looks whether a moment is kept."""

    def _kept_moment(self, base: Mapping[str, Any]) -> Finding | None:
        """Make a thing at a moment that is told with an offset: `replace(tzinfo=utc)` reads it as another."""
        create, read = self._chain.create, self._chain.read
        parts = parts_of(self._schemas[create])
        said = " ".join((self._said_of(create), self._said_of(read), *_told(parts)))
        if may_move_hours((create, read, *parts), said):
            return None
        for name in islice((name for name, part in parts.items() if _is_moment(part)), _MOST):
            for sent in (each for each in _MOMENTS if is_valid(parts[name], each)):
                now = self._read_back(dict(base), name, sent)
                if now is None:
                    continue
                if isinstance(now, str) and is_hour_moved(sent, now):
                    text = f"{read} answers {name} {now} where {create} was given {sent}: another moment"
                    return self._wrong(text, "another moment")
                break
        return None


def _is_moment(part: Mapping[str, Any]) -> bool:
    kinds = [part, *(each for each in part.get("anyOf", ()) if isinstance(each, Mapping))]
    return any(each.get("format") == "date-time" for each in kinds)


def _told(parts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [str(part.get("description", "")) for part in parts.values()]
