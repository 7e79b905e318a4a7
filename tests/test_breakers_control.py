"""`breakers.control()` observes and forces breakers of four libraries, and puts them back."""

from __future__ import annotations

import asyncio
import datetime
import inspect
import warnings

import aiobreaker
import circuitbreaker
import purgatory
import pybreaker
import pytest

from pytest_toolcheck.clock.session import virtual_time
from pytest_toolcheck.resilience import Breakers

FAIL_MAX, RECOVERY_S = 3, 60
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


class Subject:
    """A provider, and the same behind a breaker of one library."""

    def __init__(self, make):
        self.fails = False
        self.calls = 0
        self.breaker, self.guarded = make(self)

    def call(self):
        outcome = self.guarded()
        return asyncio.run(outcome) if inspect.isawaitable(outcome) else outcome

    def answer(self):
        self.calls += 1
        if self.fails:
            raise ConnectionError("down")
        return "fine"

    async def answer_async(self):
        return self.answer()

    def fail(self, times):
        self.fails = True
        for _ in range(times):
            with pytest.raises(Exception):  # noqa: B017 - each library has an error of its own
                self.call()
        self.fails = False


def of_pybreaker(subject):
    breaker = pybreaker.CircuitBreaker(fail_max=FAIL_MAX, reset_timeout=RECOVERY_S)
    return breaker, breaker(subject.answer)


def of_circuitbreaker(subject):
    breaker = circuitbreaker.CircuitBreaker(FAIL_MAX, RECOVERY_S, name="c")
    return breaker, breaker(subject.answer)


def of_circuitbreaker_decorator(subject):
    guarded = circuitbreaker.circuit(failure_threshold=FAIL_MAX, recovery_timeout=RECOVERY_S, name="d")(subject.answer)
    return guarded, guarded


def of_aiobreaker(subject):
    breaker = aiobreaker.CircuitBreaker(FAIL_MAX, datetime.timedelta(seconds=RECOVERY_S))
    return breaker, lambda: breaker.call_async(subject.answer_async)


def of_purgatory(subject):
    guarded = purgatory.SyncCircuitBreakerFactory(FAIL_MAX, RECOVERY_S)("p")(subject.answer)
    return guarded, guarded


def of_purgatory_async(subject):
    guarded = purgatory.AsyncCircuitBreakerFactory(FAIL_MAX, RECOVERY_S)("q")(subject.answer_async)
    return guarded, guarded


LIBRARIES = [
    of_pybreaker,
    of_circuitbreaker,
    of_circuitbreaker_decorator,
    of_aiobreaker,
    of_purgatory,
    of_purgatory_async,
]


@pytest.fixture(params=LIBRARIES, ids=lambda make: make.__name__)
def subject(request):
    return Subject(request.param)


@pytest.fixture
def clock():
    with virtual_time() as clock:
        yield clock


@pytest.fixture
def breakers():
    with Breakers() as breakers:
        yield breakers


def test_full_circle_is_observed(subject, clock, breakers):
    """Failures open it, time half-opens it, a success closes it: the control sees the whole way."""
    control = breakers.control(subject.breaker)
    assert control.state == "closed"
    subject.fail(FAIL_MAX)
    assert control.state == "open"
    clock.advance_past(f"{RECOVERY_S}s")
    assert subject.call() == "fine"
    control.expect(["closed", "open", "half_open", "closed"])
    assert control.transitions == ["closed", "open", "half_open", "closed"]


def test_failed_probe_is_observed(subject, clock, breakers):
    """A failed probe goes from half-open to open again."""
    control = breakers.control(subject.breaker)
    subject.fail(FAIL_MAX)
    clock.advance_past(f"{RECOVERY_S}s")
    subject.fail(1)
    control.expect(["closed", "open", "half_open", "open"])


def test_trip_keeps_calls_out_until_recovery(subject, clock, breakers):
    """A breaker that was tripped lets nothing through, for its whole recovery time, and then one probe."""
    control = breakers.control(subject.breaker)
    control.trip()
    assert control.state == "open"
    assert control.remaining == pytest.approx(RECOVERY_S, abs=0.001)
    clock.advance("59.9s")
    assert control.remaining == pytest.approx(0.1, abs=0.001)
    with pytest.raises(Exception):  # noqa: B017
        subject.call()
    assert subject.calls == 0
    clock.advance("0.2s")
    assert subject.call() == "fine"
    assert control.state == "closed"


def test_half_open_lets_the_next_call_decide(subject, clock, breakers):
    """After half_open() a success closes the breaker and a failure opens it."""
    control = breakers.control(subject.breaker)
    control.half_open()
    assert control.state == "half_open"
    assert subject.call() == "fine"
    assert control.state == "closed"
    control.half_open()
    subject.fail(1)
    assert control.state == "open"
    control.expect(["closed", "half_open", "closed", "half_open", "open"])


def test_reset_closes_and_forgets_the_failures(subject, clock, breakers):
    """After reset() it takes all failures again to open the breaker."""
    control = breakers.control(subject.breaker)
    subject.fail(FAIL_MAX)
    control.reset()
    assert control.state == "closed"
    assert control.remaining == 0
    subject.fail(FAIL_MAX - 1)
    assert control.state == "closed"
    subject.fail(1)
    assert control.state == "open"


def test_looking_changes_nothing(subject, clock, breakers):
    """State, remaining and transitions can be read at any time, any number of times."""
    control = breakers.control(subject.breaker)
    for _ in range(FAIL_MAX):
        for _ in range(5):
            assert (control.state, control.remaining, control.transitions) == ("closed", 0, ["closed"])
        subject.fail(1)
    clock.advance("30s")
    for _ in range(5):
        assert control.state == "open"
        assert control.remaining == pytest.approx(30, abs=0.001)


def test_everything_is_put_back(subject, clock):
    """At teardown the breaker is as it was when control began, and nobody listens any more."""
    subject.fail(FAIL_MAX - 1)
    heard = []
    with Breakers(emit=lambda ev, **fields: heard.append((ev, fields["attrs"]["to"]))) as breakers:
        control = breakers.control(subject.breaker)
        control.trip()
        assert heard == [("breaker.changed", "open")]
    assert subject.call() == "fine"
    subject.fail(FAIL_MAX)
    assert heard == [("breaker.changed", "open")]
    assert control.transitions == ["closed", "open"]


def test_same_breaker_has_one_control(subject, clock, breakers):
    """Taking control twice gives the same control."""
    assert breakers.control(subject.breaker) is breakers.control(subject.breaker)


def test_expect_tells_the_way_it_went(subject, clock, breakers):
    """A wrong expectation fails with both ways and the timeline."""
    control = breakers.control(subject.breaker)
    clock.advance("5s")
    control.trip()
    with pytest.raises(AssertionError, match=r"went closed -> open, expected closed -> open -> closed") as failure:
        control.expect(["closed", "open", "closed"])
    assert "5.000 s  closed -> open" in str(failure.value)


def test_remaining_is_measured_by_the_breakers_own_clock(clock, breakers):
    """A step of the wall clock changes what remains of a breaker that reads it, and of no other."""
    wall, steady = Subject(of_pybreaker), Subject(of_circuitbreaker)
    controls = [breakers.control(wall.breaker), breakers.control(steady.breaker)]
    for control in controls:
        control.trip()
    clock.step_wall("-1h")
    assert [round(control.remaining) for control in controls] == [RECOVERY_S + 3600, RECOVERY_S]
    clock.step_wall("2h")
    assert [round(control.remaining) for control in controls] == [0, RECOVERY_S]


def test_remaining_in_real_time(subject, breakers):
    """Without a virtual clock, what remains goes by the real one."""
    control = breakers.control(subject.breaker)
    control.trip()
    assert RECOVERY_S - 50 < control.remaining <= RECOVERY_S


def test_factory_with_a_name_leads_to_its_circuit(clock, breakers):
    """purgatory's factory needs the circuit's name; its breaker does not."""
    factory = purgatory.SyncCircuitBreakerFactory(FAIL_MAX, RECOVERY_S)
    breaker = factory.get_breaker("stock")
    assert breakers.control(factory, name="stock") is breakers.control(breaker)
    assert breakers.control(factory).name == "stock"


def test_no_warning_is_made_by_looking(subject, breakers):
    """Reading what remains does not use what Python deprecates."""
    control = breakers.control(subject.breaker)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert control.remaining == 0


def test_a_misspelt_state_is_told():
    """A word that is no state, or a text for a list, is an error that says what is taken."""
    with Breakers() as breakers:
        control = breakers.control(pybreaker.CircuitBreaker())
        with pytest.raises(ValueError, match=r"'opn' is no state of a breaker: say 'closed', 'open' or 'half_open'"):
            control.expect(["closed", "opn"])
        with pytest.raises(ValueError, match=r"expect takes a list of states, not 'closed': expect\(\['closed'\]\)"):
            control.expect("closed")
