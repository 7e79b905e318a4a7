"""Maps that hold what a text beside them names: a path and the document that it leads through, a child and its parents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any

from .changes import Change, change
from .schema import Conjunction, Document
from .shapes import Shape, alternatives
from .valid import samples

_MOST_MEMBERS, _MOST_PAIRS, _MOST_VALUES = 20, 3, 4
_ANYTHING: tuple[Any, ...] = (1, None, "text", [], {})
_WORD = re.compile(r"\w+")


def keyed(document: Document, base: Any) -> Iterator[Change]:
    """Yield the base with the words of a text as the names of a map beside it, and as its values."""
    if not isinstance(base, dict) or document.is_weary:
        return
    for shape in alternatives(document, (document.root,))[:1]:
        names = shape.property_names()[:_MOST_MEMBERS]
        maps = [(name, found) for name in names if (found := _map_of(document, shape.member(name))) is not None]
        texts = [
            (name, text) for name in names if maps and (text := _telling(document, shape.member(name), base, name))
        ]
        for (name, inner), (beside, text) in islice(product(maps, texts), _MOST_PAIRS):
            for detail, made in _maps(document, inner, text):
                value = {**base, beside: text, name: made}
                yield change("combination", value, f"{name} keyed by {beside}: {detail}", only_if_valid=True)


def _map_of(document: Document, conjunction: Conjunction) -> Shape | None:
    """Return the shape of a map: an object of which the schema names no member."""
    shapes = [shape for shape in alternatives(document, conjunction) if shape.types()[:1] == ("object",)]
    return next((shape for shape in shapes if not shape.property_names()), None)


def _telling(document: Document, conjunction: Conjunction, base: dict[str, Any], name: str) -> str | None:
    """Return a text of several words where there is one, else the base's own."""
    options = [value for value in (base.get(name), *samples(document, conjunction)) if isinstance(value, str) and value]
    several = [text for text in options if len(_WORD.findall(text)) > 1]
    return next(iter(several[:1] + options), None)


def _maps(document: Document, shape: Shape, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    words = [word for word in _WORD.findall(text) if word != text]
    for key in dict.fromkeys((text, *words[:1])):
        member = shape.member(key)
        values = samples(document, member, depth=1) if member else [*_ANYTHING]
        yield from ((f"value {at}", {key: value}) for at, value in enumerate(values[:_MOST_VALUES], 1))
        yield "itself", {key: key}
        yield "in a circle", {key: f"{key}2", f"{key}2": key}
    if len(words) > 1:
        yield "one in another", {words[0]: {words[1]: 1}}
