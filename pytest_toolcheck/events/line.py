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
from .safe import Change, collect_texts, is_plain, make_safe
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
_FAST_OUTCOMES = {"call.end": frozenset(CALL_OUTCOMES), "case.end": frozenset(CASE_OUTCOMES)}
_NO_OUTCOMES: frozenset[str] = frozenset()
_NO_CHANGES: list[Change] = []
_encode = msgspec.json.Encoder().encode


class LineEncoder:
    """Encodes the fields of events for one run directory."""

    def __init__(self, redactor: Redactor, blobs: Blobs) -> None:
        self._redactor = redactor
        self._blobs = blobs

    def encode(self, ev: str, given: dict[str, Any]) -> tuple[bytes, list[Change]]:
        """Return the fields as a JSON object, and what could not be encoded as it was."""
        body = self.encode_fast(ev, given)
        return self.encode_carefully(ev, given) if body is None else (body, _NO_CHANGES)

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

    def encode_fast(self, ev: str, given: dict[str, Any]) -> bytes | None:
        """Return the fields encoded, or None where one needs care.

        Written out in one loop: half of what an event costs beside `os.write` is spent here.
        """
        texts: list[str] = []
        is_sparse = False
        for name, value in given.items():
            kind = type(value)
            if kind is _FAST_KINDS.get(name):
                if kind is dict:
                    if not collect_texts(value, texts, but=self._redactor.harmless):
                        return None
                    is_sparse |= not value
                elif kind is float:
                    if not isfinite(value):
                        return None
                elif name == "outcome" and value not in _FAST_OUTCOMES.get(ev, _NO_OUTCOMES):
                    return None
            elif value is None and name in _LEFT_OUT:
                is_sparse = True
            elif name != "error" or not _is_fast_error(value):
                return None
            else:
                texts += value.values()
        if is_sparse:
            given = {name: value for name, value in given.items() if value is not None and value != {}}
        return self._encode_plain(given, texts)

    def _encode_plain(self, given: dict[str, Any], texts: list[str]) -> bytes | None:
        try:
            body = _encode(given)
        except (UnicodeEncodeError, RecursionError):
            return None
        if texts and not self._redactor.is_harmless(body, texts):
            return None
        return body if len(body) <= MAX_TEXT else _encode(self._shorten(given))

    def encode_carefully(self, ev: str, given: dict[str, Any]) -> tuple[bytes, list[Change]]:
        """Return the fields as a JSON object, and what could not be encoded as it was."""
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


def _is_fast_error(error: Any) -> bool:
    """Whether an error is told by its type and message alone."""
    return (
        type(error) is dict and list(error) == ["type", "message"] and all(type(text) is str for text in error.values())
    )
