"""One change of one place of a base input, before it is labelled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from .identity import describe
from .turns import interleaved

Path = tuple[str | int, ...]
_TELLING_FIRST = ("required", "boundary", "enum", "pattern", "format")


_new = tuple.__new__
"""What a named tuple's own function calls, with names for the arguments, and so for most of its time."""


class Change(NamedTuple):
    """A value to put at a place; a tuple, as thousands are made of a schema.

    `only_if_valid`: it differs from the base in many things, so an invalid one says little.
    """

    category: str
    path: Path
    detail: str
    value: Any
    only_if_valid: bool = False

    def below(self, step: str | int, rebuild: Callable[[Any], Any]) -> Change:
        """Return this change seen from the container: its place is under `step`, its value the whole container."""
        nested = self.category if not self.path and isinstance(step, str) else "nested"
        path, value = (step, *self.path), rebuild(self.value)
        detail = self.detail if nested == self.category else f"{self.category} {self.detail}"
        return Change(nested, path, detail, value, self.only_if_valid)


def all_in_member(changes: Iterable[Change], base: dict[str, Any], name: str) -> Iterator[Change]:
    """Yield the changes of a member seen from the object, as `Change.below` of each."""
    here = (name,)
    for category, path, detail, value, only_if_valid in changes:
        if not path:
            yield _new(Change, (category, here, detail, {**base, name: value}, only_if_valid))
        elif category == "nested":
            yield _new(Change, (category, (name, *path), detail, {**base, name: value}, only_if_valid))
        else:
            yield _new(Change, ("nested", (name, *path), f"{category} {detail}", {**base, name: value}, only_if_valid))


def all_in_item(changes: Iterable[Change], base: list[Any], place: int) -> Iterator[Change]:
    """Yield the changes of an item seen from the array, as `Change.below` of each."""
    before, behind, here = base[:place], base[place + 1 :], (place,)
    for category, path, detail, value, only_if_valid in changes:
        said = detail if category == "nested" else f"{category} {detail}"
        where = (place, *path) if path else here
        yield _new(Change, ("nested", where, said, [*before, value, *behind], only_if_valid))


def change(category: str, value: Any, detail: str | None = None, *, only_if_valid: bool = False) -> Change:
    """Return a change of the value itself; the detail is the value where none is given."""
    return _new(Change, (category, (), describe(value) if detail is None else detail, value, only_if_valid))


def in_turns(changes: Iterable[Change]) -> Iterator[Change]:
    """Return the changes in turns over their places and, at each, over their kinds: every place is soon changed.

    First of those that also find what looks at types only.
    """
    places: dict[Path, dict[str, list[Change]]] = {}
    for item in changes:
        kind = item.detail.split(" ", 1)[0] if item.category == "nested" else item.category
        places.setdefault(item.path, {}).setdefault(kind, []).append(item)
    ordered = [sorted(kinds, key=lambda kind: kind not in _TELLING_FIRST) for kinds in places.values()]
    rows = [[iter(kinds[kind]) for kind in order] for kinds, order in zip(places.values(), ordered, strict=True)]
    return interleaved([*map(interleaved, rows)])


def nested(changes: Iterator[Change]) -> Iterator[Change]:
    """Yield the changes under the category `nested`."""
    for item in changes:
        if item.category == "nested":
            yield item
        else:
            category, path, detail, value, only_if_valid = item
            yield _new(Change, ("nested", path, f"{category} {detail}", value, only_if_valid))
