"""A target without tools: an error, not a run that passes without having tested anything."""

from __future__ import annotations

import json
import sys

from .specs import PLUGINS, SUBPROCESS


def test_a_target_without_tools_is_an_error(pytester, monkeypatch):
    """The file is an error that says so, and where the target cannot be asked yet, what to write."""
    pytester.path.joinpath("empty.tool.yaml").write_text("toolcheck: 1\ntarget: {python: empty.py}\n")
    pytester.path.joinpath("empty.py").write_text("NUMBER = 1\n")
    pytester.path.joinpath("late.tool.yaml").write_text('toolcheck: 1\ntarget: {http: {url: "${fixture:base}"}}\n')
    monkeypatch.setenv("COLUMNS", "120")
    result = pytester.runpytest(*PLUGINS, "--junitxml=junit.xml")
    result.stdout.fnmatch_lines(
        [
            "*empty.tool.yaml:2:1: the target offers no tools, so nothing would be tested; *",
            "*late.tool.yaml:2:1: no tools: a target that needs fixtures cannot be asked *",
            "ERROR empty.tool.yaml - empty.tool.yaml:2:1: the target offers no tools, *",
            "ERROR late.tool.yaml - late.tool.yaml:2:1: no tools: a target that needs *",
        ]
    )
    assert result.ret == 2
    assert "empty.tool.yaml:2:1: the target offers no tools" in (pytester.path / "junit.xml").read_text()


def test_workers_that_collect_nothing_leave_no_log_to_count(pytester):
    """The reason is told, and nothing stumbles over a run that has but the folder in which workers share what they found."""
    command = json.dumps([sys.executable, "-c", "raise SystemExit(3)"])
    pytester.path.joinpath("gone.tool.yaml").write_text(f"toolcheck: 1\ntarget: {{mcp: {{command: {command}}}}}\n")
    result = pytester.runpytest_subprocess(*SUBPROCESS, "-p", "xdist", "-n1")
    result.stdout.fnmatch_lines(["*gone.tool.yaml:2:1: the MCP server did not start: exit code 3 *"])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()
