"""`observe_retries` sees every attempt of any retry code, by the clock, and holds libraries to their schedules."""

from __future__ import annotations

import asyncio
import time

import backoff
import pytest
import stamina
import tenacity

from pytest_toolcheck.clock.session import virtual_time
from pytest_toolcheck.resilience import fail, hang, observe_retries, succeed
from pytest_toolcheck.resilience.schedules import backoff_schedule, stamina_schedule, tenacity_schedule


def quote():
    return 10


async def quote_async():
    return 10


@pytest.fixture(autouse=True)
def clock():
    with virtual_time() as clock:
        yield clock


def by_hand():
    for wait_s in (1, 2, 4):
        try:
            return quote()
        except ConnectionError:
            time.sleep(wait_s)
    return quote()


def test_hand_written_schedule_is_seen():
    """Attempts, waits and exceptions of a loop written by hand."""
    with observe_retries(quote) as retries:
        retries.answers((fail(ConnectionError), 3), succeed(7))
        assert by_hand() == 7
    retries.expect_schedule([1, 2, 4])
    retries.expect_attempts(4)
    assert [type(error) for error in retries.exceptions] == [ConnectionError] * 3
    assert [attempt.waited_s for attempt in retries.attempts] == [None, 1, 2, 4]


def test_wrong_schedule_is_told():
    """The first wait that differs is named, both schedules and the timeline follow."""
    with observe_retries(quote) as retries:
        retries.answers((fail(ConnectionError), 3))
        by_hand()
    with pytest.raises(AssertionError, match=r"wait 3 of quote was 4 s, expected 3 s") as failure:
        retries.expect_schedule([1, 2, 3])
    assert "attempt 4, 4 s after the one before answers" in str(failure.value)
    with pytest.raises(AssertionError, match="retried 3 times, expected 2"):
        retries.expect_schedule([1, 2])
    with pytest.raises(AssertionError, match="tried 4 times, expected 3"):
        retries.expect_attempts(3)


def test_jitter_is_a_range():
    """A pair allows every wait between its ends, and no other."""
    with observe_retries(quote) as retries:
        retries.answers((fail(ConnectionError), 3))
        by_hand()
    retries.expect_schedule([(0.5, 1.5), 2, (3, 4)])
    with pytest.raises(AssertionError, match=r"wait 1 of quote was 1 s, expected 1.5 to 2 s"):
        retries.expect_schedule([(1.5, 2), 2, 4])


def test_by_dotted_path_and_put_back():
    """A target can be named; afterwards it is the very function that it was."""
    before = quote.__code__
    with observe_retries(f"{__name__}:quote") as retries:
        assert quote() == 10
        assert quote.__code__ is not before
    assert quote.__code__ is before
    assert vars(quote) == {}
    quote()
    retries.expect_attempts(1)


def test_a_hang_is_seen_until_its_end():
    """An attempt that is cancelled by a timeout ends then, and the wait counts from there."""

    async def patiently():
        try:
            return await asyncio.wait_for(quote_async(), 5)
        except TimeoutError:
            await asyncio.sleep(3)
            return await quote_async()

    with observe_retries(quote_async) as retries:
        retries.answers(hang())
        assert asyncio.run(patiently()) == 10
    first, second = retries.attempts
    assert first.ended_s - first.started_s == pytest.approx(5)
    assert second.waited_s == pytest.approx(3)
    assert isinstance(retries.exceptions[0], asyncio.CancelledError)


def test_retries_are_logged():
    """Each retry is an event with its wait."""
    heard = []
    with observe_retries(quote, emit=lambda ev, **fields: heard.append((ev, fields["attrs"]))) as retries:
        retries.answers((fail(ConnectionError), 2))
        by_hand()
    assert [(ev, attrs["attempt"], attrs["wait_s"]) for ev, attrs in heard] == [
        ("retry.scheduled", 2, 1),
        ("retry.scheduled", 3, 2),
    ]


WAITS = {
    "fixed": tenacity.wait_fixed(3),
    "exponential": tenacity.wait_exponential(multiplier=1, max=5),
    "incrementing": tenacity.wait_incrementing(1, 2),
    "random": tenacity.wait_random(1, 4),
    "sum": tenacity.wait_fixed(2) + tenacity.wait_random(0, 1),
    "random exponential": tenacity.wait_random_exponential(multiplier=1, max=60),
    "exponential jitter": tenacity.wait_exponential_jitter(max=60, jitter=1),
    "chain": tenacity.wait_chain(tenacity.wait_fixed(1), tenacity.wait_fixed(5)),
    "none": tenacity.wait_none(),
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_tenacity_keeps_its_schedule(wait, is_async):
    """Every kind of wait of tenacity is read from the Retrying and kept by it."""
    decorate = tenacity.retry(wait=wait, stop=tenacity.stop_after_attempt(5) | tenacity.stop_after_delay(1e6))

    async def call_async():
        return await quote_async()

    def call():
        return quote()

    retried = decorate(call_async if is_async else call)
    with observe_retries(quote_async if is_async else quote) as retries:
        retries.answers((fail(ConnectionError), 5))
        with pytest.raises(tenacity.RetryError):
            asyncio.run(retried()) if is_async else retried()
    retries.expect_attempts(5)
    retries.expect_tenacity(retried)


def test_tenacity_that_waits_otherwise_is_found():
    """A Retrying that was built with other waits than the one in use is not confirmed."""
    retrying = tenacity.Retrying(wait=tenacity.wait_fixed(2), stop=tenacity.stop_after_attempt(3), reraise=True)
    with observe_retries(quote) as retries:
        retries.answers((fail(ConnectionError), 2))
        retrying(lambda: quote())
    retries.expect_tenacity(retrying)
    with pytest.raises(AssertionError, match="wait 1 of quote was 2 s, expected 3 s"):
        retries.expect_tenacity(retrying.copy(wait=tenacity.wait_fixed(3)))
    with pytest.raises(ValueError, match="attempts="):
        tenacity_schedule(tenacity.Retrying(wait=tenacity.wait_fixed(2)))


@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_stamina_keeps_its_schedule(jitter):
    """stamina's arguments say its waits; its jitter is a range."""
    arguments = {"attempts": 6, "wait_initial": 0.5, "wait_max": 5.0, "wait_jitter": jitter, "wait_exp_base": 2.0}

    @stamina.retry(on=ConnectionError, timeout=None, **arguments)
    def call():
        return quote()

    with observe_retries(quote) as retries:
        retries.answers((fail(ConnectionError), 5))
        assert call() == 10
    retries.expect_stamina(**arguments)
    assert stamina_schedule(attempts=3, wait_jitter=0) == [0.1, 0.2]


@pytest.mark.parametrize(
    ("wait_gen", "arguments"),
    [(backoff.expo, {}), (backoff.fibo, {"max_value": 3}), (backoff.constant, {"interval": 2})],
    ids=["expo", "fibo", "constant"],
)
@pytest.mark.parametrize("full_jitter", [False, True])
def test_backoff_keeps_its_schedule(wait_gen, arguments, full_jitter):
    """backoff's generator says its waits; full jitter is a range from zero."""
    jitter = backoff.full_jitter if full_jitter else None
    call = backoff.on_exception(wait_gen, ConnectionError, max_tries=5, jitter=jitter, **arguments)(lambda: quote())
    with observe_retries(quote) as retries:
        retries.answers((fail(ConnectionError), 4))
        assert call() == 10
    retries.expect_backoff(wait_gen, max_tries=5, full_jitter=full_jitter, **arguments)
    assert backoff_schedule(backoff.expo, max_tries=4) == [1, 2, 4]


@pytest.mark.parametrize(
    ("wait", "found"),
    [
        (tenacity.wait_random(1, 3), None),
        (
            tenacity.wait_fixed(1),
            "wait 1 of test_retries.quote was 1 s in each of 5 calls, expected jitter from 1 to 3 s",
        ),
        (tenacity.wait_random(4, 5), "expected 1 to 3 s"),
    ],
    ids=["jitter", "none", "out of range"],
)
def test_jitter_that_is_promised_is_there(wait, found):
    """Several calls show whether a range is jitter: each wait within it, and not all of them the same."""
    call = tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=wait, reraise=True)(lambda: quote())
    with observe_retries(quote) as retries:
        retries.answers((fail(ConnectionError), None))
        for _ in range(5):
            with pytest.raises(ConnectionError):
                call()
    if found is None:
        retries.expect_jitter([(1, 3), (1, 3)], calls=5)
        return
    with pytest.raises(AssertionError, match=found.replace("test_retries.", ".*")):
        retries.expect_jitter([(1, 3), (1, 3)], calls=5)


def test_jitter_needs_calls_to_compare():
    """What was made is said where it is not so many whole calls."""
    with observe_retries(quote) as retries:
        quote()
    with pytest.raises(AssertionError, match="tried 1 times, expected 2 attempts in each of 3 calls"):
        retries.expect_jitter([(1, 2)], calls=3)
