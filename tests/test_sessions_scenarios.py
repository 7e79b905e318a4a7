"""The spec key `sessions`: faulty session managers are all found, their correct twins are not accused."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys

import pytest

from pytest_toolcheck.errors import Position
from pytest_toolcheck.resilience.fresh import fresh_modules
from pytest_toolcheck.scenario import ScenarioFailure, ScenarioSkipped, ToolPlan
from pytest_toolcheck.sessions.scenarios import session_scenarios
from pytest_toolcheck.spec.model import (
    CommandTarget,
    Dependency,
    Example,
    HttpTarget,
    PythonTarget,
    SessionPromise,
    Spec,
    ToolSpec,
)
from pytest_toolcheck.targets import make_target
from pytest_toolcheck.targets.base import Outcome, Request, ToolDescription

SOURCE = """
import asyncio, itertools, time

LIMIT, IDLE_S = 5, 3600.0
SESSIONS = {}
NUMBERS = itertools.count(1)

class Session:
    def __init__(self):
        self.used_at, self.running = time.monotonic(), 0
    def is_over(self):
        return not self.running and time.monotonic() - self.used_at >= IDLE_S

def provider(sku):
    return 3

def sweep():
    for id, session in list(SESSIONS.items()):
        if session.is_over():
            del SESSIONS[id]

def open_session():
    if len(SESSIONS) >= LIMIT:
        sweep()
    if len(SESSIONS) >= LIMIT:
        raise RuntimeError(f"session limit of {LIMIT} reached")
    id = f"s{next(NUMBERS)}"
    SESSIONS[id] = Session()
    return id

def close_session(id):
    SESSIONS.pop(id, None)

def order(sku, session_id=None):
    if session_id is None:
        return provider(sku)
    session = SESSIONS.get(session_id)
    if session is None or session.is_over():
        raise LookupError("no such session")
    session.running += 1
    try:
        return provider(sku)
    finally:
        session.running -= 1
        session.used_at = time.monotonic()
        if session_id not in SESSIONS:
            raise LookupError("the session went away during the call")
"""
ASYNC = (
    SOURCE.replace("def provider", "async def provider")
    .replace("def open_session", "async def open_session")
    .replace("def close_session", "async def close_session")
    .replace("def order", "async def order")
    .replace("return provider(sku)", "return await provider(sku)")
)
FAULTS = [
    (
        "a second close blunders",
        "SESSIONS.pop(id, None)\n\ndef order",
        "del SESSIONS[id]\n\ndef order",
        "closing a session twice raised KeyError: 's1': a second close does nothing, or says why not",
    ),
    ("no limit", "if len(SESSIONS) >= LIMIT:\n        raise", "if False:\n        raise", "session 6 was admitted"),
    (
        "one too many",
        "if len(SESSIONS) >= LIMIT:\n        raise",
        "if len(SESSIONS) > LIMIT:\n        raise",
        "session 6 was admitted",
    ),
    (
        "one too few",
        "if len(SESSIONS) >= LIMIT:\n        raise",
        "if len(SESSIONS) >= LIMIT - 1:\n        raise",
        "session 5 of 5 was refused",
    ),
    ("the limit is not named", 'f"session limit of {LIMIT} reached"', '"busy"', "does not name the limit of 5"),
    (
        "a refusal takes a place",
        '        raise RuntimeError(f"session',
        '        SESSIONS[next(NUMBERS)] = Session()\n        raise RuntimeError(f"session',
        "after refusals, with one place free, was refused",
    ),
    (
        "another limit is named",
        "session limit of {LIMIT} reached",
        "session limit of {LIMIT}0 reached",
        "does not name the limit of 5",
    ),
    ("closing frees nothing", "    SESSIONS.pop(id, None)", "    pass", "after refusals"),
    (
        "never expires",
        "        return not self.running and time.monotonic() - self.used_at >= IDLE_S",
        "        return False",
        "lives after 3600 s",
    ),
    ("expires late", ">= IDLE_S", ">= 1.5 * IDLE_S", "lives after 3600 s"),
    ("expires early", ">= IDLE_S", ">= 0.9 * IDLE_S", "a call after 3599.9 s of idleness was refused"),
    ("expires a moment early", ">= IDLE_S", ">= IDLE_S - 1", "a call after 3599.9 s of idleness was refused"),
    (
        "one under way keeps all",
        "not self.running and",
        "not any(each.running for each in SESSIONS.values()) and",
        "an idle session lives after 4320 s, because a call of another is under way",
    ),
    (
        "a call that is made takes a permit for good",
        "    session.running += 1\n",
        "    session.running += 1\n    session.made = getattr(session, 'made', 0) + 1\n    if session.made > 8: raise RuntimeError('busy')\n",
        "a call after 20 calls in a row in its session was refused: RuntimeError: busy",
    ),
    (
        "a call that fails takes a permit for good",
        "    finally:\n        session.running -= 1\n",
        "    except Exception:\n        session.failed = getattr(session, 'failed', 0) + 1\n        raise\n    finally:\n        session.running -= 1\n",
        "a call after 20 calls that failed in its session was refused: RuntimeError: busy",
    ),
    ("milliseconds for seconds", ">= IDLE_S", ">= IDLE_S / 1000", "was refused"),
    ("activity is not noted", "        session.used_at = time.monotonic()\n", "", "used again and again was refused"),
    (
        "expired ones take room",
        "    if len(SESSIONS) >= LIMIT:\n        sweep()\n",
        "",
        "a session at the limit, with expired ones, was refused",
    ),
    ("a call does not keep it", "not self.running and ", "", "a call longer than the idle time was refused"),
    (
        "activity is noted at the start only",
        "        session.used_at = time.monotonic()\n        if session_id",
        "        session.used_at = started\n        if session_id",
        "a call right after a long one was refused",
    ),
    (
        "the wrong clock",
        "self.used_at, self.running = time.monotonic(), 0",
        "self.used_at, self.running = time.time(), 0",
        "with expired ones, was refused",
    ),
    (
        "the wall clock",
        "self.used_at, self.running = time.monotonic(), 0",
        "self.used_at, self.running = time.time(), 0",
        "right after the wall clock was stepped forward",
    ),
    (
        "an expired one comes back",
        '        raise LookupError("no such session")',
        '        if session: session.used_at = time.monotonic()\n        raise LookupError("no such session")',
        "lives again, at the second call,",
    ),
    (
        "a wait between look and act",
        '    id = f"s{next(NUMBERS)}"',
        '    time.sleep(0.01)\n    id = f"s{next(NUMBERS)}"',
        "of 10 sessions asked for at once 10 were admitted, promised 5",
    ),
    (
        "a wait between look and act, async",
        '    id = f"s{next(NUMBERS)}"',
        '    await asyncio.sleep(0.01)\n    id = f"s{next(NUMBERS)}"',
        "of 10 sessions asked for at once 10 were admitted, promised 5",
    ),
    (
        "counts what it closes",
        "    SESSIONS.pop(id, None)",
        "    SESSIONS.pop(id, None)\n    global LIMIT\n    LIMIT += id not in SESSIONS and id in CLOSED\n    CLOSED.add(id)",
        "a session that was closed twice freed two places: 6 are open",
    ),
    (
        "closing one closes all",
        "    SESSIONS.pop(id, None)\n",
        "    SESSIONS.clear()\n",
        "a call after another session was closed was refused",
    ),
    (
        "a closed one lives on",
        "    SESSIONS.pop(id, None)\n",
        "    global LIMIT\n    LIMIT += id in SESSIONS and id not in GONE\n    GONE.add(id)\n\nGONE = set()\n",
        "a call in a session that was closed was accepted",
    ),
    (
        "the end of a call brings it back",
        '        if session_id not in SESSIONS:\n            raise LookupError("the session went away during the call")\n',
        "        SESSIONS[session_id] = session\n",
        "a session that was closed during a call lives again when the call has ended",
    ),
    (
        "an unknown one is made up",
        "SESSIONS.get(session_id)",
        "SESSIONS.setdefault(session_id, Session())",
        "with 5 sessions open a call in an unknown one was accepted",
    ),
    (
        "one expires with the other",
        '        raise LookupError("no such session")',
        '        SESSIONS.clear()\n        raise LookupError("no such session")',
        "a call after another session expired was refused",
    ),
    (
        "all expire with one",
        "    for id, session in list(SESSIONS.items()):\n        if session.is_over():",
        "    oldest = min((each.used_at for each in SESSIONS.values()), default=0)\n    for id, session in list(SESSIONS.items()):\n        if session.is_over() or time.monotonic() - oldest >= IDLE_S:",
        "a call in a session beside an idle one was refused",
    ),
    (
        "the last caller's answer",
        "    session.running += 1\n",
        "    global LAST\n    LAST = session_id\n    session.running += 1\n",
        "in 5 sessions at once call 1 of one gave [3, false], in one alone [3, true]",
    ),
    (
        "fails beside others",
        "    session.running += 1\n",
        "    session.running += 1\n    assert sum(each.running for each in SESSIONS.values()) < 3\n",
        "in 5 sessions at once a call was refused: AssertionError: ; one after the other none was",
    ),
    (
        "all are used with one",
        "        session.used_at = time.monotonic()\n",
        "        for each in SESSIONS.values():\n            each.used_at = time.monotonic()\n",
        "an idle session lives after 4320 s, because another was used",
    ),
    (
        "a cancelled call holds it",
        "    finally:\n        session.running -= 1\n",
        "    except asyncio.CancelledError:\n        session.running += 1\n        raise\n    finally:\n        session.running -= 1\n",
        "lives after a cancelled call and 3600 s",
    ),
    (
        "a failed call holds it",
        "    finally:\n        session.running -= 1",
        "    except ConnectionError:\n        session.running += 1\n        raise\n    finally:\n        session.running -= 1",
        "lives after a failed call and 3600 s",
    ),
]
MORE = {
    "a call that fails takes a permit for good": (
        "    session.running += 1\n",
        "    session.running += 1\n    if getattr(session, 'failed', 0) > 8: raise RuntimeError('busy')\n",
    ),
    "the wall clock": ("time.monotonic()", "time.time()"),
    "all expire with one": (
        "    session = SESSIONS.get(session_id)\n",
        "    sweep()\n    session = SESSIONS.get(session_id)\n",
    ),
    "the last caller's answer": ("provider(sku)\n    finally", "provider(sku), LAST == session_id\n    finally"),
    "counts what it closes": ("SESSIONS = {}", "SESSIONS, CLOSED = {}, set()"),
    "activity is noted at the start only": (
        "    session.running += 1\n",
        "    session.running += 1\n    started = time.monotonic()\n",
    ),
}


class Context:
    """As much of a ToolContext as these scenarios use, over a real target."""

    def __init__(self, plan):
        self.plan = plan
        self.stack = contextlib.ExitStack()

    @property
    def session(self):
        if not hasattr(self, "target"):
            self.target = make_target(self.plan.spec)
        return self.open_session()

    def open_session(self):
        session = self.target.open()
        self.stack.callback(session.close)
        return session

    def emit(self, ev, /, **fields):
        pass

    def base(self):
        return None

    def call(self, arguments, *, valid=None, session=None):
        return (session or self.session).call(Request(self.plan.tool, dict(arguments), "r1", 10.0, valid))


def plan_of(folder, source=SOURCE, *, promise=None, target=None):
    folder.mkdir(exist_ok=True)
    (folder / "managed.py").write_text(source)
    sys.modules.pop("managed", None)  # another test's
    tool = ToolSpec("order", examples=(Example({"sku": "A"}),), sessions=promise or SessionPromise(5, 2, 5, 3600.0),
                    depends_on={"provider": Dependency("provider", python="managed:provider")})  # fmt: skip
    path = folder / "managed.tool.yaml"
    spec = Spec(path, target or PythonTarget("managed", (str(folder),)), Position(path), ToolSpec(""), {}, False)
    return ToolPlan(spec, tool, ToolDescription("order"))


def scenarios_of(plan):
    """Return the scenarios that a collection finds, by which the module has been imported."""
    if not isinstance(plan.spec.target, PythonTarget):
        return session_scenarios(plan)
    with fresh_modules(plan.spec.target, spec_path=plan.spec.path):
        return session_scenarios(plan)


def run(plan, context=None, *, until=None):
    """Run all scenarios, or until one fails with this message; return what failed and what was skipped by id."""
    failed, skipped = {}, {}
    for scenario in scenarios_of(plan):
        used = (context or Context)(plan)
        with used.stack:
            try:
                scenario.run(used)
            except ScenarioFailure as failure:
                failed[scenario.id] = str(failure)
                if until is not None and until in str(failure):
                    break
            except ScenarioSkipped as reason:
                skipped[scenario.id] = str(reason)
    return failed, skipped


@pytest.mark.parametrize("source", [SOURCE, ASYNC], ids=["sync", "async"])
def test_a_correct_manager_is_not_accused(source, tmp_path):
    """All sentences hold, none is skipped, and hours of idleness pass in no time."""
    plan = plan_of(tmp_path, source)
    failed, skipped = run(plan)
    assert failed == {}
    assert set(skipped) <= (set() if source is ASYNC else {"sessions[a cancelled call holds nothing]"})
    assert len(session_scenarios(plan)) >= 15


@pytest.mark.parametrize(
    ("number", "fault", "old", "new", "message"),
    [(number, *fault) for number, fault in enumerate(FAULTS)],
    ids=[fault.replace(" ", "_") for fault, *_ in FAULTS],
)
def test_a_faulty_manager_is_found(number, fault, old, new, message, tmp_path):
    """A manager with one fault fails a scenario, with a message on one line; every other manager is async."""
    source = ASYNC if ("await" in new or "Cancelled" in new or (number % 2 and "sleep" not in new)) else SOURCE
    assert source.count(old) == 1
    changed = source.replace(old, new).replace(*MORE.get(fault, ("", "")))
    failed, _ = run(plan_of(tmp_path, changed), until=message)
    assert any(message in text for text in failed.values()), failed
    assert all("\n" not in text for text in failed.values())


COUNTED = SOURCE.replace(
    "    SESSIONS[id] = Session()\n", "    SESSIONS[id] = Session()\n    COUNTS['opened'] += 1\n"
).replace(
    "            del SESSIONS[id]\n", "            del SESSIONS[id]\n            COUNTS['expired'] += 1\n"
).replace(
    "    SESSIONS.pop(id, None)\n", "    COUNTS['closed'] += SESSIONS.pop(id, None) is not None\n"
).replace(
    "    session.running += 1\n", "    session.running += 1\n    COUNTS['calls'] += 1\n"
).replace(
    "SESSIONS = {}", "SESSIONS = {}\nCOUNTS = dict.fromkeys(('opened', 'closed', 'expired', 'calls'), 0)"
)  # fmt: skip
METRICS = """
def session_metrics():
    running = sum(each.running for each in SESSIONS.values())
    return {**COUNTS, "active": len(SESSIONS), "running": running, "limit": LIMIT}
"""
AS_OBJECT = """
import types
async def get_metrics():
    busy = sum(each.running > 0 for each in SESSIONS.values())
    return types.SimpleNamespace(total_opened=COUNTS["opened"], active=busy, idle=len(SESSIONS) - busy)
"""
WRONG_COUNTS = [
    ("active counts all that were opened", '"active": len(SESSIONS)', '"active": COUNTS["opened"]', "active 3 after 3 sessions were opened and 4 calls made, one session closed, expected 2"),
    ("calls count sessions", '{**COUNTS,', '{**COUNTS, "calls": COUNTS["opened"],', "calls 3 after 3 sessions were opened and 4 calls made, expected 4"),
    ("expired are not counted", "COUNTS['expired'] += 1", "pass", "expired 0 after"),
    ("expired count as closed", "COUNTS['expired'] += 1", "COUNTS['closed'] += 1", "expired 0 after"),
    ("a close counts as expired", "COUNTS['closed'] += SESSIONS", "COUNTS['expired'] += SESSIONS", "closed 0 after"),
    ("calls stay running", "        session.running -= 1\n", "", "running 4 after"),
    ("another limit", '"limit": LIMIT', '"limit": 100', "limit 100 after"),
    ("a refused one is counted", '        raise RuntimeError(f"session', "        COUNTS['opened'] += 1\n        raise RuntimeError(f\"session", "opened 9 after 3 sessions were opened and 4 calls made, one session closed, the others left to expire, and 5 opened in their place, and one more refused"),
    ("a second close is counted", "SESSIONS.pop(id, None) is not None", "bool([SESSIONS.pop(id, None)])", "closed 2 after 3 sessions were opened and 4 calls made, one session closed twice, expected 1"),
    ("none is ever running", '"running": running', '"running": 0', "running 0 after 3 sessions were opened and 4 calls made, and while one more is under way, expected 1"),
    ("opened goes down", "COUNTS['closed'] += SESSIONS", "COUNTS['opened'] -= SESSIONS", "opened 2 after"),
    ("it fails", '"active": len(SESSIONS)', '"active": len(SESSION)', "a look at its metrics was refused: NameError"),
]  # fmt: skip


def metrics_of(folder, source):
    """Import the module as collection does, and return what the scenario of its metrics says."""
    plan = plan_of(folder, source)
    scenarios = [each for each in scenarios_of(plan) if "metrics" in each.id]
    for scenario in scenarios:
        context = Context(plan)
        with context.stack:
            try:
                scenario.run(context)
            except ScenarioFailure as failure:
                return str(failure)
    return "right" if scenarios else "none"


def test_right_metrics_are_not_accused(tmp_path):
    """Counts in a mapping or an object, sync or async, are held to what was done; where there are none, nothing is said."""
    assert metrics_of(tmp_path / "a", COUNTED + METRICS) == "right"
    assert metrics_of(tmp_path / "b", COUNTED + AS_OBJECT) == "right"
    assert metrics_of(tmp_path / "c", COUNTED + "def metrics(): return 'sessions_active 5'") == "right"
    assert metrics_of(tmp_path / "d", COUNTED) == "none"


def test_a_look_at_the_metrics_that_keeps_sessions_is_found(tmp_path):
    """Reading the counts is no activity."""
    looked = METRICS.replace(
        "    running =", "    for each in SESSIONS.values(): each.used_at = time.monotonic()\n    running ="
    )
    assert "lives after 4320 s of idleness, because somebody looked" in metrics_of(tmp_path, COUNTED + looked)


@pytest.mark.parametrize(
    ("fault", "old", "new", "message"), WRONG_COUNTS, ids=[fault.replace(" ", "_") for fault, *_ in WRONG_COUNTS]
)
def test_wrong_metrics_are_found(fault, old, new, message, tmp_path):
    """Each count that is wrong is named with what was done."""
    source = COUNTED + METRICS
    assert source.count(old) == 1, source
    assert message in metrics_of(tmp_path, source.replace(old, new))


def test_a_plain_manager_is_not_accused_by_chance(tmp_path):
    """Random numbers are asked of the system, which lets other threads run: that is no wait between look and act."""
    source = SOURCE.replace('f"s{next(NUMBERS)}"', "uuid.uuid4().hex + secrets.token_hex()")
    plan = plan_of(tmp_path, source.replace("import asyncio", "import asyncio, secrets, uuid"))
    [at_once] = [each for each in session_scenarios(plan) if "asked for at once" in each.id]
    before = os.urandom, sys.getswitchinterval()
    for _ in range(5):
        at_once.run(Context(plan))
    assert (os.urandom, sys.getswitchinterval()) == before


def test_too_many_calls_are_no_fault_of_being_made_at_once(tmp_path):
    """A stock that is used up is used up one call after the other as well; a session's own id is no difference."""
    source = SOURCE.replace("    session.running += 1\n", "    session.running += 1\n    STOCK.pop()\n").replace(
        "return provider(sku)\n    finally", "return {'id': session_id, 'price': provider(sku)}\n    finally")  # fmt: skip
    failed, _ = run(plan_of(tmp_path / "few", source.replace("SESSIONS = {}", "SESSIONS, STOCK = {}, list(range(5))")))
    assert not any("of its own at once" in id_ for id_ in failed)
    failed, _ = run(
        plan_of(tmp_path / "many", source.replace("SESSIONS = {}", "SESSIONS, STOCK = {}, list(range(99))"))
    )
    assert failed == {}


def test_answers_at_once_are_those_of_alone(tmp_path):
    """A tool that mixes its callers up, or fails under many, is found; a tool whose answers vary by itself is not."""
    promise = SessionPromise(concurrent=8, calls=4)
    mixed = "import threading, time\nRUNNING = []\ndef order(sku):\n    RUNNING.append(1)\n    time.sleep(0.002)\n    count = len(RUNNING)\n    RUNNING.pop()\n    return {'alone': count == 1}\n"
    failed, _ = run(plan_of(tmp_path / "mixed", mixed, promise=promise))
    assert 'in 8 sessions at once a call gave {"alone": false}, alone {"alone": true}' in next(iter(failed.values()))
    crashing = mixed.replace("return", "assert count == 1\n    return")
    failed, _ = run(plan_of(tmp_path / "crashing", crashing, promise=promise))
    assert "a call crashed: AssertionError" in next(iter(failed.values()))
    varying = "import itertools\nN = itertools.count()\ndef order(sku):\n    return next(N)\n"
    assert run(plan_of(tmp_path / "varying", varying, promise=promise)) == ({}, {})


def test_a_tool_of_another_module_has_its_own_sessions(tmp_path):
    """`call: module:attr` is looked up there, and so are the functions that open and close its sessions."""
    (tmp_path / "other_baskets.py").write_text(SOURCE)
    plan = plan_of(tmp_path, "")
    elsewhere = {"provider": Dependency("provider", python="other_baskets:provider")}
    tool = dataclasses.replace(plan.tool, call="other_baskets:order", depends_on=elsewhere)
    failed, skipped = run(dataclasses.replace(plan, tool=tool))
    assert (failed, set(skipped)) == ({}, {"sessions[a cancelled call holds nothing]"})
    lost = dataclasses.replace(plan, tool=dataclasses.replace(tool, call="other_baskets:odrer"))
    failed, _ = run(lost)
    assert "order: other_baskets has no 'odrer'" in failed["sessions[5 are admitted]"]


def test_who_manages_no_sessions_is_told_how(tmp_path):
    """A module without `open_session`, and a target with a process a session, are skipped with the reason."""
    promise = SessionPromise(limit=2)
    _, skipped = run(plan_of(tmp_path, "def order(sku):\n    return 1\n", promise=promise))
    assert "offer open_session(), close_session(id)" in skipped["sessions[2 are admitted]"]
    _, skipped = run(plan_of(tmp_path, promise=promise, target=CommandTarget(("true",))))
    assert "starts a process for each session" in skipped["sessions[2 are admitted]"]


class Server(Context):
    """A server behind a URL that admits `places` connections and counts refused ones unless it is `leaky`."""

    def __init__(self, plan, places, *, leaky=False):
        super().__init__(plan)
        self.places, self.taken, self.leaky = places, 0, leaky

    def open_session(self):
        if self.taken >= self.places:
            self.taken += self.leaky
            raise ScenarioFailure(_finding(f"{self.places} connections at most"))
        self.taken += 1
        return _Connection(self)

    def call(self, arguments, *, valid=None, session=None):
        return Outcome("accepted", 1, value=1)


class _Connection:
    id, is_open = "c", True

    def __init__(self, server):
        self.server = server
        server.stack.callback(self.close)

    def close(self):
        self.server.taken -= self.is_open
        self.is_open = False


def _finding(message):
    from pytest_toolcheck.checks.base import Finding

    return Finding("no_crash", message, message)


def test_connections_of_a_server_are_sessions(tmp_path):
    """Behind a URL each connection is a session; long idle times are not waited for in real time."""
    plan = plan_of(
        tmp_path, promise=SessionPromise(limit=3, idle_timeout_s=3600.0), target=HttpTarget("http://127.0.0.1:1")
    )
    failed, skipped = run(plan, lambda plan: Server(plan, 3))
    assert failed == {}
    assert "would pass in real time" in skipped["sessions[idle for 3600s expires]"]
    failed, _ = run(plan, lambda plan: Server(plan, 3, leaky=True))
    assert list(failed) == ["sessions[a refusal leaves no place taken]"]
    failed, _ = run(plan, lambda plan: Server(plan, 4))
    assert "session 4 was admitted, expected at most 3" in failed["sessions[the one over 3 is refused]"]
