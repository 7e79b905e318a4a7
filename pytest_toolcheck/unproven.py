"""A tool of which no valid call succeeded: what was seen of it is told once, and not again in each of its cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from .cases.model import Case
from .checks.base import Finding
from .proof import Proof

UNPROVEN = "unproven"
"""The note of a case whose findings `valid_call` tells."""

Judge = Callable[..., "Finding | None"]


def findings_of(proof: Proof, checks: Iterable[Judge]) -> Mapping[str, Finding]:
    """Return what is wrong with the calls that were to find a base, the first of each cause; that they are refused is not."""
    found: dict[str, Finding] = {}
    judges = list(checks)
    for number, (value, outcome) in enumerate(proof.tried):
        case = Case(f"valid_call[{number}]", value, "valid", "valid_call", "", "")
        for judge in judges:
            finding = judge(case, outcome, [])
            if finding is not None and finding.check != "accepts_valid":
                found.setdefault(finding.cause, finding)
    return found


def untold(case: Case, findings: Iterable[Finding], told: Mapping[str, Finding]) -> list[Finding]:
    """Return the findings that `valid_call` does not tell: other causes, and what the spec's author wrote himself."""
    return [finding for finding in findings if not _is_told(case, finding, told)]


def _is_told(case: Case, finding: Finding, told: Mapping[str, Finding]) -> bool:
    return finding.cause in told or (finding.check == "accepts_valid" and case.category != "example")
