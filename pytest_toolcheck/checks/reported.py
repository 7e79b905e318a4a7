"""Errors that a function or an HTTP service reports as its answer (`{"error": …}`, status 200): to a valid input they are refusals.

Nothing forbids such answers: many tools tell their callers so what is not there. But a value that the schema fully describes
is to be accepted, and a tool that answers another one, and to this one reports an error, did not accept it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ..targets.base import CallError, Outcome
from .base import Evidence, as_json
from .error_text import OF_LOGS, STATES, declares_errors, is_report_text, marks_in

_MOST_GOOD: Final = 3
_OF_THE_WORLD: Final = re.compile(
    r"unreachable|time[ds]? ?out|unavailable|connect|network|offline|busy|\brate\b|quota|try again|later|denied|permission"
    r"|not found|no such|does not exist|do not exist|not exist|already|empty|nothing|no data|no results?",
    re.IGNORECASE,
)
"""What no schema tells: what there is, and what can be reached, now."""


def as_refusal(evidence: Evidence) -> Evidence | None:
    """Return the evidence with the report as the refusal that it is; None where the answer is none, or each one is."""
    told = _reported(evidence, evidence.outcome)
    if told is None or _OF_THE_WORLD.search(told) or evidence.retry is None:
        return None
    retry = evidence.retry

    def again(other: Any) -> Outcome:
        outcome = retry(other)
        said = _reported(evidence, outcome)
        return outcome if said is None else _refused(outcome, said)

    states = marks_in(evidence.outcome.value, STATES)
    answers = [(each, again(dict(each))) for each in evidence.known_good[:_MOST_GOOD]]
    good = tuple(
        each for each, answer in answers if answer.kind == "accepted" and not states & marks_in(answer.value, STATES)
    )
    if not good:
        return None
    return replace(evidence, outcome=_refused(evidence.outcome, told), known_good=good, retry=again)


def _refused(outcome: Outcome, said: str) -> Outcome:
    return replace(outcome, kind="refused", error=CallError("reported", said))


def _reported(evidence: Evidence, outcome: Outcome) -> str | None:
    """Return the error that is all that a plain answer tells; an MCP result has a flag for that."""
    tool, value, raw = evidence.tool, outcome.value, outcome.raw
    is_of_mcp = isinstance(raw, Mapping) and "isError" in raw
    if outcome.kind != "accepted" or is_of_mcp or declares_errors(tool.output) or OF_LOGS.search(tool.name):
        return None
    told = (
        {key: part for key, part in value.items() if part not in (None, [], {})} if isinstance(value, dict) else value
    )
    text = told if isinstance(told, str) else as_json(told)
    words = (tool.name + as_json(evidence.case.input)).lower()
    if (
        not isinstance(told, dict | str)
        or not is_report_text(text)
        or re.search("error|exception|traceback|valid", words)
    ):
        return None
    return text if isinstance(told, str) else json.dumps(told.get("error", told), ensure_ascii=False, default=repr)
