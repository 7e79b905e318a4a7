"""Values to set and to get again: new ones, and those that programs easily take for another: `false`, 0, parts, letters."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from ..behaviour.fresh_values import makers_for, new_value
from ..behaviour.leaves import leaves_of, same
from ..checks.violation import is_valid
from ..parts import part_of, parts_of
from .values import has_word, plain, unused_name

_NEW: Final = 3
_NUMBERS: Final = (17, 23, 31, 5, 6, 7, 2, 3, 40, 60, 90, 120, 1, 4)
_DECIDES: Final = ("pattern", "format", "contentEncoding")
_LONG: Final = 300
_FEWEST: Final = 16
"""A shorter beginning of a long text is no text that was cut off."""


def new_values(schema: Any, base: Mapping[str, Any], name: str) -> list[Any]:
    """Return some values of a parameter that differ; of a free text such as nobody has used."""
    found: list[Any] = []
    for value in _made(part_of(schema, name), name, base[name]):
        if is_valid(schema, {**base, name: value}) and not any(same(value, other) for other in found):
            found.append(value)
    return [*islice(found, _NEW)]


def others(schema: Any, base: Mapping[str, Any], name: str, value: Any) -> Iterator[Any]:
    """Yield values of the kind of `value` that a program may keep as something else, as far as the schema takes them."""
    made: tuple[Any, ...] = ()
    if isinstance(value, bool):
        made = (not value, value)
    elif isinstance(value, int | float):
        made = (0, -3, 2.5, -1.5, 12345, 1234.56)
    elif isinstance(value, str) and not _is_closed(part_of(schema, name)):
        made = (f"Grüße aus Łódź {unused_name()}", f"{unused_name()} {'long ' * _LONG}"[:_LONG].strip(), 0, False)
    yield from (other for other in made if is_valid(schema, {**base, name: other}))


def shared_options(schema: Any, other: Any, known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the texts and choices that two tools may both be given beside what they need, of equal schemas, with another value."""
    ours, theirs = parts_of(schema), parts_of(other)
    for name in (each for each in ours if each not in known and ours[each] == theirs.get(each)):
        part = ours[name]
        default = part.get("default")
        if not isinstance(default, str):
            continue
        chance = random.Random(name)
        made = (new_value(maker, part, default, chance) for maker in makers_for(part, default))
        words = part["enum"] if isinstance(part.get("enum"), list) else made
        yield from (
            (name, word) for word in islice((each for each in words if isinstance(each, str) and each != default), 1)
        )


def shows(answer: Any, value: Any) -> bool:
    """Whether an answer holds a value: as a leaf, as a part, or within a text."""
    answer = plain(answer)
    if isinstance(value, list | dict):
        return any(inner == value for inner in _parts(answer))
    if isinstance(answer, str) and not isinstance(value, bool):
        return has_word(answer, value)
    return any(same(leaf, value) for leaf in leaves_of(answer).values())


def place_of(answer: Any, name: str, value: Any) -> str | None:
    """Return where an answer holds a value, as a JSON Pointer; None where nowhere, or nobody can say which it is."""
    places = [p for p, leaf in leaves_of(plain(answer)).items() if same(leaf, value) and not p.endswith("#")]
    named = [place for place in places if place.rpartition("/")[2] in (name, "value")]
    return named[0] if len(named) == 1 else places[0] if len(places) == 1 else None


def is_spoilt(given: Any, read: Any) -> bool:
    """Whether something else was kept: another number, letters that became question marks, a beginning."""
    if isinstance(given, bool) or (given == 0 and not isinstance(given, str)):
        return True
    if isinstance(given, str) and isinstance(read, str):
        is_cut = _FEWEST <= len(read) < len(given) and given.startswith(read)
        return is_cut or any(sign in read and sign not in given for sign in "?\ufffdÃ")
    return isinstance(read, int | float) and not isinstance(read, bool) and not isinstance(given, str)


def _made(part: Mapping[str, Any], name: str, own: Any) -> Iterator[Any]:
    kinds = [part, *(each for each in part.get("anyOf", ()) if isinstance(each, Mapping))]
    members = next((each["enum"] for each in kinds if isinstance(each.get("enum"), list)), None)
    if members is not None:
        yield from members
    elif isinstance(own, bool):
        yield True
    elif isinstance(own, int | float):
        is_whole = any(each.get("type") == "integer" for each in kinds)
        yield from ((*_NUMBERS, own + 1, own - 1) if is_whole else (*_NUMBERS, 0.5, 0.25, 0.75))
    elif isinstance(own, str) and not _is_closed(part):
        yield from (f"some {name} {unused_name()}" for _ in range(_NEW))
    elif isinstance(own, list):
        yield from ([unused_name()] for _ in range(_NEW))
    elif isinstance(own, dict):
        yield from ({**own, unused_name(): _NUMBERS[at]} for at in range(_NEW))


def _is_closed(part: Mapping[str, Any]) -> bool:
    kinds = [part, *(each for each in part.get("anyOf", ()) if isinstance(each, Mapping))]
    return any(keyword in each for each in kinds for keyword in (*_DECIDES, "enum", "const"))


def _parts(value: Any) -> Iterator[Any]:
    yield value
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for inner in inside:
        yield from _parts(inner)
