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
