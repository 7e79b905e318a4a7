"""HTTP and WebSocket servers that were started here are asked for nothing, to know what of a call is only its way."""

from __future__ import annotations

import gc

import pytest

from pytest_toolcheck.budgets import contention, measure_time, touched
from pytest_toolcheck.budgets.contention import Contention
from pytest_toolcheck.budgets.cpu import CpuReading
from pytest_toolcheck.budgets.measure import apply_budgets
from pytest_toolcheck.budgets.processes import has_proc
from pytest_toolcheck.budgets.subjects import Caller, ToolCall, subject_of
from pytest_toolcheck.budgets.touched import PINGS
from pytest_toolcheck.errors import TargetError
from pytest_toolcheck.scenario import ToolPlan
from pytest_toolcheck.spec.model import Budgets, HttpTarget, ToolSpec, WebSocketTarget
from pytest_toolcheck.targets import _remote, make_target
from pytest_toolcheck.targets.base import ToolDescription

from .targets_kit import call, spec_of
from .test_budgets_served import Spender, http_server, websocket_server
from .test_targets_http import free_port

MS = 1_000_000
ASK = ToolSpec("ask", call="POST /ask")
linux = pytest.mark.skipif(not has_proc(), reason="the marks of pages are told by /proc")


@pytest.fixture
def odd():
    """A service that answers `OPTIONS *` as it is told to."""
    port = free_port()
    target = make_target(
        spec_of(HttpTarget(f"http://127.0.0.1:{port}", start=("python", "odd_nothing.py", str(port))), ASK)
    )
    session = target.open()
    yield session
    session.close()
    target.close()


def test_a_server_is_asked_for_nothing_and_only_that(odd):
    """Whatever it answers by itself says what an answer costs, an error or a limit of requests does not; nothing is followed."""
    answers = {200: True, 307: True, 401: True, 404: True, 405: True, 501: True}
    answers |= {429: False, 500: False, 503: False}
    for status, is_usable in answers.items():
        call(odd, ASK, nothing=status)
        assert odd.ping() is is_usable, status
    found = call(odd, ASK).value
    assert found == {"asked": 2 * len(answers) + 1, "others": ["OPTIONS *"] * len(answers)}
    assert odd.is_alive()


@pytest.mark.parametrize("nothing", ["exit", "hang"])
def test_a_server_that_ends_or_hangs_when_asked_for_nothing_is_not_accused(odd, nothing, monkeypatch):
    """The session is replaced, and nobody says that its server ended by itself."""
    monkeypatch.setattr(_remote, "NOTHING_LIMIT_S", 0.2 if nothing == "hang" else 5.0)
    call(odd, ASK, nothing=nothing)
    with pytest.raises(TargetError, match="did not answer when it was asked for nothing"):
        odd.ping()
    assert (odd.is_alive(), odd.ended_unasked()) == (False, None)


def test_only_servers_that_were_started_here_are_asked():
    """Somebody else's may count requests, or log them."""
    port = free_port()
    started = Spender(websocket_server(port))
    other = make_target(spec_of(WebSocketTarget(f"ws://127.0.0.1:{port}"), started.tool))
    session = other.open()
    assert started.session.ping() is True
    assert session.ping is None
    session.close()
    started.close()
    with pytest.raises(TargetError, match="asked for nothing"):
        started.session._ask_for_nothing()


class Costs:
    """What calls cost: as much as `of_call` and `of_nothing` say, in ns, whatever the machine does."""

    def __init__(self, monkeypatch, *, of_call, of_nothing=MS // 4):
        self.of_call, self.of_nothing, self.used_ns, self.pings = of_call, of_nothing, 0, 0
        for module in (contention, touched):
            monkeypatch.setattr(module, "process_clock_ns", lambda _: self.used_ns)
        monkeypatch.setattr(measure_time, "CpuMeter", lambda *_, **__: self)
        monkeypatch.setattr(measure_time, "_sleep", lambda _: None)
        monkeypatch.setattr(Contention, "slow_down", lambda _: 1.05)
        monkeypatch.setattr(Contention, "slow_down_of_caches", lambda _: 16.0)

    def measure(self, made):
        result = made()
        self.used_ns += self.of_call
        return CpuReading(self.of_call, self.of_call, result)

    def notes(self):
        return ()

    def close(self):
        pass

    def counted(self, ping):
        def pinged():
            self.used_ns += self.of_nothing
            self.pings += 1
            return ping()

        return ping and pinged


@pytest.fixture(scope="module", params=[http_server, websocket_server], ids=lambda made: made.__name__)
def spender(request):
    made = Spender(request.param(free_port()))
    yield made
    made.close()


def judged(spender, monkeypatch, *, what="", cost_ms, is_pinged=True, nothing_ms=0.25):
    """Judge calls of that cost against 2 ms, on a machine whose shared cache others sweep; return the result and how often it was pinged."""
    costs = Costs(monkeypatch, of_call=round(cost_ms * MS), of_nothing=round(nothing_ms * MS))
    subject = spender.subject(what)
    assert subject.idle is not None
    idle = costs.counted(subject.idle) if is_pinged else None
    gc.collect()
    (found,) = measure_time.measure_cpu(subject.call, time_ns=2 * MS, process_ids=subject.process_ids, idle=idle)
    return found, costs.pings


@linux
@pytest.mark.parametrize(
    ("what", "cost_ms", "verdict", "pings"),
    [("", 10, "fail", PINGS), ("walk", 10, "inconclusive", PINGS), ("walk", 1.9, "pass", 0)],
    ids=["computes", "walks through memory", "kept"],
)
def test_a_server_that_computes_breaks_its_budget_while_the_shared_cache_is_busy(
    what, cost_ms, verdict, pings, spender, monkeypatch
):
    """Neighbours may be why it is slow only where it touches much itself; a budget that is kept asks for nothing."""
    found, made = judged(spender, monkeypatch, what=what, cost_ms=cost_ms)
    assert (found.verdict, made) == (verdict, pings), found.message


@linux
@pytest.mark.parametrize("spender", [websocket_server], indirect=True)
@pytest.mark.parametrize(
    ("options", "pings"),
    [({"is_pinged": False}, 0), ({"nothing_ms": 4}, PINGS), ({"cost_ms": 2.4}, PINGS)],
    ids=["not asked", "costly nothing", "mostly its way"],
)
def test_the_way_to_a_tool_may_be_slower_for_neighbours(options, pings, spender, monkeypatch):
    """As much as it may cost, by what nothing costs; where that is not known all may be."""
    found, made = judged(spender, monkeypatch, **{"cost_ms": 10, **options})
    assert (found.verdict, made) == ("inconclusive", pings), found.message


@linux
@pytest.mark.parametrize(
    ("nothing", "message"),
    [("exit", "cpu not measured: the server did not answer when it was asked for nothing"), (503, "memory is slow")],
)
def test_a_server_that_does_not_bear_to_be_asked_is_not_accused(odd, nothing, message, monkeypatch):
    """Its budget is inconclusive, and says why; one that answers with an error is asked once."""
    Costs(monkeypatch, of_call=10 * MS)
    call(odd, ASK, nothing=nothing)
    plan = ToolPlan(odd._service._spec, ASK, ToolDescription("ask"))
    subject = subject_of([ToolCall(plan, {})], odd, Caller(odd, "", lambda *told: AssertionError(told)))
    (found,) = apply_budgets(subject, Budgets(cpu_time_ns=2 * MS))
    assert found.verdict == "inconclusive"
    assert message in found.message
    if nothing != "exit":
        assert call(odd, ASK).value["others"] == ["OPTIONS *"]
