"""Run pairs through pytest with the plugin, and count what it finds from the event log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .forms import write_side, write_specs
from .found import Found
from .pair import Pair

SIDES = ("buggy", "correct")


def found_in(
    pairs: Sequence[Pair],
    folder: Path,
    *,
    form: str = "python",
    limit: int = 1000,
    fuzz: int = 50,
    sides: Sequence[str] = SIDES,
) -> dict[tuple[str, str], Found]:
    """Write all pairs in one form, run them in one process; by side and name, what was found."""
    for side in sides:
        write_side(pairs, folder / side, buggy=side == "buggy")
        write_specs(pairs, folder / side, form=form, limit=limit, fuzz=fuzz)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    log = folder / "log"
    command = [sys.executable, "-m", "pytest", "-p", "toolcheck", "-p", "no:randomly", "-p", "no:cacheprovider", "-q"]
    command += ["--tb=no", "--no-summary", f"--toolcheck-log={log}", "-c", str(folder / "pytest.ini"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=dict(os.environ, COLUMNS="120"))
    if done.returncode not in (0, 1):
        raise RuntimeError(f"pytest ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return counted(events_in(log))


def events_in(log: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of the newest run."""
    for file in sorted((log / "latest").resolve().glob("*.jsonl")):
        for line in file.read_bytes().splitlines():
            yield json.loads(line)


def counted(events: Iterable[dict[str, Any]]) -> dict[tuple[str, str], Found]:
    """Count calls, cases and findings by side and tool."""
    found: dict[tuple[str, str], Found] = {}
    for event in events:
        tool, case = event.get("tool"), event.get("case")
        if not tool or not case:
            continue
        seen = found.setdefault(("buggy" if case.startswith("buggy/") else "correct", tool), Found())
        if event["ev"] == "call.end":
            seen.calls += 1
            seen.accepted += event.get("outcome") == "accepted"
        elif event["ev"] == "case.end":
            seen.cases += 1
        if event["ev"] == "check.failed" or (event["ev"] == "case.end" and event.get("outcome") == "failed"):
            said = str(event.get("attrs", {}).get("message") or (event.get("error") or {}).get("message") or "failed")
            seen.add(f"{case.partition('::')[2]}: {said.splitlines()[0]}", call=seen.calls)
    return found
