"""Sort the keyword arguments of `emit` into the fields of a line; what does not fit a field stands under `attrs`."""

from __future__ import annotations

import math
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from .names import CALL_OUTCOMES, CASE_OUTCOMES, OUTCOMES
from .safe import Change, describe

_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_SPAN_ID = re.compile(r"(?!0{16})[0-9a-f]{16}")
MAX_ATTEMPT = 2**53


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_attempt(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_ATTEMPT


def _is_duration(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18 and math.isfinite(value)


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "trace_id": _matches(_TRACE_ID),
    "span_id": _matches(_SPAN_ID),
    "parent_id": _matches(_SPAN_ID),
    "case": _is_text,
    "attempt": _is_attempt,
    "tool": _is_text,
    "sid": _is_text,
    "rid": _is_text,
    "outcome": lambda value: isinstance(value, str) and value in OUTCOMES,
    "raw_status": _is_text,
    "dur_ms": _is_duration,
}


def arrange(ev: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Change]]:
    """Return the fields of a line and what was found to be no value of its field; None means: not given."""
    fields: dict[str, Any] = {}
    attrs: dict[Any, Any] = {}
    changes: list[Change] = []
    for name, value in given.items():
        if value is None and (name in _FITS or name in ("error", "attrs")):
            continue
        if name == "error":
            fields["error"] = error_info(value)
        elif name == "attrs" and isinstance(value, Mapping):
            attrs.update(value)
        elif name in _FITS and _FITS[name](value) and outcome_fits(ev, name, value):
            fields[name] = float(value) if name == "dur_ms" else value
        else:
            if name in _FITS:
                changes.append(Change(f"/{name}", "no value of this field"))
            attrs.setdefault(name, value)
    if attrs:
        fields["attrs"] = attrs
    return fields, changes


def outcome_fits(ev: str, name: str, value: Any) -> bool:
    """Whether an outcome is a word for this kind of event."""
    if name != "outcome":
        return True
    words = CASE_OUTCOMES if ev.startswith("case.") else CALL_OUTCOMES if ev.startswith("call.") else OUTCOMES
    return value in words


def error_info(error: Any) -> dict[str, Any]:
    """Return `{type, message, stack, retryable}` of an exception, a mapping with such keys, or a text."""
    if isinstance(error, BaseException):
        return {"type": type(error).__name__, "message": _message(error), "stack": _stack(error)}
    if isinstance(error, Mapping):
        known = {str(key): value for key, value in error.items()}
        info = {"type": _text(known.pop("type", "")), "message": _text(known.pop("message", ""))}
        return info | _optional(known)
    return {"type": "", "message": _text(error)}


def _optional(known: dict[str, Any]) -> dict[str, Any]:
    """`stack` and `retryable` where they fit; whatever else an error carries stays beside them."""
    stack, retryable = known.pop("stack", None), known.pop("retryable", None)
    if stack is not None:
        known["stack"] = _text(stack)
    if isinstance(retryable, bool):
        known["retryable"] = retryable
    return known


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else describe(value)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failure:
        return f"<str failed with {type(failure).__name__}>"


def _stack(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error, limit=-30))
    except Exception as failure:
        return f"<no stack: {type(failure).__name__}>"
