"""From the keyword arguments of `emit` to the bytes of a line, by a fast way and a careful one.

The fast way encodes at once what is plain, short and free of anything that looks secret: the usual event. All else is
arranged, made safe, redacted and shortened, in this order, before it is encoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import msgspec

from .fields import arrange
from .names import CALL_OUTCOMES, CASE_OUTCOMES
from .redact import Redactor
from .safe import Change, is_plain, make_safe
from .size import MAX_TEXT, Blobs, cut_text

_FAST_KINDS: Mapping[str, type] = {
    "tool": str,
    "sid": str,
    "rid": str,
    "outcome": str,
    "raw_status": str,
    "dur_ms": float,
    "attrs": dict,
}
_LEFT_OUT = frozenset({*_FAST_KINDS, "error"})
"""Fields for which None means: not given."""
_FAST_OUTCOMES = frozenset(
    [("call.end", word) for word in CALL_OUTCOMES] + [("case.end", word) for word in CASE_OUTCOMES]
)
_NO_CHANGES: list[Change] = []
_encode = msgspec.json.Encoder().encode


class LineEncoder:
    """Encodes the fields of events for one run directory."""

    def __init__(self, redactor: Redactor, blobs: Blobs) -> None:
        self._redactor = redactor
        self._blobs = blobs

    def encode(self, ev: str, given: dict[str, Any]) -> tuple[bytes, list[Change]]:
        """Return the fields as a JSON object, and what could not be encoded as it was."""
        body = self._encode_fast(ev, given)
        return self._encode_carefully(ev, given) if body is None else (body, _NO_CHANGES)

    def encode_context(self, run: str, worker: str, fields: Mapping[str, Any]) -> bytes:
        """Return a context's fields as a JSON object; what is no value of its field is left out."""
        fitting, _ = arrange("", fields)
        fitting.pop("attrs", None)
        given = {"run": run, "w": worker, **fitting}
        if is_plain(given):
            try:
                if len(body := _encode(given)) <= MAX_TEXT:
                    return body
            except UnicodeEncodeError:
                pass
        safe, _ = make_safe(given)
        return _encode(self._shorten(safe))

    def _encode_fast(self, ev: str, given: dict[str, Any]) -> bytes | None:
        if not all(_is_fast(name, value) for name, value in given.items()):
            return None
        given = {name: value for name, value in given.items() if value is not None and value != {}}
        if "outcome" in given and (ev, given["outcome"]) not in _FAST_OUTCOMES:
            return None
        if not isfinite(given.get("dur_ms", 0.0)):
            return None
        if "attrs" in given and not is_plain(given["attrs"]):
            return None
        try:
            body = _encode(given)
        except (UnicodeEncodeError, RecursionError):
            return None
        if self._redactor.may_touch(body):
            return None
        return body if len(body) <= MAX_TEXT else _encode(self._shorten(given))

    def _encode_carefully(self, ev: str, given: dict[str, Any]) -> tuple[bytes, list[Change]]:
        fields, misplaced = arrange(ev, given)
        safe, changes = make_safe(fields)
        # Together: the attributes may show a value that the error tells.
        safe |= self._redactor.redact({name: safe[name] for name in ("attrs", "error") if name in safe})
        return _encode(self._shorten(safe)), [*misplaced, *changes]

    def _shorten(self, fields: dict[str, Any]) -> dict[str, Any]:
        short: dict[str, Any] = {
            name: cut_text(value) if isinstance(value, str) else value for name, value in fields.items()
        }
        if "attrs" in short:
            short["attrs"] = self._blobs.shorten(short["attrs"])
        if "error" in short:
            error = short["error"]
            texts = {
                key: cut_text(error[key]) for key in ("type", "message", "stack") if isinstance(error.get(key), str)
            }
            short["error"] = self._blobs.shorten(error) | texts
        return short


def _is_fast(name: str, value: Any) -> bool:
    """Whether a field needs no care but for what stands in `attrs`; an error, where it is its type and message alone."""
    if type(value) is _FAST_KINDS.get(name) or (value is None and name in _LEFT_OUT):
        return True
    if name != "error" or type(value) is not dict or list(value) != ["type", "message"]:
        return False
    return all(type(text) is str for text in value.values())
