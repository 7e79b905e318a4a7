"""What budgets read of the processes behind each kind of target: their memory, their CPU, and those of their children."""

from __future__ import annotations

import json
import sys

import pytest

from pytest_toolcheck.budgets.cpu import CpuMeter
from pytest_toolcheck.budgets.measure_memory import measure_leak_budget, measure_peak_budget
from pytest_toolcheck.budgets.memory_children import CHILD_GRAIN_BYTES, ChildMemoryMeter
from pytest_toolcheck.budgets.processes import has_proc
from pytest_toolcheck.budgets.subjects import Caller, ToolCall, subject_of
from pytest_toolcheck.scenario import ToolPlan
from pytest_toolcheck.spec.model import CommandTarget, HttpTarget, McpTarget, ToolSpec, WebSocketTarget
from pytest_toolcheck.targets import make_target
from pytest_toolcheck.targets.base import ToolDescription
from pytest_toolcheck.targets.processes import MALLOC_SETTINGS

from .specs import run
from .targets_kit import SERVERS, spec_of
from .test_targets_http import free_port

pytestmark = pytest.mark.skipif(not has_proc(), reason="what other processes use is read from /proc")

MS, MIB = 1_000_000, 2**20
SERVER = ("python", "spending_server.py")
SPEND = {"type": "object", "properties": {"what": {"type": "string", "maxLength": 64}}, "required": ["what"]}
SETTINGS = sorted(MALLOC_SETTINGS)


def mcp_over_stdio(_):
    return McpTarget(command=(*SERVER, "stdio"))


def http_server(port):
    return HttpTarget(f"http://127.0.0.1:{port}", start=(*SERVER, "http", str(port)))


def websocket_server(port):
    return WebSocketTarget(f"ws://127.0.0.1:{port}", start=(*SERVER, "websocket", str(port)))


def command(_):
    return CommandTarget((*SERVER, "command"), stdin="json")


class Spender:
    """A tool that spends what it is told to, as something to measure."""

    def __init__(self, target):
        self.tool = ToolSpec("spend", call="POST /spend" if isinstance(target, HttpTarget) else None)
        self.spec = spec_of(target, self.tool)
        self.target = make_target(self.spec)
        self.session = self.target.open()

    def subject(self, what):
        plan = ToolPlan(self.spec, self.tool, ToolDescription("spend"))
        caller = Caller(self.session, "", lambda *told: AssertionError(told))
        return subject_of([ToolCall(plan, {"what": what})], self.session, caller)

    def close(self):
        self.session.close()
        self.target.close()


@pytest.fixture(scope="module", params=[mcp_over_stdio, http_server, websocket_server], ids=lambda made: made.__name__)
def spender(request):
    """The tool behind a server of each kind."""
    made = Spender(request.param(free_port()))
    made.subject("its burn").call()  # the server's child is there
    yield made
    made.close()


@pytest.mark.parametrize("what", ["spike", "its spike"], ids=["here", "in-a-child"])
def test_ten_mebibytes_for_a_millisecond_are_seen_in_each_call(spender, what):
    """In the server and in a child of it, to what the kernel's count is exact to."""
    subject = spender.subject(what)
    meter = ChildMemoryMeter(subject.process_ids)
    assert all(abs(meter.measure(subject.call).peak_bytes - 10 * MIB) <= 2 * CHILD_GRAIN_BYTES for _ in range(5))
    assert meter.measure(spender.subject("").call).peak_bytes < MIB
    peak = measure_peak_budget(subject.call, 9 * MIB, process_ids=subject.process_ids)
    assert (peak.verdict, peak.total) == ("fail", 3)


def test_servers_start_with_the_settings_that_make_peaks_exact(spender):
    """Without them a spike in memory that was used before does not show."""
    found = spender.subject("settings").call().outcome.value
    assert (json.loads(found) if isinstance(found, str) else found) == SETTINGS


@pytest.mark.parametrize("what", ["burn", "its burn"], ids=["here", "in-a-child"])
def test_cpu_is_that_of_the_processes_that_serve(spender, what):
    """5 ms in the server, or in a child of it, and not what this process spends on asking."""
    subject = spender.subject(what)
    meter = CpuMeter(subject.process_ids)
    try:
        assert meter.measure(subject.call).cpu_ns >= 5 * MS
        assert min(meter.measure(spender.subject("").call).cpu_ns for _ in range(3)) < 5 * MS
    finally:
        meter.close()


def test_a_kibibyte_a_call_is_a_leak(spender):
    """In the server, or in a child of it."""
    is_of_child = isinstance(spender.spec.target, WebSocketTarget)
    subject = spender.subject("its leak" if is_of_child else "leak")
    found = measure_leak_budget(subject.call, 1024, process_ids=subject.process_ids, most_calls=400)
    assert found.verdict == "fail"


SUITE = """
import pytest

pytestmark = pytest.mark.tool_spec("served.tool.yaml", tool="spend")

def test_kept(tool, budget):
    with budget.memory(peak="12MiB") as b:
        assert "done" in b.call(tool, what="spike")
def test_broken(tool, budget):
    with budget.memory(peak="9MiB") as b:
        b.call(tool, what="spike")
def test_growth(tool, budget):
    with budget.growth(over="what", memory="n") as b:
        b.call(tool, what="")
def test_call(tool, budget):
    with budget.memory(peak="9MiB") as b:
        b.call(tool.call, {"what": "spike"})
def test_unnamed(tool, budget):
    with budget.memory(peak="9MiB") as b:
        b.call(tool, "spike")
def test_what_grows(tool, budget):
    with budget.growth(memory="n") as b:
        b.call(tool, what="")
def test_refused(tool):
    tool(how="?")
"""


def test_a_block_measures_a_tool_where_it_is_served(pytester):
    """`b.call(tool, …)` of the fixture `budget` judges the server's memory, not that of the process that asks."""
    server = [sys.executable, str(SERVERS / "spending_server.py"), "stdio"]
    text = {"toolcheck": 1, "target": {"mcp": {"command": server}}, "tools": {"spend": {"input": SPEND}}}
    pytester.makefile(".tool.yaml", served=json.dumps(text))
    pytester.makepyfile(test_served=SUITE)
    result = run(pytester, "--toolcheck-log=off", "test_served.py")
    result.assert_outcomes(passed=1, failed=6)
    assert "def __call__" not in result.stdout.str()
    assert "in as_subject" not in result.stdout.str()
    result.stdout.fnmatch_lines_random(
        [
            "*BudgetExceeded: memory peak *, budget 9 MiB, over in 3 of 3 calls",
            "*high-water mark of the server*",
            "*ToolCallFailed: spend * for its budget with what of size *",
            "*BudgetError: found 'spike' without a name, expected arguments as b.call(tool, parameter=value)",
            "*BudgetError: growth over 'size': * no such parameter; it has: what (budget.growth(over=…) names what grows)",
            "*ToolCallFailed: spend was lost: *",
            "*BudgetError: found BoundTool.call, expected the tool itself, as b.call(tool, parameter=value)",
        ]
    )


def test_a_command_counts_with_the_process_that_it_is():
    """A command has no process before it is called: its own and its children's peak count whole."""
    spender = Spender(command(0))
    subject = spender.subject("spike")
    assert (subject.process_ids, subject.own_process, subject.remote) == ((), False, "")
    assert measure_peak_budget(subject.call, 10 * MIB, own_process=False, warm_up=0, calls=1).verdict == "fail"
    assert CpuMeter().measure(spender.subject("burn").call).cpu_ns >= 5 * MS
    spender.close()
