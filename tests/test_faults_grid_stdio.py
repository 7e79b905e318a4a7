"""Every kind of fault between an MCP client and its server over stdio, in both directions, on one connection each."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager

import pytest

from pytest_toolcheck.faults import Faults
from pytest_toolcheck.faults.kinds import KINDS

SERVER = """
import json, sys
for line in sys.stdin:
    try:
        asked = json.loads(line)
    except ValueError:
        print("unreadable", flush=True)
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": asked["params"]["arguments"]}), flush=True)
"""
CHAIN = {
    "delay": "delay(1ms)", "error": "error(-32000)", "truncate": "truncate(30)", "corrupt": "corrupt(1, seed=2)",
    "duplicate": "duplicate", "noise": "noise", "slow_stream": "slow_stream(100KiB)", "oversize": "oversize(50B)",
    "drop": "drop",
}  # fmt: skip
ELSEWHERE = ("hang", "disconnect", "reorder")


@contextmanager
def connected(faults, schedule, **whom):
    """Start the server behind the proxy; hand over the fault and what sends a call and reads so many lines."""
    fault = faults.inject([sys.executable, "-S", "-c", SERVER], schedule, **whom)
    process = subprocess.Popen(fault.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def call(number, lines=1, name="add"):
        asked = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": name, "arguments": {}}}
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        process.stdin.flush()
        return [process.stdout.readline().decode() for _ in range(lines)]

    try:
        yield fault, call
    finally:
        process.kill()
        process.communicate()


def answer_to(number):
    return json.dumps({"jsonrpc": "2.0", "id": number, "result": {}}) + "\n"


@pytest.mark.parametrize("direction", ["request", "response"])
def test_kinds_that_leave_the_connection_whole(direction):
    """Each call meets the next kind, in the direction that was asked for; the one after the last is answered."""
    assert {*CHAIN, *ELSEWHERE} == {kind.name for kind in KINDS.values() if "stdio" in kind.points}
    on_way = direction == "request"
    with Faults() as faults, connected(faults, " -> ".join(f"1*{each}" for each in CHAIN.values()), direction=direction) as (fault, call):  # fmt: skip
        assert call(1) == [answer_to(1)]
        assert '"code": -32000' in call(2)[0]
        assert call(3) == (["unreadable\n"] if on_way else [answer_to(3)[:30] + "\n"])
        assert (call(4) != [answer_to(4)]) or on_way
        assert call(5, lines=2) == [answer_to(5)] * 2
        assert call(6, lines=2) == ["unreadable\n" if on_way else "noise\n", answer_to(6)]
        assert call(7) == [answer_to(7)]
        assert call(8) == [answer_to(8) if on_way else answer_to(8).replace("{", "{" + " " * 50, 1)]
        call(9, lines=0)
        assert call(10) == [answer_to(10)]
        fault.assert_fired(len(CHAIN))


@pytest.mark.parametrize("direction", ["request", "response"])
def test_a_message_is_overtaken(direction):
    """`reorder` holds a message until the next has passed, for a moment: on a machine that halts then, the next pair shows it."""
    with Faults() as faults, connected(faults, "every(2): reorder", direction=direction) as (_fault, call):
        call(1)
        for number in range(2, 100, 2):
            call(number, lines=0)
            if call(number + 1, lines=2) == [answer_to(number + 1), answer_to(number)]:
                return
        pytest.fail("no message was ever overtaken")


def test_only_calls_of_the_tool_are_hit():
    """`tool=` picks the calls by the name that they have on the wire."""
    with Faults() as faults, connected(faults, "1*error(-32000)", tool="pay") as (fault, call):
        assert call(1) == [answer_to(1)]
        assert '"code": -32000' in call(2, name="pay")[0]
        fault.assert_fired(1)


@pytest.mark.parametrize("how", ["fin", "half"])
def test_an_end_is_seen_as_one(how):
    """After `disconnect` the client reads the end of the stream."""
    with Faults() as faults, connected(faults, f"disconnect({how})") as (_fault, call):
        assert call(1) == [""]
