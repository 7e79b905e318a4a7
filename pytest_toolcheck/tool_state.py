"""What one process knows of one tool, kept between its scenarios."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .checks import OUTCOME_CHECKS, Check, Finding
from .checks.disclosure import SOURCE
from .proof import Proof
from .scenario import ToolPlan
from .server import Run, TargetServer, server_of
from .spec.model import Spec

HANGS_TOLERATED = 3
"""After so many hangs the remaining cases of a tool are not tried: each would cost the whole limit again."""


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
        self.is_hang_told = False
        """Whether a hang was judged: as long as none was, in a call beside the cases, the next one is waited for in full."""
        self.slowest_s = 0.0
        self.causes: Counter[str] = Counter()
        self.secrets = tuple(secrets_of(plan.spec))
        self.handed = tuple(handed_paths(plan.spec))
        self.suspicions: Counter[str] = Counter()
        self.validators: Mapping[str, Any] | None = None
        self.stray = ""
        """What the server wrote to stdout beside the protocol, first seen in a call of this tool."""
        self.is_stray_told = False
        self.uses_up: bool | None = None
        """Whether the tool refuses its base when it is sent again; None as long as nobody asked."""
        self.is_new_elsewhere = False
        """Whether a new start of the target brings back what was used up."""
        self.starts_elsewhere = 0
        self.seconds_elsewhere = 0.0
        self.unproven: Mapping[str, Finding] | None = None
        """What is wrong with the calls that found no base, by cause."""

    def limit_s(self, timeout_s: float) -> float:
        """Return how long to wait for an answer: a hang costs its whole limit once, the next are given up sooner."""
        return timeout_s if not self.is_hang_told else min(timeout_s, max(10 * self.slowest_s, 0.5))

    @property
    def server(self) -> TargetServer:
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
