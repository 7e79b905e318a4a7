"""A PATCH with null takes a value away (RFC 7396): what is read afterwards is not what was there before.

Null is also what many programs have for "not given": so it does where a schema has null as the default, or as type hints
write it (`anyOf` beside a title), and wherever a description says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from ..checks import Finding
from ..checks.base import shorten
from ..checks.violation import is_valid
from ..parts import part_of
from .moments import ChainMoments
from .values import changeable, plain, shown, unused_name, with_new_texts

_CLEARS: Final = re.compile(
    r"\bnull\b[^.;]{0,40}\b(?:clear|remov|unset|delet|empt|eras)\w*|\b(?:clear|remov|unset|delet|empt|eras)\w*\b[^.;]{0,40}\bnull\b",
    re.IGNORECASE,
)
_KEEPS: Final = re.compile(
    r"\b(?:null|none)\b[^.;]{0,40}\b(?:leav|left|keep|kept|unchanged|ignor|same|stay|not|no)\w*"
    r"|\b(?:leav|left|keep|kept|unchanged|ignor|same|stay|omit)\w*\b[^.;]{0,40}\b(?:null|none)\b",
    re.IGNORECASE,
)
_MOST: Final = 2
_OTHERS: Final = (3, 7.5, "2031-05-17", "2031-05-17T10:00:00Z")


class _Place(NamedTuple):
    """A parameter that takes null, its schema, and the parameter that it stands in."""

    name: str
    part: Mapping[str, Any]
    outer: str | None

    def values(self) -> list[Any]:
        """Return what is not nothing: a member of a choice, a text, a number."""
        made = [*reversed(self.part.get("enum") or ()), unused_name(), *_OTHERS]
        return [each for each in made if each is not None and is_valid(dict(self.part), each)][:1]


class ChainCleared(ChainMoments):
    """Takes away what a thing was given."""

    def _null_takes_away(self, base: Mapping[str, Any]) -> Finding | None:
        """Change a value, then give null for it: both show, where a thing may be made with null."""
        update, places = self._update, list(islice(self._nullable(), _MOST))
        if update is None or not places:
            return None
        schema = self._schemas[self._chain.create]
        given = {**next(iter(with_new_texts(schema, base)), base), **self._shared(base)}
        made = self._call(self._chain.create, given)
        key = next(self._others(plain(made.value), given), None) if made.kind == "accepted" else None
        for place in places if key is not None else ():
            value = next((each for each in place.values() if self._is_seen(key, place, each, each)), None)
            if value is not None and self._is_seen(key, place, None, value):
                text = f"{update.name} was accepted with null for {place.name}, and {self._chain.read} still answers {shorten(value, 60)}"
                return self._wrong(text, "null not visible")
        self._cleared(key)
        return None

    def _is_seen(self, key: Any, place: _Place, given: Any, value: Any) -> bool:
        """Whether the reader shows a value after an update with what is given was accepted."""
        update, inner = self._chain.update or "", {place.name: given}
        arguments = {**self._about(update, key), **({place.outer: inner} if place.outer is not None else inner)}
        if not is_valid(self._schemas[update], arguments) or self._call(update, arguments).kind != "accepted":
            return False
        return bool(shown(plain(self._read(key).value), place.name) == value)

    def _nullable(self) -> Iterator[_Place]:
        """Yield what an update may be given null for, where that says "nothing" and not "as it was"."""
        update = self._update
        if update is None:
            return
        created = self._schemas[self._chain.create]
        for name, part, outer in changeable(self._schemas.get(update.name), created):
            said = f"{part.get('description', '')} {update.description or ''}"
            made = part_of(created, name)
            is_patched = (update.source or "").startswith("PATCH ") and _means_nothing(part) and _means_nothing(made)
            if _may_be_null(part) and not _KEEPS.search(said) and (is_patched or _CLEARS.search(said)):
                yield _Place(name, part, outer)


def _may_be_null(part: Mapping[str, Any]) -> bool:
    return is_valid(dict(part), None) and "default" not in part


def _means_nothing(part: Mapping[str, Any]) -> bool:
    """Whether a schema says of itself that null is a value; type hints write `anyOf` and a title, and have null as the default."""
    return bool(part) and _may_be_null(part) and not ("anyOf" in part and "title" in part)
