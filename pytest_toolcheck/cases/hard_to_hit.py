"""Values of shapes for which no other way found one: all expressions of a text at once, every pair of members' values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, product
from typing import Any

from . import texts
from .schema import Conjunction, Document
from .shapes import Shape

_MOST_LOOKED_FOR, _MOST_TRIED, _MOST_MEMBERS = 6, 200, 6
_OF_MEMBERS_TOGETHER = frozenset(("not", "anyOf", "oneOf", "if", "dependentSchemas"))


def hard_to_hit(
    document: Document, conjunction: Conjunction, shapes: list[Shape], values_of: Callable[[Conjunction], list[Any]]
) -> Iterator[Any]:
    """Yield values to try, where the ordinary ones are all refused; of a few places of a schema only, as most have none.

    `values_of` returns what may stand in a member.
    """
    effort = document.effort
    for shape in (Shape(conjunction), *shapes):  # of what is written many shapes may have been left out
        ways: dict[str, Iterator[Any]] = {}
        if "string" in shape.types():
            ways["texts"] = texts.of_all(shape)
        if "object" in shape.types() and any(_OF_MEMBERS_TOGETHER & part.keywords().keys() for part in shape.parts):
            ways["objects"] = _of_members_together(shape, values_of)
        for kind, way in ways.items():
            for at, value in enumerate(islice(way, _MOST_TRIED)):
                if at == 0 and not _is_looked_for(document, kind):
                    break
                yield value
    document.effort = effort  # what other values were tried for is not done for less


def _is_looked_for(document: Document, kind: str) -> bool:
    count = document.memo.get(("hard to hit", kind), 0)
    document.memo["hard to hit", kind] = count + 1
    return bool(count < _MOST_LOOKED_FOR)


def _of_members_together(shape: Shape, values_of: Callable[[Conjunction], list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield objects of the required members with each of their values beside each of the others'."""
    names = shape.required()
    options = [values_of(shape.member(name)) for name in names[:_MOST_MEMBERS]]
    if 1 < len(names) == len(options):
        yield from (dict(zip(names, row, strict=True)) for row in product(*options))
