"""schemathesis on the HTTP form: all phases but the stateful one, all checks, findings from its event report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..found import Found
from .environment import Environment
from .running import http_service, run_limited

_OPTIONS = ("--no-shrink", "--continue-on-failure", "--generation-database", "none", "--no-color", "--seed", "1",
            "--request-timeout", "1", "--phases", "examples,coverage,fuzzing", "--report", "ndjson")  # fmt: skip


def schemathesis_on(folder: Path, *, env: Environment, budget: int) -> tuple[dict[str, Found], str | None]:
    """Return what it found in the tools of a folder, and what went wrong with the run."""
    report = folder / "schemathesis" / "events.ndjson"
    with http_service(folder) as url:
        command = [env.program("schemathesis"), "run", f"{url}/openapi.json", "--max-examples", str(budget)]
        trouble = run_limited([*command, *_OPTIONS, "--report-ndjson-path", str(report)], report.parent)
    return read(report), trouble


def read(report: Path) -> dict[str, Found]:
    """Read its report; a tool's calls are all requests to its path, in order."""
    found: dict[str, Found] = {}
    for recorder in _recorders(report):
        seen = found.setdefault(recorder["label"].rpartition("/")[2], Found())
        for case in recorder["interactions"]:
            seen.calls += 1
            for check in recorder.get("checks", {}).get(case, ()):
                if check["status"] == "failure":
                    failure = check["failure_info"]["failure"]
                    seen.add(f"{failure['title']}: {failure['message'].splitlines()[:1]}", call=seen.calls)
    return found


def _recorders(report: Path) -> Iterator[dict[str, Any]]:
    if not report.exists():
        return
    for line in report.read_text(encoding="utf-8").splitlines():
        try:
            recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        except ValueError:  # the last line of a run that was stopped
            continue
        if recorder.get("interactions"):
            yield recorder
