"""Tools whose errors are texts of their results: these prove no input, and what is not there is looked for at siblings."""

from __future__ import annotations

from tests.specs import events, run

SERVER = '''
from mcp.server import MCPServer

mcp = MCPServer("tasks")
tasks: dict[int, str] = {}

@mcp.tool(structured_output=False)
def create_task(name: str) -> str:
    """Make a task."""
    tasks[len(tasks) + 101] = name
    return f"Task created successfully with ID: {len(tasks) + 100}"

@mcp.tool(structured_output=False)
def get_task(id: int) -> str:
    """Show a task."""
    return tasks[id] if id in tasks else "Task not found"

@mcp.tool(structured_output=False)
def update_task(id: int, name: str) -> str:
    """Change a task."""
    if id not in tasks: return f"Error: Task with ID {id} not found"
    tasks[id] = name
    return f"Task {id} updated successfully"

@mcp.tool(structured_output=False)
def sync_task(id: int) -> str:
    """Send a task to the office."""
    return "Error: the office is not reachable"

@mcp.tool(structured_output=False)
def explain_error(id: int) -> str:
    """What a number of an error means."""
    return "Error: disk full"
'''
SPEC = "toolcheck: 1\ntarget: {mcp: {server: 'tasks.py:mcp'}}\ndefaults: {variations: {limit: 4, fuzz: 0, categories: [example, required]}}\n"


def test_a_report_of_an_error_is_no_successful_call(pytester):
    """A tool that answers nothing else has no valid call; one that asks for what a sibling makes is given it."""
    pytester.makepyfile(tasks=SERVER)
    (pytester.path / "tasks.tool.yaml").write_text(SPEC, encoding="utf-8")
    result = run(pytester, "-rf", "-k", "valid_call")
    result.assert_outcomes(passed=4, failed=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(
        [
            "*no valid call succeeded: sync_task: * inputs tried, the last {*} was answered by the report of an error: Error: the office*",
            "FAILED tasks.tool.yaml::sync_task::valid_call*",
        ]
    )
    learned = {event["tool"]: event["attrs"] for event in events(pytester.path) if "learned" in event.get("attrs", {})}
    assert sorted(learned) == ["get_task", "update_task"]
    assert all(attrs["learned"]["id"] > 100 for attrs in learned.values())


ANSWERS = '''
from typing import Annotated
from mcp.server import MCPServer
from pydantic import Field

mcp = MCPServer("levels")

@mcp.tool(structured_output=False)
def set_level(level: Annotated[int, Field(strict=True)], room: str = "hall", loud: Annotated[bool, Field(strict=True)] = False) -> str:
    """Set how bright a room is."""
    return f"{room}: {level}"

call = mcp.call_tool

async def call_tool(name, arguments, *more, **rest):
    from mcp_types import CallToolResult, TextContent
    try:
        return await call(name, arguments, *more, **rest)
    except Exception as error:
        return CallToolResult(content=[TextContent(type="text", text="Error: the input is not valid")], is_error=False)

mcp.call_tool = call_tool
'''


def test_an_error_that_is_always_a_success_is_told_three_times(pytester):
    """What lies in how a tool answers fails three cases; the others are skipped and say so, and each finding is in the log."""
    pytester.makepyfile(levels=ANSWERS)
    text = "toolcheck: 1\ntarget: {mcp: {server: 'levels.py:mcp'}}\ndefaults: {variations: {limit: 30, fuzz: 0, categories: [CATEGORIES]}}\n"
    spec = pytester.path / "levels.tool.yaml"
    spec.write_text(text.replace("CATEGORIES", "example, type, null, required"), encoding="utf-8")
    outcomes = run(pytester, "-rs").parseoutcomes()
    told = [
        event
        for event in events(pytester.path)
        if event["ev"] == "check.failed" and event["attrs"]["check"] == "error_text"
    ]
    assert outcomes["failed"] == 3
    assert outcomes["skipped"] == len(told) - 3 > 3
    kinds = ", ".join(
        f"{{reason: known, check: error_text, cases: '{kind}*'}}" for kind in ("type", "null", "required")
    )
    rest = f"tools:\n  set_level: {{xfail: [{kinds}]}}\n"
    spec.write_text(text.replace("CATEGORIES", "example, type, null, required") + rest, encoding="utf-8")
    outcomes = run(pytester, "-rs").parseoutcomes()
    assert "skipped" not in outcomes
    assert outcomes["xfailed"] == len(told)
