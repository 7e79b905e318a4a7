"""What an error means: a refusal in the way that `rejects` names, or a crash. The rules are spec-format.md's."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence

from .base import OutcomeKind

Rejects = Sequence[str | int] | None

_RANGE = re.compile(r"(\d+)\s*-\s*(\d+)")


def exception_kind(error: BaseException, *, rejects: Rejects, valid: bool | None, unbound: bool = False) -> OutcomeKind:
    """Return "refused" or "crashed" for an exception that a tool raised.

    By default a refusal is a ValueError that is no UnicodeError, and a TypeError for schema-invalid input.
    `rejects` replaces that; but a call that never entered the tool (`unbound`: an unknown or missing argument) with
    schema-invalid input is Python's own refusal and stays one.
    """
    if unbound and valid is False and isinstance(error, TypeError):
        return "refused"
    if rejects is not None:
        return "refused" if is_named(error, rejects) else "crashed"
    if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
        return "refused"
    return "refused" if isinstance(error, TypeError) and valid is False else "crashed"


def is_named(error: BaseException, names: Iterable[str | int]) -> bool:
    """Whether one of `names`, plain or dotted, names the class of `error` or a base of it."""
    classes = type(error).__mro__
    return any(_names_one_of(name, classes) for name in names if isinstance(name, str))


def code_kind(code: int, *, rejects: Rejects, default: Sequence[str | int]) -> OutcomeKind:
    """Return "refused" or "crashed" for a status or exit code; `default` applies where `rejects` is None."""
    wanted = default if rejects is None else rejects
    return "refused" if any(matches_code(pattern, code) for pattern in wanted) else "crashed"


def matches_code(pattern: str | int, code: int) -> bool:
    """Whether `pattern` (422, "422", "4xx", "400-499") covers `code`."""
    text = str(pattern).strip().lower()
    if found := _RANGE.fullmatch(text):
        return int(found[1]) <= code <= int(found[2])
    digits = str(code)
    return len(text) == len(digits) and all(want in (have, "x") for want, have in zip(text, digits, strict=True))


def _names_one_of(name: str, classes: tuple[type, ...]) -> bool:
    module, _, attribute = name.rpartition(".")
    if not module:
        return any(name == cls.__name__ for cls in classes)
    # Libraries re-export their errors: `requests.ConnectionError` is defined in `requests.exceptions`.
    alias = getattr(sys.modules.get(module), attribute, None)
    return any(cls is alias or f"{cls.__module__}.{cls.__qualname__}" == name for cls in classes)
