"""E-mail addresses: `jsonschema` takes every text with an `@` for one, and most tools do not."""

from __future__ import annotations

import re
from copy import copy
from typing import Any

_LONGEST, _LONGEST_LOCAL = 254, 64
"""In characters, by RFC 5321, 4.5.3.1 (and its erratum 1690)."""
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = re.compile(
    r'(?:[^\s@<>()\[\],;:"\\.]+(?:\.[^\s@<>()\[\],;:"\\.]+)*|"[^"\\\r\n]*")'
    rf"@(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.Iv]+\])"
)
_LABEL_LENGTH = 60


def is_address(text: str) -> bool:
    """Whether RFC 6531, which has letters of all scripts, calls this an address; without these RFC 5322 does."""
    return len(text) <= _LONGEST and text.rfind("@") <= _LONGEST_LOCAL and _ADDRESS.fullmatch(text) is not None


def address_of_length(length: int) -> str | None:
    """Return an address of so many characters; None where there is none."""
    domain = "example.com" if length > len("a@example.com") else "b.co" if length > len("a@b.c") else "b"
    while length - len(domain) - 1 > _LONGEST_LOCAL:
        domain = f"{'b' * min(_LABEL_LENGTH, length - len(domain) - 3)}.{domain}"
    local = length - len(domain) - 1
    return f"{'a' * local}@{domain}" if local > 0 and length <= _LONGEST else None


def strict(checker: Any) -> Any | None:
    """Return the format checker as one that takes addresses only for addresses; None where its own is not `jsonschema`'s."""
    own = {name: checker.checkers.get(name, (None,))[0] for name in ("email", "idn-email")}
    lenient = [name for name, check in own.items() if getattr(check, "__name__", "") == "is_email"]
    if not lenient:
        return None
    made = copy(checker)
    checks = {"email": (_is_ascii_address, ()), "idn-email": (_is_any_address, ())}
    made.checkers = {**checker.checkers, **{name: checks[name] for name in lenient}}
    return made


def _is_any_address(value: object) -> bool:
    return not isinstance(value, str) or is_address(value)


def _is_ascii_address(value: object) -> bool:
    return not isinstance(value, str) or (value.isascii() and is_address(value))
