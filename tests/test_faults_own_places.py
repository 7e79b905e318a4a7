"""Faults of a spec at the target itself: the wire to an MCP server, its process, the clock of a Python tool."""

from __future__ import annotations

import dataclasses
import sys

import pytest

from pytest_toolcheck.errors import Position
from pytest_toolcheck.scenario import ToolPlan
from pytest_toolcheck.spec.model import (
    OWN_FAULT_PLACES,
    Example,
    Expectation,
    FaultPlan,
    HttpTarget,
    McpTarget,
    PythonTarget,
    Spec,
    ToolSpec,
)
from pytest_toolcheck.targets.base import ToolDescription

from .test_faults_scenarios import failure, run

SERVER = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    answers = {
        "initialize": lambda: {"protocolVersion": asked["params"]["protocolVersion"], "capabilities": {"tools": {}},
                               "serverInfo": {"name": "adder", "version": "1"}},
        "tools/list": lambda: {"tools": [{"name": "add", "inputSchema": {"type": "object"}}]},
        "tools/call": lambda: {"content": [{"type": "text", "text": "3"}], "structuredContent": {"sum": 3}},
    }
    result = answers.get(asked["method"], dict)()
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""
AGE = """
import time
born = [None]

def age():
    born[0] = born[0] or time.time()
    return time.time() - born[0]
"""
SUM = Expectation(output={"sum": 3})


def plan_of(folder, fault, *, target=None, clock=None):
    path = folder / "own.tool.yaml"
    tool = ToolSpec(
        "add" if target is None else "age", examples=(Example({}),), faults=(fault,), clock=clock, timeout_s=20
    )
    if target is None:
        (folder / "server.py").write_text(SERVER)
        target = McpTarget(command=(sys.executable, "-S", str(folder / "server.py")))
    spec = Spec(path, target, Position(path), ToolSpec(""), {}, False)
    return ToolPlan(spec, tool, ToolDescription(tool.name))


def python_plan(folder, fault, *, clock="virtual"):
    (folder / "ages.py").write_text(AGE)
    return plan_of(folder, fault, target=PythonTarget("ages", (str(folder),)), clock=clock)


def fired(events):
    return [
        (fields["rid"], fields["attrs"]["point"], fields["attrs"]["hit"])
        for ev, fields in events
        if ev == "fault.injected"
    ]


@pytest.mark.parametrize(
    ("on", "inject", "hit"),
    [("stdio", "delay(0.2s)", 1), ("stdio", "1*off -> noise", 2), ("process", "pause(0.2s)", 1)],
)
def test_a_server_that_bears_it_passes(on, inject, hit, tmp_path):
    """The answer to the very call that is hit is judged, and the event has that call's request id."""
    events = run(plan_of(tmp_path, FaultPlan(on, inject, SUM, within_s=10)))
    assert fired(events) == [("r1", on, hit)]


@pytest.mark.parametrize(("on", "inject"), [("stdio", "disconnect(fin)"), ("process", "1*off -> kill")])
def test_a_call_that_loses_its_server_has_to_end(on, inject, tmp_path):
    """No answer can be expected then: it passes where the call ends."""
    assert fired(run(plan_of(tmp_path, FaultPlan(on, inject, within_s=10))))[0][1] == on


def test_an_answer_that_is_expected_though_is_missed(tmp_path):
    """`expect` holds for a killed server too."""
    assert "expected" in failure(plan_of(tmp_path, FaultPlan("process", "kill", SUM, within_s=10)))


def test_what_takes_too_long_is_found(tmp_path):
    """`within` is the limit for the call that is hit."""
    assert "took" in failure(plan_of(tmp_path, FaultPlan("stdio", "delay(0.5s)", within_s=0.2)))


def test_the_clock_jumps_just_before_a_call(tmp_path):
    """A tool that reads the wall clock is found by a step back, and passes a step that it bears."""
    age = Expectation(matches={"type": "number", "minimum": 0})
    events = run(python_plan(tmp_path, FaultPlan("clock", "1*off -> clock_jump(1h)", age)))
    assert fired(events) == [("r1", "clock", 2)]
    found = failure(python_plan(tmp_path, FaultPlan("clock", "1*off -> clock_jump(-1h)", age)))
    assert "-3600.0 is less than the minimum of 0" in found


@pytest.mark.parametrize(
    ("on", "inject", "message"),
    [
        ("process", "crash_restart", "has lost its pipes: use kill or pause"),
        ("process", "drop", "'drop' makes no sense at a process"),
        ("clock", "clock_jump(1h)", "the clock of a mcp target is another process's"),
    ],
)
def test_what_makes_no_sense_there_is_refused(on, inject, message, tmp_path):
    """With what the place is for, and what to do."""
    assert message in failure(plan_of(tmp_path, FaultPlan(on, inject)))


@pytest.mark.parametrize("on", ["stdio", "process"])
def test_a_target_without_such_a_place_is_refused(on, tmp_path):
    """Only an MCP server that a command starts has a wire and a process of its own."""
    for target in (
        PythonTarget("ages", (str(tmp_path),)),
        HttpTarget("http://127.0.0.1:1"),
        McpTarget(url="http://127.0.0.1:1"),
    ):
        found = failure(plan_of(tmp_path, FaultPlan(on, "delay(1s)"), target=target))
        assert f"that is {OWN_FAULT_PLACES[on]}; this target is {target.kind}" in found


def test_a_real_clock_does_not_jump(tmp_path):
    """It says how to get a virtual one."""
    assert "add `clock: virtual`" in failure(python_plan(tmp_path, FaultPlan("clock", "clock_jump(1h)"), clock="real"))


def test_a_dependency_of_that_name_comes_first(tmp_path):
    """`depends_on: {clock: …}` is a dependency like any other."""
    from pytest_toolcheck.faults.own_places import is_own_place
    from pytest_toolcheck.spec.model import Dependency

    plan = python_plan(tmp_path, FaultPlan("clock", "hang"))
    assert is_own_place("clock", plan)
    named = dataclasses.replace(plan.tool, depends_on={"clock": Dependency("clock", python="clocks:now")})
    assert not is_own_place("clock", dataclasses.replace(plan, tool=named))
