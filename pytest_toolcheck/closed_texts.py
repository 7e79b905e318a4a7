"""Texts that take some words only, though their schema says nothing of it: a word that nobody knows is refused.

What that refusal names as allowed, and what the descriptions name, is tried; what is accepted meets all bounds
(`learned_values.py`). Where any word is taken, those that a description lists may still mean something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from .cases import words
from .cases.told import words_listed
from .checks import Finding
from .checks.base import shorten
from .checks.error_text import is_report
from .checks.violation import is_valid
from .scenario import ScenarioSkipped

if TYPE_CHECKING:
    from .execute import RunningScenario

_MOST_PARAMETERS = 4
_MOST_WORDS = 16
_UNKNOWN = "qzvxwordthatnobodyknows"
_TAKEN, _CRASHED = "", "\0"
_LONGEST = 2000
_WORD = re.compile(r"[A-Za-z][a-z0-9_]{0,15}|[A-Z]{3}")
_NO_WORDS = (
    "number integer string name names text date path url hex index id alias value any other others etc none more"
)
_KINDS = frozenset(_NO_WORDS.split())
"""What stands in such a list for words of a kind."""
_DECIDES = ("const", "enum", "pattern", "format", "contentEncoding")


def closed_texts(context: RunningScenario) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Return by parameter the words that the tool takes, where it takes some only, and where it takes any. Asked once."""
    proof = context.proof
    found = proof.words or _asked(context)
    proof.words = found if proof.base is not None else None
    return found


def refused_word(context: RunningScenario) -> Finding | None:
    """Return that a word is refused by a text that lists it among those that are allowed, others of which are accepted."""
    base = context.proof.base or {}
    with suppress(ScenarioSkipped):
        names = [name for name, _ in islice(_free_texts(context), _MOST_PARAMETERS)]
        for name in names:
            said = _said_of_unknown(context, name)
            listed = [word for word in words.allowed_in(said or "") if _WORD.fullmatch(word) and word not in _KINDS]
            answers = {word: _said(context, {**base, name: word}) for word in listed[:_MOST_WORDS]}
            refused = [
                word for word, text in answers.items() if text and text in (said, said and said.replace(_UNKNOWN, word))
            ]
            for word in refused if len(refused) < list(answers.values()).count(_TAKEN) else ():
                beside = ({**base, name: word, other: each} for other in names if other != name for each in answers)
                if not any(_said(context, given) == _TAKEN for given in beside):
                    return _contradiction(context, name, word, str(said))
    return None


def _contradiction(context: RunningScenario, name: str, word: str, said: str) -> Finding:
    return Finding(
        "accepts_valid",
        f"{context.plan.tool.name} refuses {name} {word!r}, which the refusal itself lists as allowed: {shorten(said, 120)}",
        f"refused word of {name}",
        "what a refusal names as allowed is accepted",
    )


def _asked(context: RunningScenario) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    closed: dict[str, list[Any]] = {}
    free: dict[str, list[Any]] = {}
    with suppress(ScenarioSkipped):
        for name, own in islice(_free_texts(context), _MOST_PARAMETERS):
            said = _said_of_unknown(context, name)
            if taken := _taken(context, name, own, said):
                (free if said == _TAKEN else closed)[name] = taken
    return closed, free


def _taken(context: RunningScenario, name: str, own: list[str], said: str | None) -> list[Any]:
    base = context.proof.base or {}
    about = words_listed(context.plan.description.description or "") if not own else []
    if said in (None, _CRASHED) or (
        said == _TAKEN and own
    ):  # then the cases with each of these words are all there is to try
        return []
    named = [word for word in (*own, *about, *words.from_refusal(said)) if not word.isdecimal() and word != _UNKNOWN]
    few = islice(dict.fromkeys(named), _MOST_WORDS)
    return [word for word in few if _said(context, {**base, name: word}) in (_TAKEN, _CRASHED)]


def _free_texts(context: RunningScenario) -> Iterator[tuple[str, list[str]]]:
    """Yield the parameters that take any text, each with the words that its own description lists."""
    schema = context.plan.tool.input
    properties = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
    for name, part in properties.items():
        kinds = [part, *part.get("anyOf", ())] if isinstance(part, Mapping) else []
        parts = [each for each in kinds if isinstance(each, Mapping)]
        is_text = any(each.get("type") == "string" for each in parts)
        if is_text and not any(keyword in each for each in parts for keyword in _DECIDES):
            yield name, words_listed(str(part.get("description", "")))


def _said_of_unknown(context: RunningScenario, name: str) -> str | None:
    """Return what a word that nobody knows is answered with; asked once a base."""
    known, base = context.proof.of_unknown, context.proof.base or {}
    if name not in known:
        known[name] = _said(context, {**base, name: _UNKNOWN})
    return known[name]


def _said(context: RunningScenario, given: dict[str, Any]) -> str | None:
    """Return the words of a refusal, `_TAKEN` where there is none, `_CRASHED`; None where nothing can be said."""
    if not is_valid(context.plan.tool.input if context.plan.tool.input is not None else True, given):
        return None
    outcome = context.again(given)
    if outcome.kind == "accepted":
        return shorten(outcome.value, _LONGEST) if is_report(outcome, given) else _TAKEN
    if outcome.kind == "crashed":
        return _CRASHED
    return outcome.error.message if outcome.kind == "refused" and outcome.error is not None else None
