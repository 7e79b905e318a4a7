"""Every kind of fault at every point, under every form of "when": what happens, at which hits, and what is refused."""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
import sys
import time
import types

import httpx
import pytest

from pytest_toolcheck.clock import virtual_time
from pytest_toolcheck.events import bind
from pytest_toolcheck.faults import FaultError, FaultNeverFired, Faults
from pytest_toolcheck.faults.kinds import KINDS, POINTS

HITS = 6
SPELLED = {"delay": "delay(1ms)", "clock_jump": "clock_jump(1h)", "pause": "pause(1ms)", "slow_stream": "slow_stream(1MiB)",
           "oversize": "oversize(9B)", "truncate": "truncate(50%)"}  # fmt: skip
CHANCE = {hit for hit, generator in [(0, random.Random(7))] for hit in range(1, HITS + 1) if generator.random() < 0.5}
WHEN = {
    "{}": {1, 2, 3, 4, 5, 6},
    "1*{}": {1},
    "2*off -> 2*{}": {3, 4},
    "1*off -> 1*{0} -> 2*off -> {0}": {2, 5, 6},
    "nth(2, 5): {}": {2, 5},
    "every(3): {}": {3, 6},
    "first(2): {}": {1, 2},
    "until(2500ms): {}": {1, 2, 3},
    "window(1500ms..3500ms): {}": {3, 4},
    "p(0.5, seed=7): {}": CHANCE,
    "first(4) & every(2): {}": {2, 4},
    "nth(1): off; nth(2): {0}; 1*{0}": {2, 3},
}
"""Schedules, and the hits that they mean when a hit comes every second."""


def spelled(kind):
    return SPELLED.get(kind, kind)


def at(point):
    return [kind.name for kind in KINDS.values() if point in kind.points]


class Provider:
    """What is called: sync and async, with a record of its calls."""

    def __init__(self, folder):
        self.made = 0
        self.folder = folder

    def call(self, _name):
        self.made += 1
        return "0123456789"

    async def call_later(self, name):
        return self.call(name)

    def answer(self, _request):
        self.made += 1
        return httpx.Response(200, text="0123456789")


def of_call(module, _folder):
    return "faultgrid:quote", lambda: module.quote("A")


def of_async_call(module, _folder):
    return "faultgrid:quote_later", lambda: asyncio.run(module.quote_later("A"))


def of_http(module, _folder):
    client = httpx.Client(transport=httpx.MockTransport(module.provider.answer), timeout=0.5)
    return client, lambda: told(client.get("http://shop/"))


def of_async_http(module, _folder):
    async def answer(request):
        return module.provider.answer(request)

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer), timeout=0.5)

    async def get():
        return told(await client.get("http://shop/"))

    return client, lambda: asyncio.run(get())


def told(response):
    return response.status_code, response.text


def of_disk(_module, folder):
    return folder, lambda: (folder / "orders.txt").write_text("written")


PLACES = {
    "call": of_call,
    "async call": of_async_call,
    "http": of_http,
    "async http": of_async_http,
    "disk": of_disk,
}


@pytest.fixture
def module(monkeypatch, tmp_path):
    made = types.ModuleType("faultgrid")
    made.provider = Provider(tmp_path)
    source = (
        "def quote(name):\n    return provider.call(name)\n\n"
        "async def quote_later(name):\n    return await provider.call_later(name)\n"
    )
    exec(compile(source, "faultgrid.py", "exec"), vars(made))
    monkeypatch.setitem(sys.modules, "faultgrid", made)
    return made


def seen_of(hit, module, clock):
    """All that a hit shows: its answer or error, what it took, what was called, where the wall clock stands."""
    made, at_s, wall_s = module.provider.made, clock.now, time.time()
    try:
        answer = hit()
    except Exception as error:
        answer = type(error).__name__
    took_s = clock.now - at_s
    return answer, round(took_s, 4), module.provider.made - made, round(time.time() - wall_s - took_s)


@pytest.mark.parametrize(
    ("place", "kind"), [(place, kind) for place in PLACES for kind in at(place.removeprefix("async "))]
)
def test_a_kind_at_a_place_under_each_schedule(place, kind, module, tmp_path):
    """Exactly the hits that the schedule means differ from one with no fault, and each is an event with its rid."""
    with virtual_time() as clock:
        point, hit = PLACES[place](module, tmp_path)
        normal = seen_of(hit, module, clock)
        for when in WHEN:
            expected, events = meant(place, kind, when), []
            with Faults(lambda ev, /, **fields: events.append((ev, fields))) as faults:  # noqa: B023
                fault = faults.inject(point, when.format(spelled(kind)))
                assert differing(hit, normal, module, clock) == expected, when
                fault.assert_fired(len(expected))
            assert [fields["rid"] for _, fields in events] == [f"r{number}" for number in expected]
            assert {(ev, fields["attrs"]["kind"]) for ev, fields in events} == {("fault.injected", kind)}
            assert seen_of(hit, module, clock) == normal


def differing(hit, normal, module, clock):
    """Hit once a second; return which hits showed something else than with no fault."""
    start_s, found = clock.now, []
    for number in range(1, HITS + 1):
        clock.advance(f"{max(0, round((start_s + number - 1 - clock.now) * 1e6))}us")
        with bind(rid=f"r{number}", tool="order"):
            if seen_of(hit, module, clock) != normal:
                found.append(number)
    return found


def meant(place, kind, when):
    """A hang that nobody ends, for thirty days, leaves nothing of a window."""
    hits = sorted(WHEN[when])
    return hits[:1] if kind == "hang" and "call" in place and "ms" in when else hits


def test_async_hits_hang_until_their_client_gives_up(module, tmp_path):
    """The table's hangs end as each place ends them: nobody's own limit, or the client's read timeout."""
    with virtual_time() as clock, Faults() as faults:
        client, hit = of_async_http(module, tmp_path)
        faults.inject(client, "hang")
        assert seen_of(hit, module, clock) == ("ReadTimeout", 0.5, 0, 0)


@pytest.mark.parametrize(
    ("point", "kind"), [(point, kind) for point in POINTS for kind in KINDS if kind not in at(point)]
)
def test_every_other_combination_is_refused(point, kind, module, tmp_path):
    """A kind that makes no sense at a point is refused with the points that it is for, and the kinds that are here."""
    places = {
        "call": "faultgrid:quote",
        "http": httpx.Client(transport=httpx.MockTransport(module.provider.answer)),  # reads no certificates
        "tcp": "tcp:127.0.0.1:9",
        "stdio": ["true"],
        "disk": tmp_path,
        "clock": "clock",
    }
    with contextlib.ExitStack() as stack:
        process = stack.enter_context(sleeping()) if point == "process" else None
        with pytest.raises(FaultError) as refused:
            Faults().inject(process or places[point], spelled(kind))
    said = str(refused.value)
    assert f"{kind!r} makes no sense at {POINTS[point]}: it is for {POINTS[KINDS[kind].points[0]]}" in said
    assert said.endswith(f"Kinds for {POINTS[point]}: {', '.join(at(point))}")


@contextlib.contextmanager
def sleeping():
    process = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("kind", at("process"))
def test_a_process_is_struck_by_hand(kind):
    """A process is hit by each `fire()`; the schedule says which of them do something."""
    for when in [when for when in WHEN if "ms" not in when] if kind == "pause" else ["2*off -> 1*{}"]:
        with sleeping() as process, Faults() as faults:
            fault = faults.inject(process, when.format(spelled(kind)), strikes_now=False)
            pids = [fault.process.pid, *(struck(fault).process.pid for _ in range(HITS))]
            assert [firing.hit for firing in fault.firings] == ([3] if kind != "pause" else sorted(WHEN[when])), when
            assert (process.poll() is None) == (kind == "pause")
            assert len(set(pids)) == (2 if kind == "crash_restart" else 1)


def struck(fault):
    fault.fire()
    return fault


def test_the_clock_is_struck_by_hand():
    """The wall clock jumps at the very `fire()` that the schedule means, once a second."""
    with virtual_time() as clock:
        for when, expected in WHEN.items():
            with Faults() as faults:
                fault = faults.inject("clock", when.format("clock_jump(1h)"), strikes_now=False)
                jumped = []
                for number in range(1, HITS + 1):
                    before = time.time()
                    struck(fault)
                    jumped += [number] if round(time.time() - before) == 3600 else []
                    clock.advance("1s")
                assert jumped == sorted(expected), when


@pytest.mark.parametrize("when", WHEN)
def test_who_never_fires_is_told_with_what_came_by(when, module):
    """Whatever the schedule: a fault that nothing met fails at the end, is healed, and is said to have stayed armed."""
    faults = Faults()
    with virtual_time():
        faults.inject("faultgrid:quote", when.format("error"))
        with pytest.raises(FaultNeverFired, match="never fired: nothing that it is for came by faultgrid:quote"):
            faults.close()
    assert module.quote("A") == "0123456789"
    assert [fault.is_healed for fault in faults.armed] == [True]
    assert faults.report().endswith("fired never at 0 hits, stayed armed")
