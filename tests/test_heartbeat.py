"""Heartbeats: faulty reporters are all found, their correct twins are not accused."""

# ruff: noqa: ISC004 - a fault stands beside its place in the source

from __future__ import annotations

import dataclasses
import sys
import time

import pytest

from pytest_toolcheck.errors import Position
from pytest_toolcheck.resilience.heartbeat import heartbeat_scenarios
from pytest_toolcheck.resilience.heartbeat_reports import read_report
from pytest_toolcheck.scenario import ScenarioFailure, ScenarioSkipped, ToolPlan
from pytest_toolcheck.spec.model import (
    Dependency,
    Example,
    Heartbeat,
    HttpTarget,
    McpTarget,
    PythonTarget,
    Spec,
    ToolSpec,
)
from pytest_toolcheck.targets import make_target
from pytest_toolcheck.targets.base import Outcome, Progress, Request, ToolDescription

ASYNC = """
import asyncio

async def provider(sku):
    return 3

async def beat(on_progress, task):
    step = 0
    while not task.done():
        await asyncio.wait({task}, timeout=6)
        if task.done():
            return
        step += 1
        try:
            answer = on_progress(min(step * 5, 99), 100, f"step {step}")
            if hasattr(answer, "__await__"):
                reports.append(asyncio.ensure_future(swallow(answer)))
        except Exception:
            pass

reports = []

async def swallow(answer):
    await answer

async def order(sku, on_progress=None):
    task = asyncio.ensure_future(provider(sku))
    beating = None
    if on_progress:
        beating = asyncio.ensure_future(beat(on_progress, task))
    try:
        return {"price": await task}
    finally:
        if beating:
            beating.cancel()
        for report in reports:
            report.cancel()
"""
SYNC = """
import threading
from concurrent.futures import ThreadPoolExecutor, wait

def provider(sku):
    return 3

def order(sku, progress):
    ended = threading.Event()
    def beat():
        done = 0
        while not ended.wait(6):
            done += 1
            try:
                progress({"progress": done, "total": 1000})
            except Exception:
                pass
    worker = threading.Thread(target=beat)
    worker.start()
    try:
        return {"price": provider(sku)}
    finally:
        ended.set()
        worker.join()
"""
FAULTS = [
    (ASYNC, "never reports", "timeout=6)\n", "timeout=6000)\n", "no progress for 62.2 s after 0 s"),
    (ASYNC, "reports too seldom", "timeout=6)\n", "timeout=8)\n", "no progress for 8 s"),
    (ASYNC, "reports more than all", "min(step * 5, 99)", "step * 20", "says 120 %"),
    (ASYNC, "reports less than nothing", "min(step * 5, 99)", "step - 2", "says -1 %"),
    (ASYNC, "goes back", "min(step * 5, 99)", "50 - step", "goes back from 49 % to 48 %"),
    (ASYNC, "reports no number", "min(step * 5, 99)", "'half'", "is no progress"),
    (ASYNC, "reports not a number", "min(step * 5, 99)", "float('nan')", "is no progress"),
    (ASYNC, "goes on after the end for ever", "            beating.cancel()", "            pass", "after the call had ended"),
    (ASYNC, "a failing receiver ends the call", "{\"price\": await task}", "{\"price\": await both(task, beating)}",
     "with a receiver that fails the call ends in RuntimeError"),
    (ASYNC, "wait_for without a shield", "await asyncio.wait({task}, timeout=6)", "await wait_briefly(task)", "failed: CancelledError"),
    (ASYNC, "the answer is the reporter's", '{"price": await task}', '{"price": await task, "steps": bool(beating)}', "expected {\"price\": 3, \"steps\": false}"),
    (ASYNC, "falls silent after one failure of its receiver", "        except Exception:\n            pass\n", "        except Exception:\n            return\n",
     "after its receiver failed, no progress for 56.2 s after 6 s"),
    (ASYNC, "begins the work again", '{"price": await task}', '{"price": await again(on_progress)}', "the work was begun again with the report after 6 s"),
    (ASYNC, "begins the work beside itself", "        step += 1\n", "        step += 1\n        reports.append(asyncio.ensure_future(provider('A')))\n",
     "the work was begun again with the report after 6 s"),
    (SYNC, "begins the work beside itself", '        return {"price": provider(sku)}\n',
     '        pool, futures = ThreadPoolExecutor(9), []\n        while not wait(futures, 6).done:\n            futures.append(pool.submit(provider, sku))\n'
     '        pool.shutdown()\n        return {"price": 3}\n', "the work was begun again with the report after 6 s"),
    (ASYNC, "the last caller hears of all", "answer = on_progress(min", "answer = LATEST[0](min", "of two calls at once the first heard nothing for"),
    (SYNC, "the last caller hears of all", "                progress({", "                LATEST[0]({", "of two calls at once the first heard nothing for"),
    (SYNC, "never reports", "ended.wait(6)", "ended.wait(6000)", "no progress for 62.2 s"),
    (SYNC, "goes on after the end", "        ended.set()\n        worker.join()\n", "        threading.Timer(15, ended.set).start()\n", "after the call had ended"),
    (SYNC, "goes on after an error", "        return {\"price\": provider(sku)}\n    finally:\n        ended.set()\n        worker.join()\n",
     "        answer = {\"price\": provider(sku)}\n        ended.set()\n        worker.join()\n        return answer\n    except OSError:\n"
     "        threading.Timer(15, ended.set).start()\n        raise\n", "after the call had failed"),
    (SYNC, "goes by the wall clock", "not ended.wait(6)", "not ended.wait(left(due := (locals().get('due') or time.time()) + 6))",
     "when the wall clock stepped, no progress for"),
    (SYNC, "counts the wall clock's seconds", "done += 1", "done = int(time.time() - began)", "when the wall clock stepped, report 3 says -35"),
    (SYNC, "its end is not taken back", "ended = threading.Event()", "ended = ENDED", "in a second call no progress for 14.2 s"),
    (SYNC, "goes on where it ended", "        done = 0\n", "        done = DONE[-1]\n", "a second call begins at 0.3 %, where the first ended: it began at 0.1 %"),
    (SYNC, "its thread is started again", "    worker = threading.Thread(target=beat)\n",
     "    new = threading.Thread(target=beat)\n    worker = THREADS.setdefault(0, new) if progress else new\n",
     "a second call with a receiver failed: RuntimeError: threads can only be started once"),
    (SYNC, "the first receiver hears of all", "                progress({", "                FIRST.setdefault(0, progress)({", "the receiver of a call heard of the next one"),
    (ASYNC, "ends with the next report", '{"price": await task}', '{"price": [await task, await beating if beating else 0][0]}',
     "with a receiver the answer comes 3.78 s later than without, expected 1.2 s at most"),
    (SYNC, "sleeps until the next report", "        while not ended.wait(6):\n", "        while not (ended.is_set() or (time.sleep(6), ended.is_set())[1]):\n",
     "the answer comes 3.78 s after the work is done, or 0.78 s, by when that is: it waits for the next report"),
    (ASYNC, "falls silent after a later failure of its receiver", "        except Exception:\n            pass\n",
     "        except Exception:\n            if step > 1:\n                return\n", "after its receiver failed, no progress for 44.2 s after 18 s"),
    (SYNC, "goes on from half of it", "        done = 0\n",
     "        done = 300 if DONE[-1] else 0\n        DONE.append(1)\n        try:\n            progress({'progress': done, 'total': 1000})\n        except Exception:\n            pass\n",
     "a second call begins at 30 %, where the first began at 0 %"),
    (SYNC, "sleeps until the next report, after work in two parts", "        while not ended.wait(6):\n",
     "        while not (ended.is_set() or (__import__('time').sleep(6), ended.is_set())[1]):\n", "it waits for the next report"),
    (SYNC, "starts from the whole", "\"progress\": done,", "\"progress\": 1000 - done,", "goes back"),
]  # fmt: skip
MORE = {
    "goes on from half of it": ("            done += 1\n", "            done += 50\n"),
    "sleeps until the next report, after work in two parts": ("provider(sku)}", "provider(sku) + provider(sku)}"),
    "ends with the next report": ("        await asyncio.wait({task}, timeout=6)\n", "        await asyncio.sleep(6)\n"),
    "sleeps until the next report": ("import threading\n", "import threading, time\n"),
    "goes by the wall clock": ("import threading\n", "import threading, time\n\ndef left(due):\n    return max(0, due - time.time())\n"),
    "counts the wall clock's seconds": ("import threading\n", "import threading, time\nbegan = time.time()\n"),
    "its end is not taken back": ("import threading\n", "import threading\nENDED = threading.Event()\n"),
    "goes on where it ended": ("            done += 1\n", "            done += 1\n            DONE.append(done)\n"),
    "its thread is started again": ("def order(sku, progress):", "THREADS = {}\ndef order(sku, progress=None):"),
    "the first receiver hears of all": ("def order(", "FIRST = {}\ndef order("),
    "the last caller hears of all": ("(sku, on_progress=None):\n", "(sku, on_progress=None):\n    LATEST[:] = [on_progress]\n"),
    "begins the work again": ("import asyncio", """import asyncio

async def again(on_progress):
    for step in range(20):
        try:
            return await asyncio.wait_for(provider("A"), 6)
        except TimeoutError:
            if on_progress:
                on_progress(step, 20)
    return 3
"""),
    "goes on after the end for ever": ("    while not task.done():\n        await asyncio.wait({task}, timeout=6)\n        if task.done():\n            return\n",
                              "    while True:\n        await asyncio.sleep(6)\n"),
    "a failing receiver ends the call": ("        except Exception:\n            pass\n\nreports = []",
                                         "        except ZeroDivisionError:\n            pass\n\nreports = []\n\nasync def both(task, beating):\n"
                                         "    if beating:\n        await beating\n    return await task"),
    "wait_for without a shield": ("reports = []", "reports = []\n\nasync def wait_briefly(task):\n    try:\n        await asyncio.wait_for(task, 6)\n"
                                                  "    except TimeoutError:\n        pass"),
}  # fmt: skip


class Context:
    """As much of a ToolContext as these scenarios use."""

    def __init__(self, plan, session=None):
        self.plan, self.session, self.events = plan, session, []

    def emit(self, ev, /, **fields):
        self.events.append((ev, fields))

    def base(self):
        return None

    def call(self, arguments, *, valid=None, session=None):
        return session.call(Request(self.plan.tool, dict(arguments), "r1", 30.0, valid))


def plan_of(folder, source="", *, target=None, heartbeat=None, example=None, name="order", depends=True):
    (folder / "beating.py").write_text(source)
    depends_on = {"provider": Dependency("provider", python="beating:provider")} if depends else {}
    tool = ToolSpec(name, examples=(Example(example if example is not None else {"sku": "A"}),),
                    heartbeat=heartbeat or Heartbeat(6.0, 0.2), depends_on=depends_on)  # fmt: skip
    path = folder / "shop.tool.yaml"
    spec = Spec(path, target or PythonTarget("beating", (str(folder),)), Position(path), ToolSpec(""), {}, False)
    return ToolPlan(spec, tool, ToolDescription(name))


def run(plan, session=None, only=""):
    """Run all scenarios, or those whose id holds `only`; return what failed and what was skipped by id, and the events."""
    failed, skipped, events = {}, {}, []
    for scenario in heartbeat_scenarios(plan):
        if only not in scenario.id:
            continue
        context = Context(plan, session)
        try:
            scenario.run(context)
        except ScenarioFailure as failure:
            failed[scenario.id] = failure
        except ScenarioSkipped as reason:
            skipped[scenario.id] = str(reason)
        events += context.events
    return failed, skipped, events


@pytest.mark.parametrize("source", [ASYNC, SYNC], ids=["async", "sync"])
def test_a_correct_reporter_is_not_accused(source, tmp_path):
    """All scenarios pass, none is skipped, in virtual time; each report is an event with a request id."""
    failed, skipped, events = run(plan_of(tmp_path, source))
    assert (failed, skipped) == ({}, {})
    assert {ev for ev, _ in events} == {"heartbeat"}
    assert len(events) > 50
    assert "beating" not in sys.modules


@pytest.mark.parametrize(
    ("source", "fault", "old", "new", "message"), FAULTS, ids=[f"{'async' if s is ASYNC else 'sync'}-{f}".replace(" ", "_") for s, f, *_ in FAULTS]
)  # fmt: skip
def test_a_faulty_reporter_is_found(source, fault, old, new, message, tmp_path):
    """A reporter with one fault fails a scenario, with a message on one line and the timeline of its reports."""
    assert source.count(old) == 1
    changed = source.replace(old, new)
    changed = changed.replace("    ended = threading", "    LATEST[:] = [progress]\n    ended = threading")
    changed += "\nLATEST, DONE = [], [0]\n"
    if fault in MORE and (source is ASYNC or MORE[fault][0] in changed):
        assert changed.count(MORE[fault][0]) == 1
        changed = changed.replace(*MORE[fault])
    failed, _, _ = run(plan_of(tmp_path, changed))
    assert any(message in str(failure) for failure in failed.values()), failed
    for failure in failed.values():
        assert "\n" not in str(failure)
        assert "the call ends" in dict(failure.findings[0].details)["timeline"]


def test_a_time_limit_of_the_tool_is_no_fault_of_its_reporter(tmp_path):
    """The call is made as long as the tool's own limit allows, and then held to the promise."""
    limited = ASYNC.replace(
        'return {"price": await task}', 'async with asyncio.timeout(30):\n            return {"price": await task}'
    )
    failed, skipped, _ = run(plan_of(tmp_path, limited))
    assert (failed, skipped) == ({}, {})
    failed, _, _ = run(plan_of(tmp_path, limited.replace("timeout=6)\n", "timeout=8)\n")))
    assert "no progress for 8 s" in str(failed["heartbeat[every 6s]"])


def test_a_flood_is_found(tmp_path):
    """Fifty reports a second, all the time, where one in six seconds is promised."""
    flood = ASYNC.replace("timeout=6)", "timeout=0.02)").replace("min(step * 5, 99), 100", "step, 7000")
    failed, _, _ = run(plan_of(tmp_path, flood), only="flood")
    assert "reports within 6 s, again and again, expected one every 6 s, and at most 240" in str(
        failed["heartbeat[no flood]"]
    )


def test_a_burst_is_no_flood(tmp_path):
    """A report for each of many things that are done at once, and then one an interval, harms nobody."""
    burst = ASYNC.replace("    if on_progress:\n", "    if on_progress:\n        for each in range(500):\n"
                          "            with contextlib.suppress(RuntimeError):\n                on_progress(each, 1_000_000)\n")  # fmt: skip
    failed, skipped, _ = run(plan_of(tmp_path, burst.replace("import asyncio\n", "import asyncio, contextlib\n")))
    assert (failed, skipped) == ({}, {})


def test_a_call_without_length_shows_nothing(tmp_path):
    """A call that ends before a heartbeat is due is skipped, with the way to make it long; none passes for nothing."""
    source = "def order(sku, on_progress=None):\n    return 1\n"
    failed, skipped, _ = run(plan_of(tmp_path, source, depends=False))
    assert failed == {}
    assert "so no heartbeat was due" in skipped["heartbeat[every 6s]"]


def test_a_tool_without_a_receiver_is_told_how(tmp_path):
    """The skip names the parameters that are looked for; another kind of target is named."""
    _, skipped, _ = run(
        plan_of(tmp_path, "def provider(sku):\n    pass\n\ndef order(sku):\n    return provider(sku)\n")
    )
    assert "on_progress, progress, report_progress, progress_callback" in skipped["heartbeat[none after the end]"]
    _, skipped, _ = run(plan_of(tmp_path, target=HttpTarget("http://127.0.0.1:1")))
    assert all("not over http" in reason for reason in skipped.values())


def test_a_tool_of_another_module_is_watched_there(tmp_path):
    """`call: module:attr` is looked up in that module; a wrong name is told in one line."""
    (tmp_path / "other_beating.py").write_text(ASYNC)
    plan = plan_of(tmp_path, "")
    elsewhere = {"provider": Dependency("provider", python="other_beating:provider")}
    tool = dataclasses.replace(plan.tool, call="other_beating:order", depends_on=elsewhere)
    failed, skipped, _ = run(dataclasses.replace(plan, tool=tool))
    assert (failed, skipped) == ({}, {})
    failed, _, _ = run(dataclasses.replace(plan, tool=dataclasses.replace(tool, call="other_beating:odrer")))
    assert "order: other_beating has no 'odrer'" in str(failed["heartbeat[every 6s]"])


def test_no_heartbeat_no_scenarios(tmp_path):
    """A tool that promises nothing gets no scenario."""
    plan = plan_of(tmp_path)
    assert heartbeat_scenarios(ToolPlan(plan.spec, ToolSpec("order"), plan.description)) == []


@pytest.mark.parametrize(
    ("args", "kwargs", "percent"),
    [
        ((3, 4), {}, 75),
        ((30,), {}, 30),
        ((), {"step": 1, "total": 2}, 50),
        (({"percent": 20, "total": 5},), {}, 20),
        ((Heartbeat(1.0),), {}, None),
        (("text",), {}, None),
        (("half", 100), {}, None),
        ((True,), {}, None),
        ((1, 0), {}, 1),
    ],
)
def test_reports_are_read(args, kwargs, percent):
    """Numbers by place, by name, or in one object; what is no number has no share."""
    assert read_report(1.0, args, kwargs).percent == percent


MCP = '''
import asyncio
from mcp.server.mcpserver import Context, MCPServer
server = MCPServer("beating")

@server.tool()
async def steps(count: int, ctx: Context) -> str:
    """Report progress."""
    for step in range(count):
        await ctx.report_progress(step, 10, "on the way")
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.1 * (count == 2))
    return "done"
'''


@pytest.mark.parametrize(("count", "message"), [(9, None), (2, "no progress for"), (13, "says 110 %")])
def test_progress_over_mcp(tmp_path, monkeypatch, count, message):
    """One real call is made, and its progress notifications are held to the promise; what is late is confirmed by two more."""
    (tmp_path / f"beating_server_{count}.py").write_text(MCP)
    monkeypatch.syspath_prepend(str(tmp_path))
    target = McpTarget(server=f"beating_server_{count}:server")
    plan = plan_of(
        tmp_path, target=target, heartbeat=Heartbeat(0.05, 1.0), example={"count": count}, name="steps", depends=False
    )
    reached = make_target(plan.spec)
    session = reached.open()
    started = time.monotonic()
    try:
        failed, skipped, events = run(plan, session)
    finally:
        session.close()
        reached.close()
    assert time.monotonic() > started
    assert skipped == {}
    assert [ev for ev, _ in events] == ["heartbeat"] * count * (3 if message == "no progress for" else 1)
    if message is not None:
        assert any(message in str(failure) for failure in failed.values()), failed


@pytest.mark.parametrize(("held_up", "is_found"), [(2, False), (3, True)])
def test_a_report_that_a_busy_machine_holds_up_is_confirmed_by_further_calls(tmp_path, held_up, is_found):
    """A gap that is not in every call is not the tool's; one in each of three is."""

    class HeldUp:
        calls = 0

        def call(self, request):
            self.calls += 1
            instants = [6.0, 14.0] if self.calls <= held_up else [6.0, 12.0]
            for at_s in instants:
                request.on_progress(Progress(int(at_s * 1e9), at_s, 20.0))
            return Outcome("accepted", int(18.5e9), value="done")

    target = McpTarget(command=("beats",))
    plan = plan_of(tmp_path, target=target, example={}, name="steps", depends=False)
    failed, skipped, _ = run(plan, HeldUp(), only="every 6s")
    assert skipped == {}
    assert bool(failed) is is_found


RAW = """
import json, sys, time
def send(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    answers = {
        "initialize": lambda: {"protocolVersion": asked["params"]["protocolVersion"], "capabilities": {},
                               "serverInfo": {"name": "raw", "version": "1"}},
        "tools/list": lambda: {"tools": [{"name": "steps", "inputSchema": {"type": "object"}}]},
        "tools/call": lambda: {"content": [{"type": "text", "text": "done"}]},
    }
    if asked["method"] != "tools/call":
        send(id=asked["id"], result=answers.get(asked["method"], dict)())
        continue
    token, count, pause = asked["params"]["_meta"]["progressToken"], 3, 0.15
    for step in range(6):
        if step == count + asked["params"]["arguments"]["early"]:
            send(id=asked["id"], result=answers["tools/call"]())
            time.sleep(pause)
        if step < 4:
            send(method="notifications/progress", params={"progressToken": token, "progress": step, "total": 4})
            time.sleep(pause)
"""


@pytest.mark.parametrize(("early", "is_late"), [(0, True), (1, False)])
def test_a_report_after_the_answer_over_stdio(tmp_path, early, is_late):
    """What a server still reports after its answer is heard, though the client's SDK drops it."""
    (tmp_path / "raw.py").write_text(RAW)
    target = McpTarget(command=(sys.executable, "-S", str(tmp_path / "raw.py")))
    plan = plan_of(tmp_path, target=target, heartbeat=Heartbeat(0.15, 1.0), example={"early": early}, name="steps",
                   depends=False)  # fmt: skip
    reached = make_target(plan.spec)
    session = reached.open()
    try:
        failed, skipped, _ = run(plan, session)
    finally:
        session.close()
        reached.close()
    assert skipped == {}
    assert list(failed) == (["heartbeat[none after the end]"] if is_late else []), failed
