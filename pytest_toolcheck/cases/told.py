"""Values that descriptions tell: each is tried, and numbers beside those that are named, where the schema knows no bound."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from . import words
from .changes import Change, change
from .identity import identity
from .near_told import far_dates, has_form, near_forms
from .numbers import bounds
from .schema import Conjunction, Document
from .shapes import Shape, alternatives
from .turns import interleaved

_LIST = re.compile(r"\b\w+s:\s+((?:[\w-]+,\s+)*[\w-]+(?:,?\s+(?:and|or)|,)\s+[\w-]+)")
"""`Moods: calm, happy, sad.`"""
_BARE = re.compile(r"\A\W*(?:either\s+)?((?:[\w-]+,\s+)*[\w-]+,?\s+or\s+[\w-]+)(?=\s*(?:[,.;:(]|\Z))")
"""`small, medium or large`: a description that begins with a list."""
_MOST_TEXTS, _MOST_NUMBERS, _MOST_SILENT = 12, 6, 6
_MOST_FORMS, _MOST_NEAR, _MOST_DATES = 2, 24, 2


def told(document: Document, base: Any, about: str | None = None) -> Iterator[Change]:
    """Yield the base with each value that a parameter's description names in its place, as far as the schema takes it.

    What the tool's own description says, `about` it, may be meant for each parameter that has none.
    """
    if not isinstance(base, dict):
        return
    for shape in alternatives(document, (document.root,))[:1]:
        for name in shape.property_names():
            for item in _of_parameter(document, shape.member(name)):
                yield item.below(name, partial(_with_member, base, name))
        silent = [name for name in shape.property_names() if about and not _said(document, shape.member(name))]
        for name in silent[:_MOST_SILENT]:
            for item in _meant_for(document, shape.member(name), _words_in(str(about))):
                yield item.below(name, partial(_with_member, base, name))


def _said(document: Document, conjunction: Conjunction) -> bool:
    return any(shape.all_of("description") for shape in alternatives(document, conjunction))


def _meant_for(document: Document, conjunction: Conjunction, found: list[str]) -> Iterator[Change]:
    kinds = {kind for s in alternatives(document, conjunction) if s.members() is None for kind in s.types()}
    if "string" in kinds:
        named = [word for word in found if not word.isdecimal()]
        dates = (far for word in named for far in far_dates(word))
        texts = (word for word in named if document.holds(conjunction, word))
        far = (date for date in dates if document.holds(conjunction, date))
        for word in (*islice(texts, _MOST_TEXTS), *islice(far, _MOST_DATES)):
            yield change("enum", word, only_if_valid=True)
        yield from _near(document, conjunction, (word for word in named if document.holds(conjunction, word)))
    if {"integer", "number"} & kinds:
        yield from (change("number", number, only_if_valid=True) for number in _numbers(found))


def texts_told(document: Document, conjunction: Conjunction) -> list[str]:
    """Return the texts that the descriptions of a free text name, likeliest first."""
    shapes = alternatives(document, conjunction)
    if not any("string" in shape.types() and shape.members() is None for shape in shapes):
        return []
    found = (word for word in _words(document, shapes) if document.holds(conjunction, word))
    return list(dict.fromkeys(found))[:_MOST_TEXTS]


def numbers_told(document: Document, conjunction: Conjunction) -> list[int | float]:
    """Return the numbers that the description of a number without bounds names."""
    found: dict[str, int | float] = {}
    for shape in alternatives(document, conjunction):
        if shape.members() is None and {"integer", "number"} & {*shape.types()} and bounds(shape) == (None, None):
            found |= {identity(n): n for n in _named(_words(document, [shape])) if document.holds(conjunction, n)}
    return list(found.values())


def _of_parameter(document: Document, conjunction: Conjunction) -> Iterator[Change]:
    for text in texts_told(document, conjunction):
        yield change("enum", text, only_if_valid=True)
    yield from _near_forms(document, conjunction)
    shapes = alternatives(document, conjunction)
    for shape in shapes:
        if shape.members() is not None:
            continue
        if {"integer", "number"} & {*shape.types()}:
            yield from (change("number", number, only_if_valid=True) for number in _numbers(_words(document, [shape])))
        if "array" in shape.types():
            items = texts_told(document, shape.item(0)) or _words(document, [shape])[:_MOST_TEXTS]
            yield from (change("enum", [word], only_if_valid=True) for word in items)


def _near_forms(document: Document, conjunction: Conjunction) -> Iterator[Change]:
    """Yield texts that are nearly of the form which a description or an example of a free text shows."""
    shapes = [shape for shape in alternatives(document, conjunction) if "string" in shape.types()]
    examples = (text for shape in shapes for given in shape.all_of("examples") for text in _listed_texts(given))
    yield from _near(document, conjunction, (*texts_told(document, conjunction), *examples) if shapes else ())


def _near(document: Document, conjunction: Conjunction, texts: Iterable[str]) -> Iterator[Change]:
    """Yield what is nearly of the form of these texts, where no pattern or format says more than they."""
    shapes = [shape for shape in alternatives(document, conjunction) if "string" in shape.types()]
    if any(shape.members() is not None or shape.all_of("pattern") or shape.all_of("format") for shape in shapes):
        return
    streams = [iter(near_forms(text)) for text in filter(has_form, dict.fromkeys(texts))]
    for text in islice(interleaved(streams[:_MOST_FORMS]), _MOST_NEAR):
        yield change("pattern", text, f"nearly of the form {text}", only_if_valid=True)


def _listed_texts(given: Any) -> list[str]:
    return [item for item in given if isinstance(item, str)] if isinstance(given, list) else []


def _words(document: Document, shapes: list[Shape]) -> list[str]:
    texts = [str(text) for shape in shapes for keyword in ("description", "title") for text in shape.all_of(keyword)]
    for text in texts:  # each is asked for by all that looks for values
        if ("words", text) not in document.memo:
            document.memo["words", text] = _words_in(text)
    return list(dict.fromkeys(word for text in texts for word in document.memo["words", text]))


def _words_in(text: str) -> list[str]:
    lists = (match[1] for pattern in (_LIST, _BARE) for match in pattern.finditer(text))
    listed = (word for found in lists for word in re.split(r",|\bor\b|\band\b", found))
    return list(dict.fromkeys(filter(None, (*words.allowed_in(text), *map(str.strip, listed), *words.from_text(text)))))


def words_listed(text: str) -> list[str]:
    """Return the words that a text lists as values, or quotes; without numbers, shapes and examples."""
    lists = (match[1] for pattern in (_LIST, _BARE) for match in pattern.finditer(text))
    listed = (word.strip() for found in lists for word in re.split(r",|\bor\b|\band\b", found))
    return list(dict.fromkeys(filter(None, (*words.allowed_in(text), *listed, *words.quoted_in(text)))))


def _numbers(found: list[str]) -> list[int | float]:
    """Return the numbers among the words, then their neighbours: the last that is allowed, and the first that is not."""
    named = _named(found)
    return list({identity(n): n for n in (*named, *(n + by for n in named for by in (-1, 1)))}.values())


def _named(found: list[str]) -> list[int | float]:
    numbers = [word for word in words.as_types(found) if isinstance(word, int | float) and not isinstance(word, bool)]
    return numbers[:_MOST_NUMBERS]


def _with_member(base: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    return {**base, name: value}
