"""What one process knows of one tool, kept between its scenarios."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cases.model import Case
from .checks import OUTCOME_CHECKS, Check, Finding
from .checks.base import as_json, shorten
from .checks.disclosure import SOURCE
from .proof import Proof
from .refused import Refused, may_write
from .scenario import ToolPlan
from .server import Run, TargetServer, server_of
from .spec.model import Spec
from .targets._process_state import is_to_leave_it
from .targets.base import Outcome, Session

if TYPE_CHECKING:
    from .behaviour.span import Span

HANGS_TOLERATED = 3
"""So many hangs of a tool are put up with, and more while the later ones cost little beside the first."""
_SHARE = 0.25
"""So much of its limit all later hangs together may cost: then the remaining cases are not tried."""

_OF_EACH_CASE = frozenset(["error_text"])
"""Checks whose fault lies in how a tool answers at all, and in none of its inputs."""
_OFTEN = 3
MOST_RELEARNED = 10
"""So often is a base learned again that other tools, or the tool itself, have removed meanwhile."""


class ToolState:
    """What this process knows of one tool: kept between its scenarios."""

    def __init__(self, plan: ToolPlan, runtime: Run, checks: Mapping[str, Check] | None = None) -> None:
        self.plan = plan
        self.runtime = runtime
        self.checks: dict[str, Check] = {**OUTCOME_CHECKS, **(checks or {})}
        self.static_base: dict[str, Any] | None = None
        self.proof: Proof | None = None
        self.inconclusive_fails = False
        self.baselines: tuple[Path | None, Path | None, bool] = (None, None, False)
        """What to compare budgets with, where to keep them, and whether a baseline of another machine counts."""
        self.hangs = 0
        self.hung_s = 0.0
        """How long the calls hung that came after the one that was judged."""
        self.is_hang_told = False
        """Whether a hang was judged: as long as none was, in a call beside the cases, the next one is waited for in full."""
        self.slowest_s = 0.0
        self.accepted = 0
        """How many calls have been accepted in all."""
        self.causes: Counter[str] = Counter()
        self.secrets = tuple(secrets_of(plan.spec))
        self.handed = tuple(handed_paths(plan.spec))
        self.suspicions: Counter[str] = Counter()
        self.changed_at_first: dict[str, tuple[Any, Any]] = {}
        """What of this process the calls changed that came before the first case, with both states."""
        self.validators: Mapping[str, Any] | None = None
        self.stray = ""
        """What the server wrote to stdout beside the protocol, first seen in a call of this tool."""
        self.is_stray_told = False
        self.learned: str | None = None
        """The sibling whose result the base was learned from."""
        self.relearned = 0
        self.uses_up: bool | None = None
        """Whether the tool refuses its base when it is sent again; None as long as nobody asked."""
        self.is_new_elsewhere = False
        """Whether a new start of the target brings back what was used up."""
        self.starts_elsewhere = 0
        self.called_anew = 0
        self.seconds_elsewhere = 0.0
        self._refused = Refused()
        self.is_followed = False
        """Whether the state before the tool's first case is to be looked at (`behaviour/span.py`)."""
        self.span: Span | None = None
        self.unproven: Mapping[str, Finding] | None = None
        """What is wrong with the calls that found no base, by cause."""

    def note_told(self, findings: tuple[Finding, ...]) -> int:
        """Count what a failing case tells of, by cause; return how many earlier cases told of the first."""
        known = sum(self.causes[finding.cause] for finding in findings[:1])
        self.causes.update(finding.cause for finding in findings)
        return known

    def told_often(self, case: Case, findings: tuple[Finding, ...]) -> str | None:
        """Say that all this was told of earlier cases, of a fault that each of hundreds has: an error reported as a success.

        Not where the spec says what is expected of single cases: of an example, or by `xfail`.
        """
        known = min(self.causes[finding.cause] for finding in findings)
        is_of_each = all(finding.check in _OF_EACH_CASE for finding in findings)
        if not is_of_each or known < _OFTEN or case.category == "example" or self.plan.tool.xfails:
            return None
        self.note_told(findings)
        return f"told of {_OFTEN} cases before: {shorten(findings[0].message, 200)}"

    def is_to_be_watched(self, plan: ToolPlan) -> bool:
        """Whether this is a first call of the tool, and it promises to change nothing: what it changes then, it may not change again."""
        return self.accepted == 0 and plan is self.plan and is_to_leave_it(plan.tool)

    def note_answer(self, plan: ToolPlan, sent: Mapping[str, Any], outcome: Outcome, session: Session) -> None:
        """Take a call's answer down: whether it may have changed anything, and what the tool refused."""
        self.server.written += may_write(plan.tool)
        if plan is self.plan and self.server.is_own(session):
            self._refused.note(sent, outcome, written=self.server.written)
        if self.span is not None and plan is self.plan and session is self.span.session:
            self.span.called.add(as_json(sent))

    def was_refused(self, arguments: Mapping[str, Any]) -> bool:
        """Whether the tool has refused this, and nothing was called since that may have changed anything."""
        return self._refused.holds(arguments, written=self.server.written)

    def limit_s(self, timeout_s: float) -> float:
        """Return how long to wait for an answer: a hang costs its whole limit once, the next are given up sooner."""
        return timeout_s if not self.is_hang_told else min(timeout_s, max(10 * self.slowest_s, 0.5))

    def note_hang(self, seconds: float) -> None:
        """Take a hang down."""
        self.hangs += 1
        self.hung_s += seconds if self.is_hang_told else 0.0

    def is_given_up(self, timeout_s: float) -> bool:
        """Whether the tool has hung so often, or so long, that it is not called again."""
        if not self.is_hang_told:
            return self.hangs >= 2 * HANGS_TOLERATED
        return self.hangs >= HANGS_TOLERATED and self.hung_s >= _SHARE * timeout_s

    def give_up(self) -> None:
        """Call the tool no more: what hung was its only input."""
        self.hangs, self.hung_s, self.is_hang_told = HANGS_TOLERATED, math.inf, True

    @cached_property
    def server(self) -> TargetServer:
        """The file's server in this process: each call asks for it a dozen times."""
        return server_of(self.plan.spec, self.runtime)


def secrets_of(spec: Spec) -> Iterator[str]:
    """Yield the values that the spec hands to its target under names that say they are secret."""
    given = [getattr(spec.target, key, None) or {} for key in ("env", "headers")]
    if any(given):
        from .events.redact import Redactor

        redactor = Redactor()
        yield from (value for pairs in given for name, value in pairs.items() if redactor.is_secret(name, value))


def handed_paths(spec: Spec) -> Iterator[str]:
    """Yield the folders and data files that the spec names in the target's command or environment."""
    target = spec.target
    command = next((found for key in ("command", "argv", "start") if (found := getattr(target, key, ()))), ())
    words = [*command[1:], *(getattr(target, "env", None) or {}).values()]
    folders = [spec.path.resolve().parent, Path.cwd(), Path(getattr(target, "cwd", None) or ".").resolve()]
    parts = {part for word in words for part in (word, word.partition("=")[2]) if part}
    for part in parts:
        for path in {folder / part for folder in folders}:
            if _is_there(path) and not SOURCE.search(path.name):
                yield from {str(path), str(path.resolve())}


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or with a NUL: no path at all
        return False
