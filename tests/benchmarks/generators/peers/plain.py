"""A plain Hypothesis strategy on the Python form; run by `plain_hypothesis.py` in the peers' environment."""

from __future__ import annotations

import json
from pathlib import Path

from ..found import Found
from .environment import Environment
from .running import LIMIT_S, run_limited

PROGRAM = Path(__file__).parent / "plain_hypothesis.py"


def plain_on(
    folder: Path, *, env: Environment, budget: int, limit_s: float = LIMIT_S
) -> tuple[dict[str, Found], str | None]:
    """Return what it found in the tools of a folder, and what went wrong with the run."""
    place = folder / f"plain{budget}"
    command = [env.program("python"), str(PROGRAM), str(folder), str(budget), str(place / "found.jsonl")]
    trouble = run_limited(command, place, limit_s=limit_s)
    return read(place / "found.jsonl"), trouble


def read(report: Path) -> dict[str, Found]:
    """Read one line a tool."""
    found = {}
    for line in report.read_text(encoding="utf-8").splitlines() if report.exists() else ():
        said = json.loads(line)
        findings = (said["finding"],) if said["finding"] else ()
        found[said["tool"]] = Found(said["calls"], first=said["calls"] if findings else None, findings=findings)
    return found
