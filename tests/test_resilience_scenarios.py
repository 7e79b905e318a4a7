"""Scenarios of promises: their ids, their worlds, what they say and log, and what they refuse to prove."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import threading

import pytest

from pytest_toolcheck.clock.session import active
from pytest_toolcheck.resilience.scenarios import resilience_scenarios
from pytest_toolcheck.spec.model import BreakerPromise, Expectation, McpTarget, RetryPromise

from .faulty.resilience.lab import BREAKER, FALLBACK, HERE, RETRY, mutated, plan_of, run

ASYNC = (HERE / "guarded_async.py").read_text()
SYNC = (HERE / "guarded_sync.py").read_text()
CACHED = {"provider": "shop:quote", "cache": "shop:cached"}


def test_every_sentence_has_a_readable_id(tmp_path):
    """Ids are unique, say what is promised, and can be selected on a command line."""
    plan = plan_of(SYNC, tmp_path, retry=RETRY, breaker=BREAKER, fallback=FALLBACK, timeout_s=60.0,
                   timeouts=(("provider", 60.0), ("place_order", 120.0)), depends_on=CACHED)  # fmt: skip
    ids = [scenario.id for scenario in resilience_scenarios(plan)]
    assert len(ids) == len(set(ids)) > 35
    assert not any("::" in id_ or "=" in id_ for id_ in ids)
    for wanted in (
        "retry[provider:exactly 3 attempts]",
        "retry[provider:waits 1s, 2s]",
        "retry[provider:gives up on ValueError]",
        "breaker[provider:stays closed after 4 failures]",
        "breaker[provider:still open at 299.9s]",
        "breaker[provider:10 callers and 1 probe]",
        "fallback[provider:answers while the breaker is open]",
        "timeout[provider:a hang ends within 60s]",
        "timeouts[provider:a hang is ended at 60s]",
    ):
        assert wanted in ids


def test_nothing_promised_gives_nothing(tmp_path):
    """A tool without promises has no scenarios."""
    assert resilience_scenarios(plan_of(ASYNC, tmp_path)) == []


def test_failure_reads_like_a_story(tmp_path):
    """Message on one line, expected beside seen, a timeline of calls, waits and states."""
    plan = plan_of(mutated(ASYNC, "2**attempt", "3**attempt"), tmp_path, retry=RETRY)
    [(id_, error)] = run(plan, only="waits").failed.items()
    finding = error.findings[0]
    assert id_ == "retry[provider:waits 1s, 2s]"
    assert finding.message == "place_order: the wait before attempt 3 was 3s, promised 2s"
    details = dict(finding.details)
    assert (details["expected"], details["seen"]) == ("1s, 2s", "1s, 3s")
    timeline = [line.split("s  ", 1) for line in details["timeline"].splitlines()]
    assert [(float(at), what.strip()) for at, what in timeline] == [
        (0, "call 1 of place_order"),
        (0, "provider is called (1)"),
        (0, "provider fails: ConnectionError: injected failure 1 of provider (1)"),
        (1, "provider is called (2), 1 s after the failure"),
        (1, "provider fails: ConnectionError: injected failure 2 of provider (2)"),
        (4, "provider is called (3), 3 s after the failure"),
        (4, "provider fails: ConnectionError: injected failure 3 of provider (3)"),
        (4, "call 1 raises ConnectionError: injected failure 3 of provider"),
    ]


def test_what_happens_is_logged(tmp_path):
    """Calls, faults, retries, states and fallbacks are events, with the request id of their call."""
    plan = plan_of(SYNC, tmp_path, retry=RETRY, breaker=BREAKER, fallback=FALLBACK, depends_on=CACHED)
    events = run(plan, only="answers while").events
    names = {name for name, _ in events}
    assert {"call.start", "call.end", "fault.injected", "retry.scheduled", "breaker.changed", "fallback.used"} <= names
    first = next(fields["rid"] for name, fields in events if name == "call.start")
    assert [name for name, fields in events if fields.get("rid") == first] == [
        "call.start",
        "fault.injected",
        "retry.scheduled",
        "fault.injected",
        "retry.scheduled",
        "fault.injected",
        "call.end",
    ]
    json.dumps([fields for _, fields in events])


def test_each_world_is_fresh_and_leaves_no_trace(tmp_path):
    """Module globals do not survive a scenario; afterwards modules, path and clock are as before."""
    modules, path = dict(sys.modules), list(sys.path)
    source = mutated(ASYNC, "BREAKERS = {}", "BREAKERS = {}\nUSED = []")
    source = mutated(source, '    return {"price": 10}', '    USED.append(1)\n    return {"price": len(USED)}')
    plan = plan_of(source, tmp_path, retry=RETRY, breaker=BREAKER)
    report = run(plan)
    assert not report.failed, report
    assert ("shop" in sys.modules) == ("shop" in modules)
    assert {name: id(module) for name, module in sys.modules.items() if name in modules} == {
        name: id(module) for name, module in modules.items()
    }
    assert sys.path == path
    assert active == []


def test_pools_of_a_world_end_with_it(tmp_path):
    """The worker threads of a pool in a module global do not pile up from scenario to scenario."""
    source = mutated(
        SYNC, "import functools\n", "import functools\nfrom concurrent.futures import ThreadPoolExecutor\n"
    )
    source = mutated(source, "quote_breaker = ", "POOL = ThreadPoolExecutor(2, 'left-over')\nquote_breaker = ")
    source = mutated(source, "guarded_quote(sku)", "POOL.submit(guarded_quote, sku).result()")
    plan = plan_of(source, tmp_path, retry=RETRY, call="place_order_plainly")
    assert not run(plan, only="exactly 3 attempts").failed
    for thread in [thread for thread in threading.enumerate() if thread.name.startswith("left-over")]:
        thread.join(5)
        assert not thread.is_alive()


def test_a_module_beside_the_tool_is_fresh_too(tmp_path):
    """A breaker in a module of its own, in the same folder, is made anew for each scenario."""
    breaker, rest = ASYNC.split("BREAKERS = {}")
    (tmp_path / "shop_breakers_aside.py").write_text(breaker + "BREAKERS = {}\n")
    source = "import asyncio\nfrom shop_breakers_aside import BREAKERS, Breaker\n" + rest
    report = run(plan_of(source, tmp_path, retry=RETRY, breaker=BREAKER))
    assert not report.failed, report
    assert "shop_breakers_aside" not in sys.modules


def test_a_file_as_target(tmp_path):
    """A target that is a .py file is imported under its stem, so that its own functions can be named."""
    plan = plan_of(ASYNC, tmp_path, retry=RETRY, depends_on={"provider": "quote"})
    target = dataclasses.replace(plan.spec.target, module="shop.py", path=())
    plan = dataclasses.replace(plan, spec=dataclasses.replace(plan.spec, target=target))
    assert not run(plan).failed


def test_a_dependency_that_is_never_called_is_found(tmp_path):
    """A fault that would never fire proves nothing: the scenario fails and says so."""
    source = mutated(ASYNC, ".call(retried, quote, sku)", ".call(retried, tax, sku)")
    report = run(plan_of(source, tmp_path, retry=RETRY), only="is reached")
    assert "provider was not called by a plain call" in str(report.failed["resilience[provider:is reached]"])


def test_a_dependency_that_fails_by_itself_is_named(tmp_path):
    """Where the dependency itself raises, without a fault, the message says so."""
    source = mutated(ASYNC, '    return {"price": 10}', '    raise OSError("no network here")')
    report = run(plan_of(source, tmp_path, retry=RETRY), only="is reached")
    assert "provider itself raised, with no fault injected: OSError: no network here" in str(
        report.failed["resilience[provider:is reached]"]
    )


def test_an_endless_retry_is_found_and_ended(tmp_path):
    """A tool that retries for ever fails its promise instead of hanging the run."""
    source = mutated(ASYNC, "for attempt in range(3):", "while True:")
    source = mutated(source, "            if attempt == 2:\n                raise\n", "")
    source = mutated(source, "asyncio.sleep(2**attempt)", "asyncio.sleep(1)")
    report = run(plan_of(source, tmp_path, retry=RETRY), only="exactly 3")
    assert "was called 501 times, promised 3 times" in str(report.failed["retry[provider:exactly 3 attempts]"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"depends_on": {"provider": "shop:qoute"}}, "shop has no 'qoute'"),
        ({"call": "place_odrer"}, "shop has no 'place_odrer'"),
        ({"retry": dataclasses.replace(RETRY, retries=("ShopDown",))}, "there is no exception 'ShopDown'"),
    ],
)
def test_what_cannot_be_tested_says_why(tmp_path, change, message):
    """A wrong name in the spec fails with that name, not with a traceback of ours."""
    report = run(plan_of(ASYNC, tmp_path, **{"retry": RETRY, **change}), only="exactly 3")
    assert message in str(report.failed["retry[provider:exactly 3 attempts]"])


def test_exceptions_of_the_tools_own_modules_are_known(tmp_path):
    """`retries: [ProviderDown]` names an exception of the tool's module, the fresh one."""
    source = mutated(ASYNC, "class CircuitOpen", "class ProviderDown(Exception):\n    pass\n\n\nclass CircuitOpen")
    source = mutated(source, "except (ConnectionError, TimeoutError):", "except ProviderDown:")
    for name in ("ProviderDown", "shop.ProviderDown", "shop:ProviderDown"):
        assert not run(plan_of(source, tmp_path, retry=RetryPromise(3, (1.0, 2.0), (name,)))).failed


def test_another_process_is_skipped_with_a_reason(tmp_path):
    """Promises of a tool that does not run in this process are skipped, not passed."""
    plan = plan_of(ASYNC, tmp_path, retry=RETRY, breaker=BREAKER)
    plan = dataclasses.replace(plan, spec=dataclasses.replace(plan.spec, target=McpTarget(("server",))))
    report = run(plan)
    assert report.passed == []
    assert "in this process" in report.skipped["resilience[provider:in another process]"]


def test_layers_must_grow_from_inner_to_outer(tmp_path):
    """Integer rounding or a typing error that makes an inner layer outlast its outer one is found."""
    plan = plan_of(ASYNC, tmp_path, timeouts=(("provider", 60.0), ("place_order", 60.0)))
    report = run(plan, only="inner to outer")
    assert "timeout of place_order (60s) is not longer than that of provider" in str(next(iter(report.failed.values())))


@pytest.mark.parametrize("source", [ASYNC, SYNC], ids=["async", "sync"])
@pytest.mark.parametrize(("opens_after", "recovers_s"), [(1, 30.0), (2, 1.0)])
def test_small_promises_hold_as_well(tmp_path, source, opens_after, recovers_s):
    """One failure, two failures, a second of recovery: nothing that is correct is accused."""
    call = "place_order" if source is ASYNC else "place_order_plainly"
    source = source.replace("Breaker(5, 300.0)", f"Breaker({opens_after}, {recovers_s})")
    for retry in (None, RETRY):
        plan = plan_of(source, tmp_path, retry=retry, breaker=BreakerPromise(opens_after, recovers_s), call=call)
        report = run(plan, only="breaker" if retry else "")
        assert not report.failed, report


def test_fallback_is_compared_with_its_expectation(tmp_path):
    """`output` is a subset, `equals` is all, `matches` is a schema."""
    for expect, fits in (
        (Expectation(output={"source": "cache"}), True),
        (Expectation(equals={"source": "cache"}), False),
        (Expectation(matches={"required": ["price"]}), True),
        (Expectation(matches={"required": ["tax"]}), False),
    ):
        plan = plan_of(SYNC, tmp_path, retry=RETRY, fallback=expect, depends_on=CACHED)
        assert bool(run(plan, only="answers when").failed) is not fits


def test_importing_the_room_loads_nothing_heavy():
    """`import pytest_toolcheck.resilience` costs no asyncio, yaml, pydantic or breaker library."""
    heavy = ("asyncio", "yaml", "pydantic", "pybreaker")
    code = f"import sys, pytest_toolcheck.resilience; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_one_attempt_is_a_promise_too(tmp_path):
    """`attempts: 1` says that nothing is tried again: a tool without retries keeps it, and one with them does not."""
    once = RetryPromise(1, (), ("ConnectionError", "TimeoutError"), ("ValueError",))
    source = "def quote(sku):\n    return 1\n\ndef place_order(sku):\n    return quote(sku)\n"
    report = run(plan_of(source, tmp_path, retry=once))
    assert not report.failed, report
    assert "retry[provider:exactly 1 attempts]" in report.passed
    again = source.replace(
        "    return quote(sku)\n",
        "    try:\n        return quote(sku)\n    except OSError:\n        return quote(sku)\n",
    )
    assert "retry[provider:exactly 1 attempts]" in run(plan_of(again, tmp_path, retry=once)).failed
