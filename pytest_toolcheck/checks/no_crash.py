"""`no_crash`: no uncaught exception, internal error, dead server or lost connection, whatever the input."""

from __future__ import annotations

import re

from .base import Evidence, Finding, shorten

_WRAPPED_CRASH = re.compile(
    r"\b(division by zero|(list|string|tuple|pop) index out of range|object has no attribute '"
    r"|unsupported operand type\(s\) for|object is not (subscriptable|iterable|callable)|unhashable type: '"
    r"|maximum recursion depth exceeded|'NoneType' object|cannot access local variable"
    r"|(Attribute|Index|Key|ZeroDivision|Assertion|Recursion|Name|UnboundLocal|Overflow|UnicodeEncode|UnicodeDecode)Error\b"
    r"|Cannot read propert(y|ies) of (undefined|null)|is not a function\b|NullPointerException)"
)
"""What interpreters write when code fails on its own, seen through a server that turns every exception into a refusal."""


def no_crash(evidence: Evidence) -> Finding | None:
    """Fail when the call ended in anything but an answer, a clean refusal or the time limit."""
    outcome = evidence.outcome
    error = outcome.error
    if outcome.kind == "lost":
        text = error.message if error else "the connection was lost"
        return _finding(evidence, f"{evidence.tool.name} died in this call: {shorten(text, 160)}", "lost")
    if outcome.kind == "crashed" and error is not None:
        where = f" at {error.location}" if error.location else ""
        message = f"{evidence.tool.name} crashed: {error.type}: {shorten(error.message, 160)}{where}"
        return _finding(evidence, message, f"{error.type} {error.location or error.code or ''}")
    if outcome.kind == "refused" and error is not None and (sign := _WRAPPED_CRASH.search(error.message)):
        message = f"{evidence.tool.name} crashed, and sent the crash as a refusal: {shorten(error.message, 160)}"
        if sign.group(0) not in shorten(evidence.case.input, 100_000):
            return _finding(evidence, message, f"wrapped {sign.group(0)}")
    return None


def _finding(evidence: Evidence, message: str, cause: str) -> Finding:
    promised = "an answer or a clean refusal for every input" if evidence.case.label == "invalid" else "an answer"
    return Finding("no_crash", message, f"no_crash {cause}".strip(), promised)
