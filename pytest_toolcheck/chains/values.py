"""Values in tools' results: what may name a thing, what a result shows of a parameter, and values that nobody has used."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from ..behaviour.fresh_values import makers_for, new_value
from ..cases.words import from_name
from ..checks.base import plain as plain
from ..checks.violation import is_valid
from ..parts import part_of, parts_of
from .roles import words_of

_IDS = ("id", "uuid", "guid", "key")
_DONE = ("ok", "success", "found", "exists")
_DONE_BY = {"deleted": "delete", "removed": "delete", "updated": "update"}
"""What a reader answers so is a state: a page that is not deleted."""
_LONGEST = 80
_MOST_OTHERS = 8
_TELLING = 4
"""A shorter text stands in an answer by chance."""
_MOST_ALONE = 3
_FEW = 3
"""Of so many elements of an array the values are looked at: what was made stands first, or last."""


def keyed_values(result: Any, key: str, noun: str = "") -> Iterator[Any]:
    """Yield the values of a result that stand under the key, then under what else an id of the `noun` is called."""
    found = [("_".join(words_of(name)), value) for name, value in leaves(result) if not isinstance(value, bool)]
    yield from dict.fromkeys(value for name in names_of(key, noun) for leaf, value in found if leaf == name)


def listed_values(result: Any, key: str, noun: str = "") -> Iterator[Any]:
    """Yield the first values of arrays whose name is the key's, or of what else it may be called, in the plural: `ids`."""
    wanted = {f"{name}s" for name in names_of(key, noun)}
    for name, inner in result.items() if isinstance(result, Mapping) else ():
        if isinstance(inner, Mapping):
            yield from listed_values(inner, key, noun)
        elif isinstance(inner, list) and "_".join(words_of(name)) in wanted:
            yield from (
                value for value in inner[:_FEW] if isinstance(value, (str, int)) and not isinstance(value, bool)
            )


def other_values(result: Any) -> list[Any]:
    """Return all further short values of a result, the first elements of arrays too: what names a thing may be called anything."""
    inside = [inner for _, inner in _scalars(result, "")]
    return list(dict.fromkeys(value for value in inside if value != "" and len(str(value)) <= _LONGEST))[:_MOST_OTHERS]


def _scalars(value: Any, name: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        yield name, value
    elif depth < 4:
        inside = (
            value.items()
            if isinstance(value, Mapping)
            else ((name, inner) for inner in value[:_FEW])
            if isinstance(value, list)
            else ()
        )
        for key, inner in inside:
            yield from _scalars(inner, key, depth + 1)


def shows_any(answer: Any, given: Mapping[str, Any]) -> bool:
    """Whether an answer shows one of the texts that were given: then it is about what was made with them."""
    text = json.dumps(answer, default=str, ensure_ascii=False)
    return any(
        len(value) >= _TELLING and value in text for _, value in _scalars(dict(given), "") if isinstance(value, str)
    )


def own_values(result: Any, key: str, noun: str) -> Iterator[Any]:
    """Yield the values under the key itself, under `id` for an id, or under the key with the noun before it."""
    last = (words_of(key) or [""])[-1]
    own = {"_".join(words_of(key)), f"{noun}_{last}", *(["id"] if last == "id" else [])}
    found = [(name, value) for name, value in leaves(result) if not isinstance(value, bool)]
    yield from dict.fromkeys(value for name, value in found if "_".join(words_of(name)) in own)


def names_of(key: str, noun: str = "") -> list[str]:
    """Return the names under which a result may hold what the parameter `key` takes, the likeliest first."""
    words = words_of(key)
    own = "_".join(words)
    if not words or words[-1] not in _IDS:
        return [own, *([f"{noun}_{own}"] if noun and not own.startswith(noun) else [])]
    return [own, *(["id"] if words[-1] == "id" else []), *other_names(words, noun)]


def other_names(words: list[str], noun: str) -> list[str]:
    """Return further names of an id: `uuid`, `key`, and with the noun before them."""
    nouns = dict.fromkeys(["", "_".join(words[:-1]), noun])
    return [f"{about}_{word}".lstrip("_") for about in nouns for word in _IDS]


def denies(value: Any, role: str) -> bool:
    """Whether a result says that nothing was done or found: `false`, `{"ok": false}`, `{"found": false}`, `{"error": true}`."""
    if isinstance(value, Mapping) and value.get("error") is True:
        return True
    words = (*_DONE, *(word for word, by in _DONE_BY.items() if by == role))
    return value is False or (isinstance(value, Mapping) and any(value.get(name) is False for name in words))


def values_in_text(result: Any) -> list[Any]:
    """Return what in a plain result may name a thing: itself, and the numbers and long words in it."""
    if not isinstance(result, (str, int)) or isinstance(result, bool):
        return []
    return list(
        dict.fromkeys(
            [
                result,
                *re.findall(r"[\w-]{8,}|[A-Za-z]+[-_]?\d[\w-]*|\d+|(?<=['\"`])[^'\"`]+(?=['\"`])", str(result))[:5],
            ]
        )
    )


_fresh = itertools.count(1)


def varied(schema: Any, arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the arguments with texts and numbers that nobody has used: each of them alone, then all; what is unique may be taken."""
    number = _unused_number()
    changed = {
        name: value + number if isinstance(value, int) else f"{value} {number}"
        for name, value in arguments.items()
        if isinstance(value, (str, int)) and not isinstance(value, bool)
    }
    alone = ({**arguments, name: value} for name, value in changed.items())
    for candidate in (*alone, {**arguments, **changed}):
        if is_valid(schema if schema is not None else True, candidate):
            yield candidate


def with_new_texts(schema: Any, arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the arguments with every text made one that nobody has used, where the schema allows that."""
    number = _unused_number()
    changed = {name: f"{value} {number}" for name, value in arguments.items() if isinstance(value, str)}
    candidate = {name: value for name, value in changed.items() if is_valid(schema, {**arguments, name: value})}
    if candidate:
        yield {**arguments, **candidate}


def new_key(schema: Any, arguments: Mapping[str, Any], key: str, used: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the arguments with a key of the same form that nobody has used, where their own is still the used one."""
    part = part_of(schema, key)
    if key not in arguments or arguments[key] != used.get(key) or not part:
        return
    chance = random.Random(_unused_number())
    made = (new_value(maker, part, arguments[key], chance) for maker in makers_for(part, arguments[key]))
    yield from ({**arguments, key: value} for value in made if value is not None)


def all_new(schema: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with texts that nobody has used, those of a form that are needed (a key, as a rule) too."""
    made = dict(next(with_new_texts(schema, arguments), arguments))
    needed = schema.get("required", ()) if isinstance(schema, Mapping) else ()
    for name in (each for each in needed if isinstance(arguments.get(each), str)):
        made = next(new_key(schema, made, name, arguments), made)
    return made


def unused_name() -> str:
    """Return a short text, of a letter and digits, that nobody has used."""
    return f"n{_unused_number()}"


def later_digits() -> str:
    """Return digits that nobody has used, and that come after those before."""
    return f"{_unused_number():09d}"


def _unused_number() -> int:
    return next(_fresh) * 7919 + os.getpid() % 7919


def optional_inputs(schema: Any, arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the arguments and what they leave out: everything, then the choices and numbers alone, then each text alone."""
    left_out = {name: part for name, part in parts_of(schema).items() if name not in arguments}
    chosen = {name: value for name, part in left_out.items() if (value := _last(part)) is not None}
    texts = {name: text for name, part in left_out.items() if (text := _free_text(name, part)) is not None}
    alone = [{name: text} for name, text in islice(texts.items(), _MOST_ALONE)]
    seen: list[dict[str, Any]] = [{}]
    for options in ({**chosen, **texts}, chosen, texts, *alone):
        candidate = {**arguments, **options}
        if options not in seen and is_valid(schema, candidate):
            seen.append(options)
            yield candidate


def _free_text(name: str, part: Mapping[str, Any]) -> Any:
    """Return a text for a parameter that takes any, an array of one for an array of texts; what its name asks for in that form."""
    kinds = [part, *(each for each in part.get("anyOf", ()) if isinstance(each, Mapping))]
    items = next((each["items"] for each in kinds if isinstance(each.get("items"), Mapping)), None)
    if items is not None:
        item = _free_text(name, items)
        return None if item is None else [item]
    if not any(each.get("type") == "string" for each in kinds) or any("enum" in each for each in kinds):
        return None
    usual = next((value for value in from_name(name) if isinstance(value, str)), "")
    has_form = " " not in usual and any(not char.isalpha() for char in usual)
    return usual if has_form else f"some {name} {next(_fresh) * 7919}"


def _last(part: Mapping[str, Any]) -> Any:
    """Return the last member of an enumeration, an integer's maximum or what follows its default, a switch that is on by
    no default; None for all else."""
    enum, default = part.get("enum"), part.get("default")
    if part.get("type") == "boolean" and default is False:
        return True
    values: list[Any] = enum[::-1] if isinstance(enum, list) else []
    if part.get("type") == "integer" and not values:
        values = [part.get("maximum"), *([default + 1] if isinstance(default, int) else [])]
    return next((value for value in values if value is not None and value != default), None)


def members_of(schema: Any, name: str) -> list[Any]:
    """Return the members of a parameter that is a choice; none of another one."""
    members = part_of(schema, name).get("enum")
    return members if isinstance(members, list) else []


def further_values(schema: Any, name: str, value: Any) -> list[Any]:
    """Return two other values of a number or a choice; none of a free text, which may be masked or cut."""
    if members := members_of(schema, name):
        return [member for member in members if member != value][:2]
    return [value + 1, 2 * value + 7] if isinstance(value, int) else []


def is_own(seen: Any, offered: Any) -> bool:
    """Whether what is shown may be what was given, in other letters or cut short; a mask, or what another tool made, is not."""
    return offered is None or str(seen).casefold()[:4] in str(offered).casefold()


def changeable(schema: Any, created: Any) -> Iterator[tuple[str, Mapping[str, Any], str | None]]:
    """Yield the parameters that an update takes, with the object around them where it takes its changes as one.

    An object that says nothing of what is in it takes what the creator takes.
    """
    own = parts_of(schema)
    yield from ((name, inner, None) for name, inner in own.items())
    for outer, part in own.items():
        if "object" in (
            part.get("type"),
            *(each.get("type") for each in part.get("anyOf", ()) if isinstance(each, Mapping)),
        ):
            inside = parts_of(part) or (created.get("properties", {}) if isinstance(created, Mapping) else {})
            yield from ((name, inner, outer) for name, inner in inside.items() if isinstance(inner, Mapping))


def made_up(value: Any) -> Any:
    """Return a value of the same kind that names nothing."""
    if isinstance(value, int):
        return value + 7_919_003
    return "".join(_turned(char) for char in value) if value else "none"


def _turned(char: str) -> str:
    if char in "0123456789abcdef":
        return "fedcba9876543210"["0123456789abcdef".index(char)] if not char.isdecimal() else str(9 - int(char))
    return chr(ord(char) ^ 1) if char.isascii() and char.isalpha() and chr(ord(char) ^ 1).isalpha() else char


def leaves(value: Any, depth: int = 0, kinds: tuple[type, ...] = (str, int)) -> Iterator[tuple[str, Any]]:
    """Yield names and values of texts and integers in a result, those of the outer objects and first elements first."""
    if depth > 4:
        return
    if isinstance(value, Mapping):
        yield from ((name, inner) for name, inner in value.items() if isinstance(inner, kinds))
        inside = [inner for inner in value.values() if isinstance(inner, (Mapping, list))]
    else:
        inside = [inner for inner in value[:_FEW] if isinstance(inner, Mapping)] if isinstance(value, list) else []
    for inner in inside:
        yield from leaves(inner, depth + 1, kinds)


def shown(answer: Any, name: str, known: Any = None) -> Any:
    """Return what an answer shows of a parameter; of a text, whether the `known` value stands in it."""
    if isinstance(answer, str):
        return known if isinstance(known, (str, int)) and has_word(answer, known) else None
    return next((inner for leaf, inner in leaves(answer, kinds=(str, int, float)) if leaf == name), None)


def array_shown(answer: Any, name: str) -> list[Any] | None:
    """Return the array that an answer shows under a name."""
    inside = answer if isinstance(answer, Mapping) else {}
    if isinstance(inside.get(name), list):
        return list(inside[name])
    return next((found for each in inside.values() if (found := array_shown(each, name)) is not None), None)


def without(answer: Any, key: Any) -> str:
    """Return an answer without the key that was asked for: an echo of it shows nothing."""
    return json.dumps(answer, default=str).replace(str(key), "\0")


def has_word(text: str, value: Any) -> bool:
    """Whether a text holds a value, and not only as a part of a longer word or number."""
    return str(value) != "" and re.search(rf"(?<![\w-]){re.escape(str(value))}(?![\w-])", text) is not None
