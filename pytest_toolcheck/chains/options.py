"""What a chain's thing is given beside what it needs: it is read as it was given, and an update of something else keeps it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from ..checks import Finding
from ..checks.base import shorten
from ..checks.violation import is_valid
from ..parts import part_of, parts_of
from ..targets.base import ToolDescription
from .answers import is_changed_alone, mixed_up, untrue
from .calls import ChainCalls
from .changes import changes
from .roles import words_of
from .values import (
    array_shown,
    changeable,
    further_values,
    has_word,
    members_of,
    optional_inputs,
    plain,
    shown,
    unused_name,
    values_in_text,
    with_new_texts,
)

_MOST_UPDATES = 4
_LONG, _LONGEST = 40, 4000
_OTHERS = 2
"""So many further numbers must be read as the same one; of a choice all its members."""
_REPLACES = re.compile(r"replac|overwrit|whole|entire|full|reset|\bput\b|anew", re.IGNORECASE)
_SETS = frozenset(["set", "save", "store", "put", "write", "upsert"])
"""Verbs that do not say whether what is left out stays, as `update` and `edit` do."""
_KEEPS = re.compile(
    r"left out|omit|unchanged|stays?\b|keeps?\b|kept|not given|not provided|partial|patch|only (?:the )?(?:given|provided)",
    re.IGNORECASE,
)
_FREE_TEXT = re.compile(
    r"(?:^|_)(?:notes?|body|descriptions?|comments?|text|content|summary|details?|remarks?|bio|memo)$"
)
"""Names of texts that say nothing but themselves: whoever takes one has no reason to drop it."""


class ChainOptions(ChainCalls):
    """Makes a third thing with every option, and changes it in something else."""

    def _misread(self, made: Any, read: Any, given: Mapping[str, Any]) -> Finding | None:
        """Whether the reader shows something else than what a thing was given."""
        return self._untrue(made, read, given) or self._mixed_up(read, given) or self._deaf(read, given)

    def _mixed_up(self, read: Any, given: Mapping[str, Any]) -> Finding | None:
        """Whether what was given under one name is read under another that was given something else."""
        found = mixed_up(read, given)
        if found is None:
            return None
        text = f"{self._chain.read} answers as {found[0]} what {self._chain.create} was given as {found[1]}"
        return self._wrong(text, "read of another value")

    def _deaf(self, read: Any, given: Mapping[str, Any]) -> Finding | None:
        """Whether a number or a choice is read as the same other value, whatever was given."""
        schema = self._schemas[self._chain.create]
        for name, value in given.items():
            seen = shown(read, name)
            if isinstance(value, bool) or type(seen) is not type(value) or seen == value:
                continue
            members = members_of(schema, name)
            others = [other for other in further_values(schema, name, value) if other != seen]
            if (seen not in members and len(others) < _OTHERS) or (members and seen not in members):
                continue
            if self._are_read_as(seen, name, [{**given, name: other} for other in others]):
                text = f"{self._chain.read} answers {name} {shorten(seen, 60)}, whatever {self._chain.create} was given"
                return self._wrong(text, "read of another value")
        return None

    def _are_read_as(self, seen: Any, name: str, inputs: list[dict[str, Any]]) -> bool:
        for given in inputs:
            if not is_valid(self._schemas[self._chain.create], given):
                return False
            made = self._call(self._chain.create, given)
            key = next(self._candidates(plain(made.value)), None) if made.kind == "accepted" else None
            if key is None or shown(plain(self._read(key).value), name) != seen:
                return False
        return True

    def _untrue(self, made: Any, read: Any, given: Mapping[str, Any]) -> Finding | None:
        found = untrue(made, read, given)
        if found is None:
            return None
        name, was, now = found
        text = f"{self._chain.read} answers {name} {shorten(now, 60)}, {self._chain.create} was given and answered {shorten(was, 60)}"
        return self._wrong(text, "read of another value")

    def _with_options(self, base: dict[str, Any]) -> Finding | None:
        """Make a thing with every option: what it was given is read too, and stays when something else is changed."""
        made = self._made_with_options(base)
        if made is None:
            return None
        key, given, answer = made
        found = self._read(key)
        if not self._is_there(found, key):
            return None
        read = plain(found.value)
        wrong = self._misread(answer, read, given) or self._dropped(key, read, given) or self._own_lists(given)
        return wrong or self._kept(key, read, given) or self._cut(base)

    def _cut(self, base: dict[str, Any]) -> Finding | None:
        """Whether texts as long as they may be are read as their beginning, though the creator has answered the whole."""
        schema = self._schemas[self._chain.create]
        long = {name: text for name, part in parts_of(schema).items() if (text := _longest(part)) is not None}
        given = {**next(with_new_texts(schema, base), base), **long, **self._shared(base)}
        if not long or not is_valid(schema, given):
            return None
        outcome = self._call(self._chain.create, given)
        answer = plain(outcome.value) if outcome.kind == "accepted" else None
        key = next((each for each in self._candidates(answer) if self._is_there(self._read(each), each)), None)
        return self._untrue(answer, plain(self._read(key, log=False).value), long) if key is not None else None

    def _own_lists(self, given: Mapping[str, Any]) -> Finding | None:
        raise NotImplementedError

    def _made_with_options(self, base: dict[str, Any]) -> tuple[Any, Mapping[str, Any], Any] | None:
        schema = self._schemas[self._chain.create]
        for optional in optional_inputs(schema, {**base, **self._shared(base)}):
            given = {**next(with_new_texts(schema, optional), optional), **self._shared(base)}
            outcome = self._call(self._chain.create, given)
            if outcome.kind == "accepted":
                answer = plain(outcome.value)
                named = [*self._candidates(answer), *(given[name] for name in (self._chain.key,) if name in given)]
                named += [] if named else self._fitting(values_in_text(answer))
                key = next((key for key in named if self._is_there(self._read(key, log=False), key)), None)
                return None if key is None else (key, given, answer)
            self._steps.pop()
            if outcome.kind != "refused":
                break
        return None

    def _dropped(self, key: Any, read: Any, given: Mapping[str, Any]) -> Finding | None:
        """A text that was taken and is read as nothing at all, though the reader has a place for it.

        Of other texts than a note or a description it must be shown that the reader shows what an update gives.
        """
        for name, value in given.items():
            if not isinstance(read, Mapping) or not isinstance(value, str) or not _has(read, name):
                continue
            if shown(read, name) not in (None, "") or not (_FREE_TEXT.search(name) or self._is_shown(key, name, value)):
                continue
            text = f"{self._chain.read} answers no {name}, {self._chain.create} was given {shorten(value, 60)}"
            return self._wrong(text, "read of another value")
        return None

    def _is_shown(self, key: Any, name: str, value: str) -> bool:
        """Whether the reader shows the value once an update has set it."""
        update = self._chain.update
        schema = self._schemas.get(update or "")
        if update is None or not isinstance(schema, dict):
            return False
        taken = ((found, outer) for found, _, outer in changeable(schema, None))
        outer = next((outer for found, outer in taken if found == name), "")
        if outer == "":
            return False
        given = {name: value} if outer is None else {outer: {name: value}}
        arguments = {**self._about(update, key), **given}
        if not is_valid(schema, arguments) or self._call(update, arguments).kind != "accepted":
            return False
        return bool(shown(plain(self._read(key).value), name) == value)

    def _kept(self, key: Any, before: Any, given: Mapping[str, Any]) -> Finding | None:
        """Whether an update of one parameter clears another that it was not asked to change."""
        update = self._update
        if update is None:
            return None
        own, made = (self._schemas.get(name) or {} for name in (update.name, self._chain.create))
        about = self._about(update.name, key)
        asked = (change for change in changes(own, made, before, given, about) if not change.is_choice)
        for change in islice(asked, _MOST_UPDATES):
            if self._call(update.name, change.arguments).kind != "accepted":
                continue
            found = self._read(key)
            if not self._is_there(found, key):
                return None
            now = plain(found.value)
            if self._is_seen_to_change and shown(before, change.name) == shown(now, change.name) == given.get(
                change.name, change.value
            ):
                text = f"{update.name} was accepted, and {self._chain.read} still answers {change.name} {shorten(given[change.name], 60)}"
                return self._wrong(text, "update not visible")
            for name in self._staying(own, given, change.arguments, change.name):
                old, new = (_told(answer, name, given[name]) for answer in (before, now))
                if _is_cleared(old, new, now, change.value):
                    text = f"{update.name} of {change.name} also cleared {name}, which was {shorten(old, 60)}"
                    return self._wrong(text, "update of another field")
                if is_changed_alone(name, old, new, change.value):
                    text = f"{update.name} of {change.name} also changed {name} from {shorten(old, 60)} to {shorten(new, 60)}"
                    return self._wrong(text, "update of another field")
            before = now
        return None

    @property
    def _update(self) -> ToolDescription | None:
        return next((tool for tool in self._ctx.plan.siblings if tool.name == self._chain.update), None)

    def _staying(
        self, schema: Mapping[str, Any], given: Mapping[str, Any], arguments: Mapping[str, Any], asked: str
    ) -> Iterator[str]:
        """Yield what was given, and must be as it was after an update that does not name it."""
        properties = parts_of(schema)
        for name in given:
            if name in (asked, self._chain.key) or name in arguments:
                continue
            part = properties.get(name)
            if part is None or self._keeps_what_is_left_out(name, part):
                yield name

    def _keeps_what_is_left_out(self, name: str, part: Any) -> bool:
        """Whether a parameter that is left out stays as it is; a tool that replaces the whole thing needs the others.

        Beside others that are needed, null is "not given" where no thing can be made with null.
        """
        update = self._update
        said = f"{update.name} {update.description or ''} {update.source or ''}" if update is not None else ""
        if _REPLACES.search(said):
            return False
        if _KEEPS.search(said):
            return True
        if update is not None and _SETS & set(words_of(update.name)):
            return False
        if not isinstance(part, Mapping) or part.get("default") is not None:
            return False
        required = set(self._schemas[self._chain.update or ""].get("required", ()))
        needs_others = required - {self._chain.key_of(self._chain.update or ""), *self._chain.shared}
        made = part_of(self._schemas[self._chain.create], name)
        return not needs_others or (is_valid(dict(part), None) and not is_valid(made, None))


def _longest(part: Mapping[str, Any]) -> str | None:
    """Return a text as long as a free text of some length may be."""
    most = part.get("maxLength")
    is_free = part.get("type") == "string" and not {"pattern", "format", "enum", "const"} & {*part}
    if not is_free or not isinstance(most, int) or not _LONG <= most <= _LONGEST:
        return None
    return f"{unused_name()} {'longest ' * most}"[: most - 1] + "z"


def _told(answer: Any, name: str, given: Any) -> Any:
    return array_shown(answer, name) if isinstance(given, list) else shown(answer, name, given)


def _is_cleared(old: Any, new: Any, answer: Any, given: Any) -> bool:
    """Whether what was shown is shown no more. Of a text as an answer it is told by the new value that stands in it."""
    if old in (None, "", False, 0, []) or new not in (None, "", []):
        return False
    return not isinstance(answer, str) or has_word(answer, given)


def _has(answer: Any, name: str) -> bool:
    if isinstance(answer, Mapping):
        return name in answer or any(_has(inner, name) for inner in answer.values())
    return False
