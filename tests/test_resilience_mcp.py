"""Tools of an MCP server in this process: promises under failure, heartbeats and faults, in virtual time, through the client."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_toolcheck.faults.scenarios import fault_scenarios
from pytest_toolcheck.resilience.heartbeat import heartbeat_scenarios
from pytest_toolcheck.scenario import ScenarioFailure, ScenarioSkipped
from pytest_toolcheck.spec.model import Expectation, FaultPlan, Heartbeat, McpTarget
from pytest_toolcheck.targets.base import Request

from .faulty.resilience.faults import ASYNC
from .faulty.resilience.lab import BREAKER, RETRY, Context, mutated, plan_of, run

pytest.importorskip("mcp", reason="pip install 'pytest-toolcheck[mcp]'")

SERVER = mutated(
    ASYNC,
    "async def place_order(sku):",
    'from mcp.server.mcpserver import MCPServer\nserver = MCPServer("shop")\n\n\n'
    "@server.tool()\nasync def place_order(sku: str) -> dict:",
)
LIFESPAN = mutated(
    mutated(
        SERVER,
        'MCPServer("shop")',
        'MCPServer("shop", lifespan=connected)\n',
    ),
    "from mcp.server.mcpserver import MCPServer",
    """from contextlib import asynccontextmanager
from mcp.server.mcpserver import MCPServer

@asynccontextmanager
async def connected(server):
    BREAKERS.clear()
    yield
""",
)
BEATING = """
import asyncio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
server = MCPServer("shop")

async def quote(sku):
    return {"price": 10}

@server.tool()
async def place_order(sku: str, ctx: Context) -> dict:
    task, step = asyncio.ensure_future(quote(sku)), 0
    while not task.done():
        await asyncio.wait({task}, timeout=6)
        step += 1
        await ctx.report_progress(step, 100)
    return task.result()
"""


def served(plan):
    """The plan with its module as an MCP server in this process."""
    return dataclasses.replace(plan, spec=dataclasses.replace(plan.spec, target=McpTarget(server="shop:server")))


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize(
    ("old", "new", "sentence", "message"),
    [
        ("Breaker(5, 300.0)", "Breaker(5, 300.0)", "open", None),
        ("2**attempt", "1", "retry[provider:waits", "the wait before attempt 3 was 1s, promised 2s"),
        ("if self.probing:", "if False:", "10 callers", "let 10 of 10 concurrent callers through"),
        ("self.abandoned()", "self.failed()", "a cancelled call is no", "a cancellation is no failure"),
        ("                raise\n", "                return {}\n", "the last error", "its error was swallowed"),
    ],
)
def test_promises_hold_for_the_tools_of_a_server(tmp_path, old, new, sentence, message):
    """The correct server passes; one with a fault is found, by the same sentences as a Python tool."""
    report = run(served(plan_of(mutated(SERVER, old, new), tmp_path, retry=RETRY, breaker=BREAKER)), only=sentence)
    if message is None:
        assert not report.failed, report
        assert len(report.passed) > 4
    else:
        assert any(message in str(failure) for failure in report.failed.values()), report


def test_what_a_server_keeps_for_a_connection_lasts_from_call_to_call(tmp_path):
    """A server whose lifespan makes its breakers keeps its promises: the calls of a scenario share a connection."""
    report = run(served(plan_of(LIFESPAN, tmp_path, retry=RETRY, breaker=BREAKER)), only="opens on failure 5")
    assert report.passed, report


def test_the_last_error_is_looked_for_in_the_text(tmp_path):
    """A client sees a text: the last error in it passes, an earlier one fails, and of none nothing can be said."""
    shown = "from mcp.server.mcpserver.exceptions import ToolError\n" + mutated(
        SERVER, "                raise\n", "                raise ToolError(f'sorry: {error}') from error\n"
    )
    shown = mutated(
        shown, "except (ConnectionError, TimeoutError):", "except (ConnectionError, TimeoutError) as error:"
    )
    first = mutated(shown, "{error}'", "injected failure 1 of provider'")
    assert run(served(plan_of(shown, tmp_path, retry=RETRY)), only="the last error").passed
    report = run(served(plan_of(first, tmp_path, retry=RETRY)), only="the last error")
    assert "the call raised an earlier one" in str(next(iter(report.failed.values())))
    report = run(served(plan_of(SERVER, tmp_path, retry=RETRY)), only="the last error")
    assert "a text that names no error of provider" in next(iter(report.skipped.values()))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("timeout=6", "timeout=6", None),
        ("timeout=6", "timeout=9", "no progress for 9 s"),
        ("report_progress(step,", "report_progress(50 - step,", "goes back from 49 % to 48 %"),
        ("await asyncio.wait({task}, timeout=6)", "await asyncio.wait_for(task, 6)", "failed"),
        ("await asyncio.wait({task}, timeout=6)", "await asyncio.sleep(6)", "it waits for the next report"),
    ],
)
def test_heartbeats_of_a_server_in_virtual_time(tmp_path, old, new, message):
    """A dependency that is slowed makes the call a minute long, which passes in no time."""
    plan = served(plan_of(mutated(BEATING, old, new), tmp_path))
    plan = dataclasses.replace(plan, tool=dataclasses.replace(plan.tool, heartbeat=Heartbeat(6.0, 0.2)))
    failed, events = [], []
    for scenario in heartbeat_scenarios(plan):
        try:
            scenario.run(Context(plan, events))
        except ScenarioFailure as failure:
            failed.append(str(failure))
        except ScenarioSkipped:
            assert message == "failed"
    assert any(message in text for text in failed) if message else (failed == [] and len(events) >= 20)


def test_a_fault_in_a_dependency_of_a_server(tmp_path):
    """A hang of a Python dependency is injected in this process and lasts as long as the tool's own limit, virtually."""
    source = mutated(
        BEATING, "timeout=6)\n", "timeout=6)\n        if step == 2:\n            raise ToolError('no quote in 18 s')\n"
    )
    plan = served(plan_of(source, tmp_path))
    fault = FaultPlan("provider", "hang", Expectation(error="no quote in 18 s"), within_s=20.0)
    plan = dataclasses.replace(plan, tool=dataclasses.replace(plan.tool, faults=(fault,), clock="virtual"))

    class Calling(Context):
        def call(self, arguments, *, valid=None, session=None):
            return session.call(Request(self.plan.tool, dict(arguments), "r1", 10.0, valid))

    events = []
    (scenario,) = fault_scenarios(plan)
    scenario.run(Calling(plan, events))
    assert [fields["attrs"]["kind"] for ev, fields in events if ev == "fault.injected"] == ["hang"]
