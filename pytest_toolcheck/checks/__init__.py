"""Checks: each judges one outcome of one case and returns a finding or None."""

from __future__ import annotations

from .accepts_valid import accepts_valid
from .base import Check, Evidence, Finding
from .clean_error import clean_error
from .counted import counted
from .error_text import error_text
from .expected import expected
from .no_crash import no_crash
from .output_schema import output_schema
from .rejects_invalid import rejects_invalid
from .timeout import timeout
from .told_back import told_back

OUTCOME_CHECKS: dict[str, Check] = {
    "timeout": timeout,
    "no_crash": no_crash,
    "accepts_valid": accepts_valid,
    "rejects_invalid": rejects_invalid,
    "error_text": error_text,
    "expected": expected,
    "output_schema": output_schema,
    "told_back": told_back,
    "counted": counted,
    "clean_error": clean_error,
}
"""Checks of a single outcome, most serious first."""

__all__ = ["OUTCOME_CHECKS", "Check", "Evidence", "Finding"]
