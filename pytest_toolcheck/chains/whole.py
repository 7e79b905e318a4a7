"""A text as long as the schema allows is read as it was given, and not its beginning alone; an amount without a cent less."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from ..checks import Finding
from ..checks.hundredths import INEXACT
from ..checks.violation import is_valid, is_valid_in_decimals
from ..parts import parts_of
from .once import ChainOnce
from .pair_values import shows
from .values import array_shown, plain, shown, unused_name, with_new_texts

_MEANS_LESS: Final = re.compile(
    r"\b(?:trunc\w*|cut|shorten\w*|abbrev\w*|preview\w*|summar\w+|excerpts?|snippets?|headlines?|first|beginning|head|brief\w*|clip\w*|pages?)\b",
    re.IGNORECASE,
)
"""What says that less is kept, or shown, than was given."""
_MARKS: Final = re.compile(r"trunc|more|next|cut|rest|length|total|preview|part", re.IGNORECASE)
"""Members of an answer that may say so."""
_LEAST, _MOST = 40, 5000
_FEWEST: Final = 16
_MOST_TEXTS: Final = 3
_MOST_ITEMS: Final = 6


class ChainWhole(ChainOnce):
    """Looks whether long texts are kept."""

    def _kept_whole(self, base: Mapping[str, Any]) -> Finding | None:
        create, read = self._chain.create, self._chain.read
        schema = self._schemas[create]
        said = " ".join((self._said_of(create), self._said_of(read), str(parts_of(schema))))
        if _MEANS_LESS.search(said):
            return None
        for name, most in islice(_long_texts(schema), _MOST_TEXTS):
            is_shown = name in self._offered and shown(self._before, name) == self._offered[name]
            if name == self._chain.key or (name in self._offered and not is_shown):
                continue
            if (found := self._cut_off(dict(base), name, f"{unused_name()} {'long words ' * most}"[:most])) is not None:
                kept, of = found
                text = f"{read} answers the first {kept} characters of a {name} of {of}, which {create} accepted and its schema allows"
                return self._wrong(text, "text cut")
        return self._kept_many(base)

    def _kept_many(self, base: Mapping[str, Any]) -> Finding | None:
        """Make a thing with as many texts in a list as are usual: the first of them alone are read where a list was cut."""
        create, read = self._chain.create, self._chain.read
        schema = self._schemas[create]
        for name, most in islice(_lists_of_texts(schema), _MOST_TEXTS):
            texts = [unused_name() for _ in range(most)]
            given = {**next(iter(with_new_texts(schema, base)), base), name: texts}
            made = self._call(create, given) if is_valid(schema, given) else None
            if made is None or made.kind != "accepted" or name == self._chain.key:
                continue
            key = next(self._others(plain(made.value), given), None)
            answer = plain(self._read(key).value) if key is not None else None
            seen = array_shown(answer, name)
            self._cleared(key)
            if not isinstance(answer, Mapping) or not seen or any(_MARKS.search(str(other)) for other in answer):
                continue
            if len(seen) < most and seen == texts[: len(seen)]:
                text = f"{read} answers the first {len(seen)} of {most} {name}, which {create} accepted and its schema allows"
                return self._wrong(text, "list cut")
        return None

    def _kept_exact(self, base: Mapping[str, Any]) -> Finding | None:
        """Make a thing with an amount whose cents no float is exactly: `int(amount * 100)` keeps one less."""
        create, read = self._chain.create, self._chain.read
        for name, amount in islice(_amounts(self._schemas[create]), _MOST_TEXTS):
            is_shown = name in self._offered and shown(self._before, name) == self._offered[name]
            if name == self._chain.key or (name in self._offered and not is_shown):
                continue
            now = self._read_back(dict(base), name, amount)
            if isinstance(now, float) and math.isclose(amount - now, 0.01, abs_tol=1e-6):
                text = f"{read} answers a {name} of {now} where {create} was given {amount}: one hundredth is lost"
                return self._wrong(text, "hundredth lost")
        return None

    def _read_back(self, base: dict[str, Any], name: str, value: Any) -> Any:
        schema = self._schemas[self._chain.create]
        given = {**next(iter(with_new_texts(schema, base)), base), name: value}
        made = self._call(self._chain.create, given) if is_valid_in_decimals(schema, given) else None
        key = (
            next(self._others(plain(made.value), given), None) if made is not None and made.kind == "accepted" else None
        )
        answer = plain(self._read(key).value) if key is not None else None
        self._cleared(key)
        return shown(answer, name) if isinstance(answer, Mapping) else None

    def _cut_off(self, base: dict[str, Any], name: str, text: str) -> tuple[int, int] | None:
        """Make a thing with a long text; return how much of it is read, and how long it was, where it was cut."""
        schema = self._schemas[self._chain.create]
        given = {**next(iter(with_new_texts(schema, base)), base), name: text}
        made = self._call(self._chain.create, given) if is_valid(schema, given) else None
        if made is None or made.kind != "accepted":
            return None
        key = next(self._others(plain(made.value), given), None)
        answer = plain(self._read(key).value) if key is not None else None
        self._cleared(key)
        if not isinstance(answer, Mapping):
            return None
        now = shown(answer, name)
        if not isinstance(now, str) or not _FEWEST <= len(now) < len(text.rstrip()) or not text.startswith(now):
            return None
        is_told = shows(answer, text) or any(_MARKS.search(str(other)) for other in answer)
        return None if is_told else (len(now), len(text))

    def _cleared(self, key: Any) -> None:
        if self._chain.delete is not None and key is not None:
            self._call(self._chain.delete, self._about(self._chain.delete, key), log=False)


def _amounts(schema: Any) -> Iterator[tuple[str, float]]:
    """Yield the numbers with a fraction, each with an amount that it may be."""
    for name, part in parts_of(schema).items():
        kinds = [part, *(each for each in part.get("anyOf", ()) if isinstance(each, Mapping))]
        if any(each.get("type") == "number" for each in kinds):
            yield from (
                (name, amount) for amount in islice((each for each in INEXACT if is_valid_in_decimals(part, each)), 1)
            )


def _lists_of_texts(schema: Any) -> Iterator[tuple[str, int]]:
    """Yield the arrays of free texts, and how many these may hold, a few at most."""
    for name, part in parts_of(schema).items():
        items = part.get("items")
        most = part.get("maxItems", _MOST_ITEMS)
        is_free = (
            isinstance(items, Mapping)
            and items.get("type") == "string"
            and not {"enum", "pattern", "format"} & {*items}
        )
        if part.get("type") == "array" and is_free and isinstance(most, int) and most > 1:
            yield name, min(most, _MOST_ITEMS)


def _long_texts(schema: Any) -> Iterator[tuple[str, int]]:
    """Yield the free texts of which the schema says how long they may be, and how long one of them is made."""
    for name, part in parts_of(schema).items():
        kinds = [part, *(each for each in part.get("anyOf", ()) if isinstance(each, Mapping))]
        for each in kinds:
            says_more = any(keyword in each for keyword in ("enum", "const", "pattern", "format", "contentEncoding"))
            most = each.get("maxLength")
            if each.get("type") == "string" and not says_more and isinstance(most, int) and most >= _LEAST:
                yield name, min(most, _MOST)
