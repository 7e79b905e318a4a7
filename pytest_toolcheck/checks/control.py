"""A control experiment for a refusal at the edge: is the neighbour just inside the bound accepted?

Where `acceptance` is `auto` a text or an open number may be refused for reasons that no schema states. But a tool
that accepts the value just inside a bound and refuses the one at it has the bound wrong.
"""

from __future__ import annotations

import copy
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..targets._text_values import types_of
from .base import Evidence, place_of, said_of, shorten
from .described_fully import differs_only_where_fully_described
from .violation import is_valid

if TYPE_CHECKING:
    from ..cases.model import Case


_CATEGORIES = ("example", "boundary", "format", "nested", "number", "optional", "size")
_AT_AN_END = ("most repeats", "match")
_MOST_PLACES = 12
_DAY = re.compile(r"(\d{4}-\d\d)-(?:29|30|31)(|T.*)\Z", re.ASCII | re.DOTALL)
_NO_SUCH_DAY = re.compile(r"\bday is out of range for month\b|\bday \d+ must be in range 1\.\.\d+ for month \d+\b")
"""What Python says of a day that it was asked to make, and that no month has."""
_PARTS_OF_A_DAY = re.compile(r"day|month|year", re.IGNORECASE)
_LEAP_DAY = re.compile(r"(\d{4})-02-29(|T.*)\Z", re.ASCII | re.DOTALL)


def refusal_contradicts_neighbour(evidence: Evidence) -> str | None:
    """Return the promise that is broken, or None where the neighbours are refused as well or cannot be made."""
    case = evidence.case
    is_asked = case.category in _CATEGORIES or (case.category == "pattern" and case.detail.startswith(_AT_AN_END))
    if evidence.retry is None or evidence.tool.input is None or not is_asked:
        return None
    for pointer in _places_at_a_bound(evidence):
        for changed in _inward(evidence, pointer):
            if (neighbour := _accepted(evidence, pointer, changed)) is not None:
                if _accepts_another_at_the_bound(evidence, pointer):
                    break
                return (
                    f"the bound of {pointer} ({place_of(evidence.tool, 'input')}): its neighbour inside the bound "
                    f"is accepted: {shorten(neighbour, 160)}"
                )
    return _counts_something_else(evidence) or _refused_for_one_described_part(evidence)


def refuses_leap_days_only(evidence: Evidence) -> str | None:
    """Return the promise that is broken where 29 February is refused and both days beside it are accepted."""
    pointer, value = evidence.case.pointer, evidence.case.input
    names = value if not pointer and isinstance(value, dict) else ()
    places = [pointer] if pointer else ["/" + name.replace("~", "~0").replace("/", "~1") for name in names]
    found = (_leap_day_refused(evidence, place) for place in places[:_MOST_PLACES])
    return next((reason for reason in found if reason is not None), None)


def refuses_ends_of_months(evidence: Evidence) -> str | None:
    """Return the promise that is broken where a day that there is was refused as one that there is not, and the 15th is accepted.

    Whoever takes a day, a month or a year as a number may be sent those of a day that no calendar has.
    """
    schema, value = evidence.tool.input, evidence.case.input
    if not isinstance(schema, dict) or not isinstance(value, dict) or not _NO_SUCH_DAY.search(said_of(evidence)):
        return None
    properties = schema.get("properties", {})
    if any(
        _PARTS_OF_A_DAY.search(name) for name, part in properties.items() if not isinstance(part, dict) or _counts(part)
    ):
        return None
    for name in [each for each in value if isinstance(value[each], str)][:_MOST_PLACES]:
        found = _DAY.match(value[name])
        place = "/" + name.replace("~", "~0").replace("/", "~1")
        if found is None or not _has_format(schema, place):
            continue
        if (good := _accepted(evidence, place, f"{found[1]}-15{found[2]}")) is not None:
            where = place_of(evidence.tool, "input")
            return f"the calendar ({where}, {place}): {value[name][:10]} is a day; the 15th is accepted: {shorten(good, 80)}"
    return None


def _counts(part: dict[str, Any]) -> bool:
    return "string" not in types_of(part)


def _leap_day_refused(evidence: Evidence, pointer: str) -> str | None:
    text = _at(evidence.case.input, pointer)
    if not isinstance(text, str) or (leap := _LEAP_DAY.match(text)) is None:
        return None
    year, rest = leap.groups()
    beside = [_accepted(evidence, pointer, f"{year}-{day}{rest}") for day in ("02-28", "03-01")]
    if None in beside:
        return None
    return (
        f"the calendar ({place_of(evidence.tool, 'input')}, {pointer}): 29 February {year} is a day; "
        f"the days before and after are accepted: {shorten(beside[0], 80)}, {shorten(beside[1], 80)}"
    )


def _places_at_a_bound(evidence: Evidence) -> list[str]:
    """Return the place that was changed; of a whole input, those where a step one way is valid and the other way not."""
    case = evidence.case
    if case.pointer:
        return [case.pointer] if _is_about_a_bound(case) else []
    names = list(case.input)[:_MOST_PLACES] if isinstance(case.input, dict) else []
    places = ("/" + name.replace("~", "~0").replace("/", "~1") for name in names)
    return [place for place in places if not isinstance(_at(case.input, place), str)]


def _is_about_a_bound(case: Case) -> bool:
    return case.category != "nested" or case.detail.startswith("boundary") or not case.detail[:1].isalpha()


def _inward(evidence: Evidence, pointer: str) -> list[Any]:
    """Return what lies one step inside the bound; nothing where the value is at none."""
    value = _at(evidence.case.input, pointer)
    steps = _stepped(value)
    valid = [is_valid(evidence.tool.input or True, _with(evidence.case.input, pointer, step)) for step in steps]
    is_named = evidence.case.category == "boundary" or evidence.case.detail.startswith("boundary")
    if isinstance(value, bool) or not (is_named or (True in valid and False in valid)):
        return []
    if all(valid) and not _has_bound_near(evidence, pointer, steps):
        return []
    return [step for step, holds in zip(steps, valid, strict=True) if holds]


def _accepts_another_at_the_bound(evidence: Evidence, pointer: str) -> bool:
    """Whether a text of the same length is accepted: then it is not the length that is refused, but the text itself.

    It may be what the tool has already, or what another parameter is: `old` and `new` that must differ. Where a
    format is asked for, what lies at its end (the last address) is no matter of length. Of an encoded text, no other
    of the same length need exist, and no label tells whether it can be decoded.
    """
    text = _at(evidence.case.input, pointer)
    if isinstance(text, str) and "contentEncoding" in _part_at(evidence.tool.input, pointer):
        return True
    if not isinstance(text, str) or not text or _has_format(evidence.tool.input, pointer):
        return False
    signs = "0123456789ab" if text[-1].isdecimal() else "ab12"  # the last may be a check digit
    others = [text[:-1] + sign for sign in signs if sign != text[-1]]
    others += [sign * len(text) for sign in "1a" if len(text) > 1]  # 99 may be no minute, and no 9x either
    valid = (
        other for other in others if is_valid(evidence.tool.input or True, _with(evidence.case.input, pointer, other))
    )
    tried = valid if text[-1].isdecimal() else islice(valid, 3)
    return any(_accepted(evidence, pointer, other) is not None for other in tried)


def _has_format(schema: Any, pointer: str) -> bool:
    return "format" in _part_at(schema, pointer)


def _part_at(schema: Any, pointer: str) -> dict[str, Any]:
    """Return the schema of a parameter; an empty one for what is no parameter."""
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    part = properties.get(pointer[1:].replace("~1", "/").replace("~0", "~"))
    return part if isinstance(part, dict) else {}


def _has_bound_near(evidence: Evidence, pointer: str, steps: list[Any]) -> bool:
    """Whether a second step leaves what the schema accepts; two items of an array without bounds are at no bound."""
    schema, value = evidence.tool.input or True, evidence.case.input
    return any(not is_valid(schema, _with(value, pointer, further)) for step in steps for further in _stepped(step))


def _refused_for_one_described_part(evidence: Evidence) -> str | None:
    """Whether a known-good input is refused as soon as one fully described part of this one is put into it."""
    case, schema = evidence.case, evidence.tool.input
    if case.category != "example" or not evidence.known_good or evidence.retry is None or schema is None:
        return None
    good = evidence.known_good[-1]
    for name in [name for name in case.input if name in good and good[name] != case.input[name]][:_MOST_PLACES]:
        other = {**good, name: case.input[name]}
        is_promised = is_valid(schema, other) and differs_only_where_fully_described(schema, good, other)
        if is_promised and evidence.retry(other).kind == "refused":
            return (
                f"acceptance (auto) of {name!r}, whose schema says all ({place_of(evidence.tool, 'input')}): with "
                f"nothing else changed a known-good input is refused as well: {shorten(other, 160)}"
            )
    return None


def _counts_something_else(evidence: Evidence) -> str | None:
    """Whether letters of the same count, and fewer of the same characters, are accepted: then bytes are counted."""
    pointer = evidence.case.pointer
    text = _at(evidence.case.input, pointer) if pointer else None
    if not isinstance(text, str) or text.isascii() or len(text) < 2:
        return None
    plain = _accepted(evidence, pointer, "a" * len(text))
    if plain is None or _accepted(evidence, pointer, text[: len(text) // 2]) is None:
        return None
    return (
        f"the bound of {pointer} ({place_of(evidence.tool, 'input')}): a length is counted in characters; "
        f"as many letters are accepted: {shorten(plain, 160)}"
    )


def _accepted(evidence: Evidence, pointer: str, changed: Any) -> Any:
    """Return the input with `changed` at the place if it is valid and the tool accepts it, else None."""
    other = _with(evidence.case.input, pointer, changed)
    if evidence.retry is None or not is_valid(evidence.tool.input or {}, other):
        return None
    return other if evidence.retry(other).kind == "accepted" else None


def _with(value: Any, pointer: str, changed: Any) -> Any:
    other = copy.deepcopy(value)
    step, parent = _steps(pointer)[-1], _at(other, pointer.rpartition("/")[0])
    parent[int(step) if isinstance(parent, list) else step] = changed
    return other


def _stepped(value: Any) -> list[Any]:
    """Return the value one step smaller and one step larger."""
    if isinstance(value, bool):
        return []
    if isinstance(value, int | float):
        return [value - 1, value + 1]
    if isinstance(value, str) and value:
        return [value[:-1], value + value[-1]]
    if isinstance(value, list) and value:
        return [value[:-1], [*value, value[-1]]]
    if isinstance(value, dict) and value:
        last = list(value)[-1]
        return [{name: item for name, item in value.items() if name != last}, {**value, f"{last}_": value[last]}]
    return []


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _at(value: Any, pointer: str) -> Any:
    for step in _steps(pointer):
        if isinstance(value, list):
            value = value[int(step)] if step.isdigit() and int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
