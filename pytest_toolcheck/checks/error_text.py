"""`error_text`: who plainly reports an error says so where clients look, with MCP's `isError` or HTTP's status.

A false accusation is worse than a miss: a tool may well have texts about errors to return. So only the plainest forms
count, never where the input itself speaks of errors, and on valid input only beside a known-good answer that differs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from ..spec.model import ToolSpec
from ..targets.base import Outcome
from .base import Evidence, Finding, as_json, place_of, shorten

_REPORT: Final = re.compile(
    r"Traceback \(most recent call last\):|Error (executing|calling|running|invoking) (the )?(tool|function|command)\b"
    r"|Error (while )?(executing|calling|running|processing|fetching|reading|writing|loading|parsing)\b[^\n]{0,60}: [^\n]{2,400}\s*\Z"
    r"|(Failed|Unable) to [a-z][^\n]{2,120}: [^\n]*\b(unknown|invalid|not found|no such|does not exist|denied|refused"
    r"|timed out|unreachable|unsupported|missing|expected)\b[^\n]{0,200}\s*\Z"
    r"|(Error|ERROR|[A-Z][A-Za-z]*(Error|Exception)): (?=.*[^\W\d_]{2})[^\n]{1,400}\s*\Z"
)
_MARKED: Final = re.compile(
    r"[❌✖✗✘🚫⛔⚠]\ufe0f?\s*(?:Error\b|Invalid\b|Unknown\b|Unsupported\b|Unrecogni[sz]ed\b|Missing\b|Failed to\b|Unable to\b"
    r"|Could not\b|Cannot\b|No such\b)(?!.*[✅✔])",
    re.IGNORECASE | re.DOTALL,
)
"""A report under a sign; of tools that judge what they are given it is an answer."""
_JUDGES: Final = re.compile(
    r"valid|check|verif|lint|test|status|health|diagnos|audit|inspect|review|scan|assert|compar|analy|monitor|report|probe",
    re.IGNORECASE,
)
_KEYS: Final = frozenset({"error", "message", "code", "status", "detail", "details", "type", "success", "ok", "reason"})
_ADVICE: Final = frozenset({"hint", "hints", "suggestion", "suggestions"})
_REASONS: Final = ("error", "message", "detail", "reason")
_FAILED: Final = ("error", "failed", "failure", "fail")
STATES: Final = ("ok", "status")
"""What may be what was asked for: whether somebody may, how a job ended."""
_MARKS: Final = (*STATES, "success", "error")
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})
_MOST_CONTROLS: Final = 2
OF_LOGS: Final = re.compile(r"(?:^|[^a-z])(?:logs?|journal|stderr|diagnostics?)(?![a-z])|[a-z]Logs?(?![a-z])")
"""Names of tools that show what others have reported: `tail_log`, `readLogs`; not `login`, `catalog`."""


def error_text(evidence: Evidence) -> Finding | None:
    """Fail when an error is reported as a success; warn where no other answer of the tool shows that it is one."""
    if not reports_an_error(evidence):
        return None
    tool, is_valid = evidence.tool, evidence.case.label == "valid"
    differs = _others_differ(evidence) if is_valid else True
    if differs is False:
        return None
    said = " ".join((reported(evidence.outcome, evidence.case.input) or "").split())
    status = _status(evidence.outcome.raw)
    where = "isError false" if status is None else f"status {status}"
    promised = "isError: true in the result" if status is None else "a status from 400 on for an answer"
    return Finding(
        "error_text",
        f"{tool.name} reported an error as a success ({where}): {shorten(said, 160)}",
        f"error_text {evidence.case.label}",
        f"{promised} that reports an error ({place_of(tool, 'checks/error_text')})",
        "failure" if differs else "warning",
    )


def reports_an_error(evidence: Evidence) -> bool:
    """Whether the accepted MCP result, or HTTP answer, is nothing but the report of an error, and not one that it was asked about."""
    return only_reports(evidence.tool, evidence.case.input, evidence.outcome)


def only_reports(tool: ToolSpec, sent: Any, outcome: Outcome, *, echoes: Any = None) -> bool:
    """Whether all that a tool answers to an input is the report of an error, which it neither promises nor was asked about.

    Members that repeat what was sent, or `echoes`, say no more.
    """
    said = reported(outcome, sent if echoes is None else echoes)
    if said is None or tool.checks.get("error_text") is False:
        return False
    if declares_errors(tool.output) or OF_LOGS.search(tool.name):
        return False
    words = (tool.name + as_json(sent)).lower()
    if _is_marked(said) and _JUDGES.search(words):
        return False
    return not any(word in words for word in ("error", "exception", "traceback"))


def is_report(outcome: Outcome, sent: Any = None) -> bool:
    """Whether an accepted MCP result or HTTP answer is nothing but the report of an error, beside what it repeats of what was sent."""
    return reported(outcome, sent) is not None


def reported(outcome: Outcome, sent: Any = None) -> str | None:
    """Return the text that reports an error: the one text of a result, or else all that its structured content says.

    Of an HTTP answer: the object that it is. What has neither a flag nor a status reports errors as it likes.
    """
    raw = outcome.raw
    if outcome.kind != "accepted" or not isinstance(raw, Mapping):
        return None
    if _status(raw) is not None:
        text = as_json(outcome.value) if isinstance(outcome.value, Mapping) else ""
        return text if is_report_text(text, sent) else None
    if raw.get("isError") is not False:
        return None
    structured = raw.get("structuredContent")
    wrapped = structured.get("result") if isinstance(structured, Mapping) and len(structured) == 1 else None
    said = wrapped if isinstance(wrapped, str | Mapping) else structured
    texts = (_text(raw), said if isinstance(said, str) else as_json(said) if isinstance(said, Mapping) else None)
    return next((text for text in texts if text is not None and (_is_marked(text) or is_report_text(text, sent))), None)


def _status(raw: Any) -> int | None:
    """Return the status of an HTTP answer."""
    return raw.get("status") if isinstance(raw, Mapping) and "body" in raw else None


def _text(raw: Any) -> str | None:
    """Return the one text of an MCP result that is no error by its flag."""
    if not isinstance(raw, Mapping) or raw.get("isError") is not False:
        return None
    content = raw.get("content")
    if not isinstance(content, list) or len(content) != 1 or not isinstance(content[0], Mapping):
        return None
    text = content[0].get("text")
    return text if isinstance(text, str) else None


def is_report_text(text: str, sent: Any = None) -> bool:
    """Whether a text, or the JSON that it is, is nothing but the report of an error, beside what it repeats of what was sent."""
    plain = text.strip()
    if not plain.startswith(("{", '"')):
        return _REPORT.match(plain) is not None
    try:
        told = json.loads(plain)
    except (ValueError, RecursionError):
        return False
    if isinstance(told, str):  # a server that writes all results as JSON
        return _REPORT.match(told.strip()) is not None
    told = {key: part for key, part in _without_echo(told, sent).items() if part not in _EMPTY}
    is_failed = told.get("success") is False or told.get("ok") is False or told.get("status") in _FAILED
    if is_failed and any(isinstance(told.get(key), str) for key in _REASONS):
        return bool(told.keys() <= _KEYS)
    if told.get("error") is True and any(isinstance(told.get(key), str) for key in (*_REASONS, "code")):
        return bool(told.keys() <= _KEYS | _ADVICE)
    said = told.get("error")
    is_no_success = all(told.get(key, False) is False for key in ("success", "ok"))
    return bool(said) and isinstance(said, str | dict) and told.keys() <= _KEYS and is_no_success


def _is_marked(text: str) -> bool:
    return _MARKED.match(text.strip()) is not None


def _without_echo(told: dict[str, Any], sent: Any) -> dict[str, Any]:
    """Return what an answer says beside the arguments that it repeats."""
    given = sent if isinstance(sent, Mapping) else {}
    return {k: v for k, v in told.items() if k in _KEYS or k not in given or as_json(v) != as_json(given[k])}


def declares_errors(output: Any) -> bool:
    """Whether an error is one of the results that the tool's output schema describes."""
    return isinstance(output, dict) and "error" in as_json(output).lower()


def _others_differ(evidence: Evidence) -> bool | None:
    """Whether a known-good input is answered otherwise; None where there is none to ask about.

    Not where that answer has the same mark: whether somebody may, and how a job ended, is what was asked for. HTTP
    services that put each answer into an envelope (`{"success": true, …}`) say there whether it is one.
    """
    others = [dict(good) for good in evidence.known_good if as_json(good) != as_json(evidence.case.input)]
    if evidence.retry is None or not others:
        return None
    marks = STATES if _status(evidence.outcome.raw) is None else _MARKS
    told = marks_in(evidence.outcome.value, marks)
    answers = [(evidence.retry(other), other) for other in others[:_MOST_CONTROLS]]
    return any(
        answer.kind == "accepted" and not is_report(answer, other) and not told & marks_in(answer.value, marks)
        for answer, other in answers
    )


def marks_in(value: Any, marks: Collection[str]) -> set[str]:
    """Return the members of an answer, or of the JSON in its text, that may say whether it is one."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return set()
    return set(value) & {*marks} if isinstance(value, Mapping) else set()
