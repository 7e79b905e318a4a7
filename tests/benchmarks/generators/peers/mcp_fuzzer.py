"""mcp-fuzzer on the MCP form: both of its phases, half of the calls each."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from ..forms import mcp_command
from ..found import Found
from .environment import Environment
from .running import run_limited


def mcp_fuzzer_on(folder: Path, *, env: Environment, budget: int) -> tuple[dict[str, Found], str | None]:
    """Return what it found in the tools of a folder, and what went wrong with the run."""
    place = folder / "mcp_fuzzer"
    command = [env.program("mcp-fuzzer"), "--mode", "tools", "--phase", "both", "--runs", str(budget // 2)]
    command += ["--seed", "1", "--protocol", "stdio", "--endpoint", shlex.join(mcp_command(folder))]
    command += [
        "--timeout",
        "30",
        "--tool-timeout",
        "1",
        "--no-network",
        "--fs-root",
        str(place / "files"),
        "--output-dir",
        str(place / "out"),
    ]
    trouble = run_limited(command, place)
    found = read(place / "out", sent_in(folder))
    return found, trouble or (None if found else (place / "output.txt").read_text()[-200:].strip())


def read(place: Path, sent: dict[str, list[Any]]) -> dict[str, Found]:
    """Read its reports: findings with the number of their run, and exceptions, found again by what was sent."""
    found: dict[str, Found] = {}
    for report in place.glob("sessions/*/*fuzzing_results.json"):
        for tool in json.loads(report.read_text(encoding="utf-8"))["data"]["tools_tested"]:
            seen = found.setdefault(tool["name"], Found())
            seen.calls += tool["runs"]
            for detail in tool["exception_details"]:
                given = sent.get(tool["name"], [])
                call = given.index(detail["arguments"]) + 1 if detail["arguments"] in given else None
                seen.add(f"exception: {detail['message']}", call=call)
    findings = place / "findings.json"
    for finding in json.loads(findings.read_text(encoding="utf-8"))["findings"] if findings.exists() else ():
        if finding["target"] in found:
            runs = (finding.get("evidence") or {}).get("runs") or [finding.get("run")]
            numbers = [run + 1 for run in runs if isinstance(run, int)]
            found[finding["target"]].add(finding["category"], call=min(numbers, default=None))
    return found


def sent_in(folder: Path) -> dict[str, list[Any]]:
    """Return the arguments that the server of a folder was given, by tool, in order."""
    sent: dict[str, list[Any]] = {}
    calls = folder / "calls.jsonl"
    for line in calls.read_text(encoding="utf-8").splitlines() if calls.exists() else ():
        call = json.loads(line)
        sent.setdefault(call["tool"], []).append(call["given"])
    return sent
