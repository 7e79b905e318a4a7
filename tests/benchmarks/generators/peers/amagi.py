"""amagi-mcp-probe on the MCP form: it makes one valid call a tool, so it is run twice, with and without options."""

from __future__ import annotations

import json
from pathlib import Path

from ..forms import mcp_command
from ..found import Found
from .environment import Environment
from .running import run_limited


def amagi_on(folder: Path, *, env: Environment, budget: int) -> tuple[dict[str, Found], str | None]:
    """Return what it found in the tools of a folder, and what went wrong with the runs. More calls it cannot make."""
    found: dict[str, Found] = {}
    trouble = None
    for options in ([], ["--include-optional"])[:budget]:
        place = folder / ("amagi" + "".join(options))
        command = [env.program("amagi-mcp-probe"), "--format", "json", "--timeout", "1", *options, "--"]
        trouble = run_limited([*command, *mcp_command(folder)], place) or trouble
        _read(place / "output.txt", found)
    return found, trouble


def _read(output: Path, found: dict[str, Found]) -> None:
    text = output.read_text(encoding="utf-8")
    try:
        report = json.loads(text[text.index("{") :])
    except ValueError:
        return
    for tool in report["servers"][0]["tools"]:
        seen = found.setdefault(tool["name"], Found())
        seen.calls += 1
        for finding in tool["findings"]:
            if finding["severity"] == "error":
                seen.add(f"{finding['check']}: {finding['message']}", call=seen.calls)
