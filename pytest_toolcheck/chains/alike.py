"""Two things of the same values are two, and a key is the same key to those who make a thing and those who read it.

Things that were made of equal values differ by their ids alone: changing or removing one by its title takes the other too. A
key with blanks around it, capitals or letters that have several forms is read as it was given, unless the creator says
back another one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..checks import Finding
from ..checks.base import as_json, shorten
from ..checks.violation import is_valid
from ..parts import part_of
from .calls import BAD
from .changes import changes
from .cleared import ChainCleared
from .values import leaves, new_key, plain, shown, unused_name, with_new_texts

_MEANS_ANOTHER: Final = re.compile(
    r"\b(?:normali[sz]\w*|slug\w*|saniti[sz]\w*|trim\w*|strip\w*|lower\w*|upper\w*|case[- ]\w+|canonical\w*|clean\w*|ascii|letters?)\b",
    re.IGNORECASE,
)
"""What says that a key is kept in a form of its own."""


class ChainAlike(ChainCleared):
    """Looks at things that are alike, and at keys that are nearly so."""

    def _apart_though_alike(self, base: Mapping[str, Any]) -> Finding | None:
        """Make two things of the same values; change and remove the first, and read the second."""
        create, chain = self._chain.create, self._chain
        if chain.key in self._offered or (chain.update is None and chain.delete is None):
            return None
        schema = self._schemas[create]
        given = {**next(iter(with_new_texts(schema, base)), base), **self._shared(base)}
        keys = []
        for _ in range(2):
            made = self._call(create, given)
            keys.append(next(self._others(plain(made.value), given), None) if made.kind == "accepted" else None)
        one, other = keys
        wrong = (
            None
            if None in keys or one == other
            else self._changed_both(one, other, given) or self._removed_both(one, other)
        )
        for key in keys:
            self._cleared(key)
        return wrong

    def _changed_both(self, one: Any, other: Any, given: Mapping[str, Any]) -> Finding | None:
        update, create = self._chain.update, self._schemas[self._chain.create]
        if update is None:
            return None
        before, beside = plain(self._read(one).value), plain(self._read(other).value)
        change = next(changes(self._schemas[update], create, before, given, self._about(update, one)), None)
        if change is None or self._call(update, change.arguments).kind != "accepted":
            return None
        name, new = change.name, change.value
        seen, then = (shown(plain(self._read(key).value), name) for key in (one, other))
        if seen != new or then != new or shown(beside, name) == new:
            return None
        text = f"{update} of {shorten(one, 60)} also changed {shorten(other, 60)}, which was made of the same values"
        return self._wrong(text, "update of another")

    def _removed_both(self, one: Any, other: Any) -> Finding | None:
        delete = self._chain.delete
        if delete is None or self._call(delete, self._about(delete, one)).kind != "accepted":
            return None
        left, beside = self._read(one), self._read(other)
        if self._is_there(left, one) or beside.kind in BAD or self._is_there(beside, other):
            return None
        text = f"{delete} of {shorten(one, 60)} also removed {shorten(other, 60)}, which was made of the same values"
        return self._wrong(text, "delete of another")

    def _key_as_given(self, base: Mapping[str, Any], known: Any) -> Finding | None:
        """Make things whose keys programs easily take for others, and read them by the very keys."""
        create, read, key = self._chain.create, self._chain.read, self._chain.key
        if known != self._offered.get(key) or not isinstance(known, str) or self._chain.is_by_key:
            return None
        if _MEANS_ANOTHER.search(
            f"{self._said_of(create)} {self._said_of(read)} {part_of(self._schemas[create], key)}"
        ):
            return None
        for other in self._odd(base, key):
            given = {**next(iter(with_new_texts(self._schemas[create], base)), base), **self._shared(base), key: other}
            takes_both = is_valid(self._schemas[create], given) and is_valid(
                self._schemas[read], self._about(read, other)
            )
            made = self._call(create, given) if takes_both else None
            if made is None or made.kind != "accepted" or _says_another(plain(made.value), other):
                continue
            found = self._read(other)
            if found.kind in ("refused", "accepted") and not self._is_there(found, other):
                text = f"{read} does not find {shorten(as_json(other), 60)}, which {create} was given and accepted"
                return self._wrong(text, "key read as another")
            self._cleared(other)
        return None

    def _odd(self, base: Mapping[str, Any], key: str) -> Iterator[str]:
        schema = self._schemas[self._chain.create]
        formed = [each[key] for each in new_key(schema, dict(base), key, base)]
        plain_one = unused_name()
        yield from (f" {plain_one} ", f"{plain_one}Xy", f"{plain_one}\u00df", f"e\u0301{plain_one}")
        for each in (each for each in formed if isinstance(each, str)):  # an address has its own sign
            yield from (f" {each} ", f"{each[:1].upper()}{each[1:-1]}{each[-1:].upper()}")


def _says_another(answer: Any, key: str) -> bool:
    """Whether an answer says back the key in a form of its own: by that the thing is to be read."""
    texts = [answer] if isinstance(answer, str) else [text for _, text in leaves(answer) if isinstance(text, str)]
    return key not in texts and any(_bare(text) == _bare(key) for text in texts)


def _bare(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
