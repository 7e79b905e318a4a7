"""Proving a base: find an input that the tool really accepts, before anything is concluded from refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from .cases import base_candidates, words
from .cases.shown_inputs import rows_alike, shown_inputs
from .chains.values import plain
from .checks.absent import speaks_of_absence
from .checks.base import as_json, shorten
from .checks.error_text import only_reports, reported
from .refusals import named_and_rest
from .spec.model import ToolSpec
from .targets.base import Outcome

MAX_TRIES = 60
_A_ROUND = {2: 30, 1: 50, 0: MAX_TRIES}
"""So many tries, by the rounds to come, before what refusals said is tried: several parameters have more candidates than that."""
_MOST_HINTS = 8
_OF_THE_MOMENT = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|\d+")
_LONGEST_OF_NOTHING = 200
"""So many characters has an answer at most that only says that there is nothing; longer ones tell more."""


@dataclass(slots=True)
class Proof:
    """What is known of a tool so far: the base that succeeded, and what was said to the inputs that did not."""

    base: dict[str, Any] | None = None
    tried: list[tuple[dict[str, Any], Outcome]] = field(default_factory=list)
    accepted: list[dict[str, Any]] = field(default_factory=list)
    named: dict[str, list[Any]] = field(default_factory=dict)
    """By parameter what refusals named as allowed, the base's own value among it; not all of it has been tried."""
    listed: dict[str, list[Any]] = field(default_factory=dict)
    """By parameter what the sibling that the base was learned of lists beside the base's own value."""
    words: tuple[dict[str, list[Any]], dict[str, list[Any]]] | None = None
    """By parameter the words that a text takes: where it takes some only, and where any (`closed_texts.py`)."""

    of_unknown: dict[str, str | None] = field(default_factory=dict)
    """By parameter what a word that nobody knows is answered with (`closed_texts.py`)."""

    @property
    def explanation(self) -> str:
        """Say on one line that, and why, no valid call succeeded."""
        if not self.tried:
            return "no valid input could be made from the schema"
        count = f"{len(self.tried)} {'input' if len(self.tried) == 1 else 'inputs'}"
        first, last = self.tried[0], self.tried[-1]
        told = f"{count} tried, the last {_told_of(*last)}"
        if _without_sent(*first) == _without_sent(*last):
            return told
        return f"{told}; the first {_told_of(*first)}"

    @property
    def is_empty(self) -> bool:
        """Whether nothing but empty arrays were accepted, and the answer to them is empty too."""
        if self.base is None or not holds_nothing(self.base):
            return False
        answers = (outcome.value for value, outcome in self.tried if value == self.base)
        return not any(map(plain, answers))

    @property
    def found_nothing(self) -> bool:
        """Whether the base was accepted, and answered that what it names is not there: "Task not found"."""
        if self.base is None or not self.tried:
            return False
        value, outcome = self.tried[-1]
        said = plain(outcome.value)
        return isinstance(said, str) and len(said) <= _LONGEST_OF_NOTHING and speaks_of_absence(said, value)


def holds_nothing(sent: Mapping[str, Any]) -> bool:
    """Whether all that is sent are empty arrays: what a tool does with an item is not seen so."""
    return bool(sent) and all(value == [] for value in sent.values())


def prove(tool: ToolSpec, call: Callable[[Mapping[str, Any]], Outcome], *, about: str | None = None) -> Proof:
    """Try candidates in order of likelihood until the tool accepts one.

    Words of refusals become further candidates, and at last those of the text `about` the tool itself. A refusal that
    lists what is allowed, or quotes it beside the text that was sent, as none did before, is followed at once: the next
    parameter has its own.
    """
    proof = Proof()
    seen: set[str] = set()
    told: set[tuple[str, ...]] = set()
    hints: tuple[str, ...] = ()
    rounds = [(), (), (about,)]
    while rounds:
        more, until = rounds.pop(0), _A_ROUND.get(len(rounds), MAX_TRIES)
        for candidate in _with_shown(_candidates(tool, (*hints, *filter(None, more)), _told(proof)), tool, about):
            text = as_json(candidate)
            if text in seen:
                continue
            if len(proof.tried) >= until:
                break
            seen.add(text)
            outcome = call(candidate)
            proof.tried.append((candidate, outcome))
            if succeeded(tool, outcome, candidate):
                proof.base = candidate
                proof.accepted.append(candidate)
                proof.named = _named(candidate, (*hints, *chain.from_iterable(_told(proof).values())))
                return proof
            if outcome.kind in ("timed_out", "lost") or len(proof.tried) >= MAX_TRIES:
                return proof
            allowed = _offered(candidate, outcome)
            if allowed and allowed not in told and len(told) < _MOST_HINTS:
                told.add(allowed)
                rounds.insert(0, more)
                break
        hints = tuple(_hints(proof))
    return proof


def succeeded(tool: ToolSpec, outcome: Outcome, sent: Mapping[str, Any]) -> bool:
    """Whether a call proves that its input is good: a result that only reports an error does not.

    Whatever was sent: that it speaks of errors may be because an earlier report was taken for a hint.
    """
    return outcome.kind == "accepted" and not only_reports(tool, {}, outcome, echoes=sent)


def _with_shown(candidates: Iterator[dict[str, Any]], tool: ToolSpec, about: str | None) -> Iterator[dict[str, Any]]:
    """Yield the likeliest candidate, then what the text about the tool shows as inputs, then the others."""
    for at, candidate in enumerate(candidates):
        yield candidate
        if at == 0:
            yield from (*shown_inputs(tool.input, about, candidate), *rows_alike(tool.input, candidate))


def _candidates(tool: ToolSpec, hints: tuple[str, ...], told: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Any]]:
    schema = tool.input if tool.input is not None else {"type": "object"}
    known = [dict(example.input) for example in tool.examples if example.is_good]
    yield from base_candidates(schema, examples=known, values=tool.values, hints=hints, told=told)


def _offered(given: Mapping[str, Any], outcome: Outcome) -> tuple[str, ...]:
    """Return what a refusal lists as allowed, or else quotes beside the text that was sent."""
    if (said := _refusal(outcome)) is None:
        return ()
    names, rest = named_and_rest(said, given)
    return tuple(words.allowed_in(said)) or (tuple(words.quoted_in(rest)) if names else ())


def _told_of(value: Mapping[str, Any], outcome: Outcome) -> str:
    sent = shorten(value, 120)
    if outcome.kind == "accepted":
        return f"{sent} was answered by the report of an error: {shorten(outcome.value, 160)}"
    said = f"{outcome.error.type}: {shorten(outcome.error.message, 160)}" if outcome.error else outcome.kind
    return f"{sent} {outcome.in_words}: {said}"


def _without_sent(value: Mapping[str, Any], outcome: Outcome) -> str:
    """Return the words of an answer without what they repeat."""
    said = outcome.error.message if outcome.error else as_json(outcome.value)
    for text in sorted((each for each in map(str, value.values()) if each), key=len, reverse=True):
        said = said.replace(text, "…")
    return _OF_THE_MOMENT.sub("…", said)


def _refusal(outcome: Outcome) -> str | None:
    """Return the words of a refusal, or of a result that only reports an error."""
    return outcome.error.message if outcome.error is not None else reported(outcome)


def _told(proof: Proof) -> dict[str, list[str]]:
    """Return by parameter what refusals said that repeat its text."""
    told: dict[str, list[str]] = {}
    for given, outcome in proof.tried:
        names, rest = named_and_rest(said, given) if (said := _refusal(outcome)) else ([], "")
        for name in names:
            told.setdefault(name, []).append(rest)
    return {name: _most_telling(texts) for name, texts in told.items()}


def _named(base: Mapping[str, Any], hints: tuple[str, ...]) -> dict[str, list[Any]]:
    """Return for each parameter whose value stands in a refusal what that refusal names beside it."""
    lists = [list(words.as_types(words.allowed_in(hint))) for hint in hints]
    found = {name: next((named for named in lists if value in named), []) for name, value in base.items()}
    return {
        name: [value for value in named if type(value) is type(base[name])] for name, named in found.items() if named
    }


def _hints(proof: Proof) -> list[str]:
    """Return what the refusals said that do not repeat a parameter's text, each once: "must be one of: km, mi"."""
    refused = (
        outcome.error.message
        for given, outcome in proof.tried
        if outcome.error and outcome.kind == "refused" and not named_and_rest(outcome.error.message, given)[0]
    )
    said = (*refused, *(as_json(outcome.value) for _, outcome in proof.tried if outcome.kind == "accepted"))
    return _most_telling(said)


def _most_telling(texts: Iterable[str]) -> list[str]:
    return sorted(dict.fromkeys(texts), key=lambda text: not words.allowed_in(text))[:_MOST_HINTS]
