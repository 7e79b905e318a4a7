"""The spec key `faults`: a case for each item, in modules or a server of its own, judged by the answer and the time."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socketserver
import sys
import threading
from contextlib import ExitStack

import pytest

from pytest_toolcheck.errors import Position
from pytest_toolcheck.events import bind
from pytest_toolcheck.faults.scenarios import fault_scenarios
from pytest_toolcheck.scenario import ScenarioFailure, ScenarioSkipped, ToolPlan
from pytest_toolcheck.spec.model import (
    CommandTarget,
    Dependency,
    Example,
    Expectation,
    FaultPlan,
    Heartbeat,
    HttpTarget,
    PythonTarget,
    Spec,
    ToolSpec,
)
from pytest_toolcheck.targets.base import Request, ToolDescription

SHOP = '''
import asyncio, time
from providers import quote, quote_later
OPEN = []

def place_order(sku):
    """Falls back when the provider is away."""
    if OPEN:
        return {"source": "broken"}
    try:
        return {"source": "live", "price": quote(sku)}
    except ConnectionError:
        OPEN.append(1)
        return {"source": "cache"}

async def place_later(sku):
    async with asyncio.timeout(30):
        return await quote_later(sku)

def never_asks(sku):
    return 1
'''
PROVIDERS = """
def quote(sku):
    return 3
async def quote_later(sku):
    return 3
"""
PROVIDER = {"provider": Dependency("provider", python="providers:quote")}
LATER = {"provider": Dependency("provider", python="providers:quote_later")}


class Context:
    """As much of a ToolContext as these scenarios use."""

    def __init__(self, plan):
        self.plan, self.events = plan, []

    def emit(self, ev, /, **fields):
        self.events.append((ev, fields))

    def base(self):
        return None

    def call(self, arguments, *, valid=None, session=None):
        with bind(rid="r1", tool=self.plan.tool.name, sid=session.id):
            return session.call(Request(self.plan.tool, dict(arguments), "r1", self.plan.tool.timeout_s, valid))


def plan_of(folder, *faults, target=None, call="place_order", depends_on=None, clock="virtual", timeout_s=60.0):
    (folder / "shoptools.py").write_text(SHOP)
    (folder / "providers.py").write_text(PROVIDERS)
    tool = ToolSpec("place_order", call=call, examples=(Example({"sku": "A"}),), depends_on=depends_on or PROVIDER,
                    faults=faults, clock=clock, timeout_s=timeout_s)  # fmt: skip
    path = folder / "shop.tool.yaml"
    spec = Spec(path, target or PythonTarget("shoptools", (str(folder),)), Position(path), ToolSpec(""), {}, False)
    return ToolPlan(spec, tool, ToolDescription("place_order"))


def run(plan):
    """Run the only scenario; return the events."""
    (scenario,) = fault_scenarios(plan)
    context = Context(plan)
    scenario.run(context)
    return context.events


def failure(plan):
    with pytest.raises(ScenarioFailure) as caught:
        run(plan)
    assert "\n" not in str(caught.value)
    return str(caught.value)


LIVE, CACHE = Expectation(output={"source": "live"}), Expectation(output={"source": "cache"})


def test_ids_say_the_fault(tmp_path):
    """Ids hold the dependency and the schedule, nothing that cannot be selected, and are unique."""
    items = [FaultPlan("provider", inject) for inject in ("hang", "hang", "p(0.5, seed=1): error(a::b)")]
    assert [scenario.id for scenario in fault_scenarios(plan_of(tmp_path, *items))] == [
        "fault[provider:hang]", "fault[provider:hang (2)]", "fault[provider:p(0.5, seed-1): error(a:b)]"]  # fmt: skip


def test_within_may_be_longer_than_the_timeout(tmp_path):
    """`within: 40s` is waited for, also where the tool's own `timeout` is shorter."""
    fault = FaultPlan("provider", "hang", Expectation(error="TimeoutError"), within_s=40.0)
    run(plan_of(tmp_path, fault, call="place_later", depends_on=LATER, timeout_s=10.0))


def test_the_call_that_is_hit_is_judged(tmp_path):
    """`2*off ->` lets two calls pass; the third meets the fault and must give the expected answer."""
    fault = FaultPlan("provider", "2*off -> error(ConnectionError)", CACHE)
    events = run(plan_of(tmp_path, fault))
    (fields,) = [fields for ev, fields in events if ev == "fault.injected"]
    assert (fields["rid"], fields["attrs"]["hit"], fields["attrs"]["on"]) == ("r1", 3, "providers:quote")


def test_each_case_has_modules_of_its_own(tmp_path):
    """What a fault breaks open in the tool's modules is not seen by the next case, and the modules are put back."""
    before = dict(sys.modules)
    plan = plan_of(tmp_path, FaultPlan("provider", "error(ConnectionError)", CACHE))
    run(plan)
    run(plan)
    assert {name for name in sys.modules if name not in before} & {"shoptools", "providers"} == set()


@pytest.mark.parametrize(
    ("fault", "options", "message"),
    [
        (FaultPlan("provider", "error(ConnectionError)", LIVE), {}, 'expected live at /source, found cache'),
        (FaultPlan("provider", "error(ValueError)", CACHE), {}, "expected an answer, but the call was refused"),
        (FaultPlan("provider", "error(ConnectionError)", Expectation(error="no route")), {}, "but it answered"),
        (FaultPlan("provider", "nth(500): error"), {}, "provider (providers:quote) was called 200 times"),
        (FaultPlan("provider", "error"), {"call": "never_asks"}, "was called 0 times in 3 calls of the tool"),
        (FaultPlan("provider", "delay(20s)", within_s=5.0), {}, "took 20 s under delay(20s), expected an end within 5"),
        (FaultPlan("provider", "delay(90s)"), {}, "expected an end within 60 s"),
        (FaultPlan("provider", "kill"), {}, "'kill' makes no sense at a callable"),
        (FaultPlan("provider", "hang ->"), {}, "column 8"),
    ],
)  # fmt: skip
def test_broken_promises_are_found(tmp_path, fault, options, message):
    """Another answer, another error, too slow, never fired, no such fault: the first line says which."""
    assert message in failure(plan_of(tmp_path, fault, **options))


def test_a_hang_ends_in_virtual_time(tmp_path):
    """An async tool with a limit of its own ends a hang at it, in no real time; one that has none is found."""
    kept = FaultPlan("provider", "hang", Expectation(error="TimeoutError"), within_s=30.0)
    run(plan_of(tmp_path, kept, call="place_later", depends_on=LATER))
    too_slow = dataclasses.replace(kept, within_s=29.0)
    assert "took 30 s under hang" in failure(plan_of(tmp_path, too_slow, call="place_later", depends_on=LATER))
    assert "expected an end within" in failure(plan_of(tmp_path, FaultPlan("provider", "hang"), clock="virtual"))


def test_windows_are_waited_for(tmp_path):
    """The call is made when the window opens: in virtual time at once, in real time a long one is skipped."""
    fault = FaultPlan("provider", "window(100s..200s): error(ConnectionError)", CACHE)
    run(plan_of(tmp_path, fault))
    with pytest.raises(ScenarioSkipped, match="clock: virtual"):
        run(plan_of(tmp_path, fault, clock="real"))
    beating = plan_of(tmp_path, fault, clock=None)
    run(dataclasses.replace(beating, tool=dataclasses.replace(beating.tool, heartbeat=Heartbeat(6.0))))


CLIENT = """
import json, os, socket, sys
host, port = os.environ["ECHO"].split(":")
try:
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"hello\\n")
        answer = connection.makefile().readline()
    if not answer:
        raise ConnectionError("no answer")
    print(json.dumps({"source": "live", "answer": answer.strip()}))
except ConnectionError:
    print(json.dumps({"source": "cache"}))
"""


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            for line in self.rfile:
                self.wfile.write(line.upper())


def test_tcp_dependencies_are_reached_through_a_proxy(tmp_path):
    """The variable `via` points a tool in another process at the proxy; the firing bears the call's request id."""
    (tmp_path / "client.py").write_text(CLIENT)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server, ExitStack() as stop:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        stop.callback(server.shutdown)
        address = f"127.0.0.1:{server.server_address[1]}"
        depends_on = {"db": Dependency("db", tcp=address, via="ECHO")}
        target = CommandTarget((sys.executable, str(tmp_path / "client.py")))
        fault = FaultPlan("db", "1*off -> disconnect(rst)", CACHE)
        events = run(plan_of(tmp_path, fault, target=target, depends_on=depends_on, clock=None))
        assert [fields["rid"] for ev, fields in events if ev == "fault.injected"] == ["r1"]
        wrong = dataclasses.replace(fault, expect=Expectation(output={"source": "live"}))
        assert "found cache" in failure(plan_of(tmp_path, wrong, target=target, depends_on=depends_on, clock=None))
        no_via = {"db": Dependency("db", tcp=address)}
        assert "add `via`" in failure(plan_of(tmp_path, fault, target=target, depends_on=no_via, clock=None))


def test_no_loop_is_left(tmp_path):
    """A scenario leaves no event loop set or running behind."""
    run(plan_of(tmp_path, FaultPlan("provider", "1*delay(1s)"), call="place_later", depends_on=LATER))
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


STORE = """
import json, os
from pathlib import Path
FOLDER = Path(__file__).parent / "data"

def save(sku):
    FOLDER.mkdir(exist_ok=True)
    try:
        (FOLDER / "new.json").write_text(json.dumps(sku))
        os.replace(FOLDER / "new.json", FOLDER / "orders.json")
    except OSError:
        return {"saved": False}
    return {"saved": True}

def save_blindly(sku):
    save(sku)
    return {"saved": True}
"""
STORED = {"store": Dependency("store", files="data")}
UNSAVED = Expectation(output={"saved": False})


def store_plan(folder, *faults, call="save", **options):
    (folder / "storing.py").write_text(STORE)
    target = PythonTarget("storing", (str(folder),))
    return plan_of(folder, *faults, target=target, call=call, depends_on=STORED, clock="real", **options)


def test_files_of_a_python_tool_are_refused(tmp_path):
    """`depends_on: {store: {files: data}}`: what is written there is refused, to the very call that the schedule means."""
    events = run(store_plan(tmp_path, FaultPlan("store", "2*off -> disk_full", UNSAVED)))
    (fields,) = [fields for ev, fields in events if ev == "fault.injected"]
    assert (fields["rid"], fields["attrs"]["point"], fields["attrs"]["hit"]) == ("r1", "disk", 3)
    assert (tmp_path / "data" / "orders.json").read_text() == '"A"'
    blind = failure(store_plan(tmp_path, FaultPlan("store", "disk_full", UNSAVED), call="save_blindly"))
    assert "under disk_full: expected false at /saved, found true" in blind
    assert "'kill' makes no sense at a folder or file" in failure(store_plan(tmp_path, FaultPlan("store", "kill")))


def test_files_that_nobody_writes_are_told(tmp_path):
    """A folder that the tool does not write to shows nothing, and fails."""
    plan = store_plan(tmp_path, FaultPlan("store", "disk_full", UNSAVED))
    elsewhere = dataclasses.replace(plan.tool, depends_on={"store": Dependency("store", files="elsewhere")})
    assert "store (elsewhere) was called 0 times" in failure(dataclasses.replace(plan, tool=elsewhere))


def test_files_of_a_python_command_are_refused(tmp_path):
    """A process that is started for the tool asks here, and is told for the call of this very tool."""
    plan = store_plan(tmp_path, FaultPlan("store", "1*off -> disk_full", UNSAVED))
    (tmp_path / "storing.py").write_text(f"{STORE}\nprint(json.dumps(save('A')))\n")
    target = CommandTarget((sys.executable, str(tmp_path / "storing.py")))
    plan = dataclasses.replace(
        plan,
        spec=dataclasses.replace(plan.spec, target=target),
        tool=dataclasses.replace(plan.tool, call=None),
    )
    events = run(plan)
    assert [
        (fields["rid"], fields["tool"], fields["attrs"]["hit"]) for ev, fields in events if ev == "fault.injected"
    ] == [("r1", "place_order", 2)]
    there_already = dataclasses.replace(plan.spec, target=HttpTarget("http://127.0.0.1:1"))
    with pytest.raises(ScenarioSkipped, match="runs once for the whole file"):
        run(dataclasses.replace(plan, spec=there_already))
