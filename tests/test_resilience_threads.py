"""Correct tools that call their dependency from threads, or behind a breaker that nobody promised, are not accused."""

from __future__ import annotations

import pytest

from .faulty.resilience.faults import SYNC
from .faulty.resilience.lab import BREAKER, RETRY, plan_of, run

RETRIED = """
import concurrent.futures, queue, threading, time

def quote(sku):
    return {"price": 1}

def place_order(sku):
    for wait in (1, 2, None):
        try:
            return asked(sku)
        except (ConnectionError, TimeoutError):
            if wait is None:
                raise
            time.sleep(wait)
"""
POOL = """
pool = concurrent.futures.ThreadPoolExecutor(20)

def asked(sku):
    return pool.submit(quote, sku).result(60)
"""
SHARED = """
state = {}

def place_order(sku):
    state["attempt"] = 1
    while True:
        try:
            return asked(sku)
        except (ConnectionError, TimeoutError):
            if state["attempt"] >= 3:
                raise
            state["attempt"] += 1
            time.sleep(state["attempt"] - 1)
"""
THREAD = """
def asked(sku):
    answers = queue.Queue()

    def ask():
        try:
            answers.put((quote(sku), None))
        except Exception as error:
            answers.put((None, error))

    threading.Thread(target=ask, daemon=True).start()
    value, error = answers.get(timeout=60)
    if error:
        raise error
    return value
"""
WORKER = """
questions, workers = queue.Queue(), []

def work():
    while True:
        sku, answers = questions.get()
        try:
            answers.put((quote(sku), None))
        except Exception as error:
            answers.put((None, error))

def asked(sku):
    if not workers:
        workers.append(threading.Thread(target=work, daemon=True))
        workers[0].start()
    answers = queue.Queue()
    questions.put((sku, answers))
    value, error = answers.get(timeout=60)
    if error:
        raise error
    return value
"""
IN_THREAD = """
import asyncio, threading, time
lock, failures = threading.Lock(), []

def quote(sku):
    return {"price": 1}

def guarded(sku):
    with lock:
        if len(failures) >= 5 and time.monotonic() < failures[-1] + 300:
            raise OSError("open")
        try:
            answer = quote(sku)
        except Exception:
            failures.append(time.monotonic())
            raise
        failures.clear()
        return answer

async def place_order(sku):
    return await asyncio.to_thread(guarded, sku)
"""
ALONE = "retry[provider:concurrent calls do not share attempts]"


@pytest.mark.parametrize("how", [POOL, THREAD], ids=["pool", "thread"])
def test_each_call_of_a_thread_is_known_by_its_tool_call(how, tmp_path):
    """A pool's worker and a thread of the tool's own carry no context of themselves: ours follows all the same."""
    report = run(plan_of(RETRIED + how, tmp_path, retry=RETRY), only="retry")
    assert not report.failed, report
    assert ALONE in report.passed


def test_attempts_shared_between_threads_are_found(tmp_path):
    """The same tool with one count of attempts for all calls that run is found."""
    source = RETRIED.partition("def place_order")[0] + POOL + SHARED
    report = run(plan_of(source, tmp_path, retry=RETRY), only="retry")
    assert "when ten calls failed at once" in str(report.failed[ALONE])


def test_a_worker_for_all_calls_is_not_guessed_at(tmp_path):
    """Whose call a worker makes that serves all of them cannot be told: skipped where calls run at once, else known."""
    report = run(plan_of(RETRIED + WORKER, tmp_path, retry=RETRY), only="retry")
    assert not report.failed, report
    assert "by a worker that serves all calls" in report.skipped[ALONE]


def test_a_breaker_that_is_not_promised_is_no_broken_retry(tmp_path):
    """It keeps calls back after some failures: the promise of retries is not broken by it."""
    report = run(plan_of(SYNC, tmp_path, retry=RETRY, call="place_order_plainly"), only="retry")
    assert not report.failed, report
    assert "promise it under `breaker`" in report.skipped[ALONE]


def test_what_runs_in_a_thread_cannot_be_cancelled(tmp_path):
    """A plain dependency in a thread goes on when its caller is cancelled, and with it the lock of the breaker."""
    report = run(plan_of(IN_THREAD, tmp_path, breaker=BREAKER), only="cancelled")
    assert not report.failed, report
    assert "nothing can cancel it there" in report.skipped["breaker[provider:a cancelled call is no failure]"]
