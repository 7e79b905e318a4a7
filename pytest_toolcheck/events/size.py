"""Keep lines short: a long string is cut, a whole payload over 64 KiB goes to a file of its own.

Nothing is lost unseen: the full length and the sha256 of the whole stay in the line.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec

MAX_TEXT = 8 * 1024
"""Characters of a string that stay whole."""
KEPT = 1024
"""Characters kept of one that is cut."""
MAX_PAYLOAD = 64 * 1024
"""Bytes of one entry of `attrs`, encoded, above which it goes to `blobs/`."""


def cut_text(text: str) -> str:
    """Return a text for a field that must stay a text: cut, with its length in characters and sha256 (of UTF-8)."""
    if len(text) <= MAX_TEXT:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[:KEPT]}… [cut: {len(text)} characters, sha256 {digest}]"


def cut(value: Any) -> Any:
    """Return a copy in which long strings are `{"cut": first characters, "length": all, "sha256": of UTF-8}`."""
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return {"cut": value[:KEPT], "length": len(value), "sha256": hashlib.sha256(value.encode()).hexdigest()}
    if isinstance(value, list):
        return [cut(item) for item in value]
    if isinstance(value, dict):
        return {cut_text(key): cut(item) for key, item in value.items()}
    return value


class Blobs:
    """The files `blobs/<sha256>` of a run: each payload once, whole or not at all."""

    def __init__(self, run_directory: Path) -> None:
        self.directory = run_directory / "blobs"

    def shorten(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the attributes with long strings cut and big payloads moved to files."""
        return {cut_text(key): self._shorten_one(value) for key, value in attrs.items()}

    def _shorten_one(self, value: Any) -> Any:
        if isinstance(value, int | float | None):
            return value
        payload = value.encode() if isinstance(value, str) else msgspec.json.encode(value)
        return cut(value) if len(payload) <= MAX_PAYLOAD else self._move(payload, is_text=isinstance(value, str))

    def _move(self, payload: bytes, *, is_text: bool) -> dict[str, Any]:
        """A blob holds a string as UTF-8 text, anything else as JSON; `length` counts bytes."""
        digest = hashlib.sha256(payload).hexdigest()
        entry = {
            "cut": payload[:KEPT].decode(errors="ignore"),
            "length": len(payload),
            "sha256": digest,
            "media": "text/plain" if is_text else "application/json",
        }
        return {"blob": f"blobs/{digest}", **entry} if self._store(digest, payload) else entry

    def _store(self, digest: str, payload: bytes) -> bool:
        target = self.directory / digest
        if target.exists():
            return True
        partial = self.directory / f".{digest}.{os.getpid()}.{os.urandom(4).hex()}"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(payload)
            partial.replace(target)
            return True
        except OSError:  # a full disk: the line itself still says what it was
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            return False
