"""What is made stays: a second thing does not take the place of the first, and reading takes nothing away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..checks import Finding
from ..checks.base import shorten
from ..checks.violation import is_valid
from ..parts import part_of
from .calls import BAD
from .each import ChainEach
from .lists import Listed
from .roles import words_of
from .values import further_values, own_values, plain, shown, shows_any, unused_name

_MEANT_ONCE = re.compile(
    r"\b(?:once|one-time|burn\w*|self-destruct\w*|consum\w+|pops?|queue\w*|dequeue\w*|next"
    r"|takes? (?:it )?(?:out|away)|removes?|claims?|redeem\w*"
    r"|expir\w+|ttl|tokens?|nonces?|otp|tickets?|messages?|secrets?|single[- ]use|after (?:reading|it is read))\b",
    re.IGNORECASE,
)
"""What says that a thing is there to be read once."""
_MEANT_ALONE = re.compile(
    r"\b(?:current|single|singleton|only one|the one|at a time|replac\w+|overwrit\w+|latest|last|resets?|restart\w*|per \w+|each \w+)\b",
    re.IGNORECASE,
)
"""What says that there is one thing at a time."""
MARKS = re.compile(
    r"\b(?:deleted|trash\w*|archiv\w*|soft\w*|tombstones?|mark\w*|flag\w*|status|state|histor\w*|bin|hid(?:es?|den)|every(?:thing)?|inactive|deactivat\w*)\b",
    re.IGNORECASE,
)
BRINGS_BACK = re.compile(r"\b(?:restore|undelete|untrash|recover|purge|revive|trash|archive|unarchive|undo|history)\b")
_BUSY = re.compile(r"rate|limit|quota|too many|try again|busy|throttl|time", re.IGNORECASE)
_PUTS = frozenset(["put", "set", "save", "store", "write", "upsert", "replace", "index", "overwrite"])
_KEEPS_THE_FIRST = re.compile(
    r"\b(?:once|first|absent|missing|unless|only if|not (?:yet|already)|if (?:it is )?new|immutable|append\w*|add(?:s|ed)? to|merg\w+"
    r"|later|queue\w*|async\w*|draft\w*|commit\w*|version\w*|histor\w*|schedul\w+|eventual\w*)\b",
    re.IGNORECASE,
)
"""What says that a second value is not taken, or not at once."""
_MAY_NAME = "id key name number no code slot seat room table row port index day date year month email user"
_NAMES = frozenset(_MAY_NAME.split())


class ChainOnce(ChainEach):
    """Looks whether what was made is there still, as it was."""

    def _made_over(
        self, first: Any, second: Any, given: Mapping[str, Any], given_then: Mapping[str, Any]
    ) -> Finding | None:
        """Whether two things that were made of other values have one id, and are read as the second alone."""
        key, noun = self._chain.key, self._noun
        ids, ids_then = (list(own_values(result, key, noun)) for result in (first, second))
        if len(ids) != 1 or ids != ids_then or key in given or not _are_told_apart(given, given_then):
            return None
        if self._ctx.plan.tool.annotations.idempotent or _MEANT_ALONE.search(self._said_of(self._chain.create)):
            return None
        key_of_both = next(self._fitting(ids), None)
        found = self._read(key_of_both) if key_of_both is not None else None
        answer = plain(found.value) if found is not None and found.kind == "accepted" else None
        if answer is None or not shows_any(answer, given_then) or shows_any(answer, given):
            return None
        text = f"{self._chain.create} returned {shorten(ids[0], 60)} twice, and the second thing took the place of the first"
        return self._wrong(text, "one id for two")

    def _one_more(self, base: dict[str, Any], second: Any, given: Mapping[str, Any], listed: Listed) -> Finding | None:
        """Whether a thing that is made when the first is gone takes the place of the second; or the list is one behind."""
        if self._other is None:
            return None
        listed.look()
        third, given_then = self._create(base, given)  # named so that it comes after the second
        newest = next((key for key in self._others(third, given_then) if key != self._other), None)
        late = listed.behind(self._other, newest)
        wrong = self._made_over(second, third, given, given_then)
        wrong = wrong or (self._wrong(f"{self._chain.lister} {late[0]}", late[1]) if late is not None else None)
        if newest is not None and self._chain.delete is not None:
            self._call(self._chain.delete, self._about(self._chain.delete, newest))
        return wrong

    def _gone_by_reading(self, key: Any) -> Finding | None:
        """Whether what was read is not there when it is read again."""
        again = self._read(key)
        if self._is_there(again, key) or again.kind not in ("refused", "accepted", *BAD):
            return None
        said = f"{self._said_of(self._chain.create)} {self._said_of(self._chain.read)}"
        if _MEANT_ONCE.search(said) or (again.error is not None and _BUSY.search(again.error.message)):
            return None
        text = f"{self._chain.read} answers {shorten(key, 60)} once, and not when it is asked again"
        return self._wrong(text, "read once")

    def _made_again(self, key: Any) -> Finding | None:
        """Whether a thing that its caller names is as it was when it is put there again with other values."""
        create, offered = self._chain.create, self._offered
        if key != offered.get(self._chain.key) or not self._puts(create):
            return None
        schema, about = self._schemas[create], self._about(create, key)
        given = {
            name: value if name in about else _others(part_of(schema, name), value) for name, value in offered.items()
        }
        known, new = dict(_plain_values(offered)), dict(_plain_values(given))
        before = {name: new[name] for name in known if new.get(name) != known[name] == shown(self._before, name)}
        if not before or not is_valid(schema, given) or self._call(create, given).kind != "accepted":
            return None
        found = self._read(key)
        if not self._is_there(found, key):
            return None
        now = plain(found.value)
        for name, value in before.items():
            if shown(now, name) == known[name]:
                was = f"{create} was given {name} {shorten(value, 60)} for {shorten(key, 60)}"
                text = f"{was}, and {self._chain.read} still answers {shorten(known[name], 60)}"
                return self._wrong(text, "second write not visible")
        self._offered, self._before = given, now
        return None

    def _puts(self, name: str) -> bool:
        """Whether a tool says that it takes what it is given in place of what was there, and nothing of conditions."""
        tool = next(tool for tool in self._ctx.plan.siblings if tool.name == name)
        is_put = (tool.source or "").startswith("PUT ") or bool(_PUTS & {*words_of(name)})
        return is_put and _KEEPS_THE_FIRST.search(self._said_of(name)) is None

    def _may_mark(self) -> bool:
        """Whether something says that what is deleted is kept for a while, or shown."""
        said = (self._said_of(name) for name in (self._chain.delete, self._chain.lister) if name is not None)
        others = (" ".join(words_of(tool.name)) for tool in self._ctx.plan.siblings)
        return MARKS.search(" ".join(said)) is not None or BRINGS_BACK.search(" ".join(others)) is not None

    def _said_of(self, name: str) -> str:
        """Return the words of a tool's name and description."""
        tool = next((tool for tool in self._ctx.plan.siblings if tool.name == name), None)
        return f"{' '.join(words_of(name))} {(tool.description if tool is not None else '') or ''}"


def _others(part: dict[str, Any], value: Any) -> Any:
    """Return another value for a free text, a number or a choice that a schema takes, and so for each in an object; else the same."""
    made: list[Any] = []
    if isinstance(value, Mapping):
        return {name: _others(part_of(part, name), inner) for name, inner in value.items()}
    if isinstance(value, str) and not {"pattern", "format", "enum", "const"} & {*part}:
        made = [f"{unused_name()} {value}", unused_name()]
    elif isinstance(value, bool):
        made = [not value]
    elif isinstance(value, float):
        made = [value + 1.5, value / 2]
    else:
        made = further_values({"properties": {"": part}}, "", value)
    return next((other for other in made if other != value and is_valid(part, other)), value)


def _plain_values(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what was given by its name, and so what stands in an object."""
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield from _plain_values(value)
        else:
            yield name, value


def _are_told_apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether texts differ, and nothing is the same that may name the thing."""
    same = [name for name, value in one.items() if other.get(name) == value]
    may_name = [n for n in same if isinstance(one[n], (str, list, dict)) or _NAMES & {*words_of(n)}]
    return not may_name and any(isinstance(value, str) for value in one.values())
