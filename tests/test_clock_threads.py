"""Threads in virtual time: their sleeps, and the time limits with which they wait for each other."""

from __future__ import annotations

import _thread
import asyncio
import concurrent.futures
import http.server
import queue
import re
import sys
import threading
import time
import urllib.request
from functools import partial

import pytest

from pytest_toolcheck.clock import VirtualClock, activity, driver, unlisted, virtual_time
from pytest_toolcheck.clock.births import noted_births
from pytest_toolcheck.clock.errors import VirtualDeadlock
from pytest_toolcheck.clock.virtual import Waiter
from pytest_toolcheck.clock.waits import Waits


@pytest.fixture(name="clock")
def _clock():
    with virtual_time() as clock:
        yield clock


def run_in_threads(*functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    return threads


def test_threads_wake_in_the_order_of_their_instants(clock):
    """Sleeping threads wake each at its own instant, while the test itself sleeps longer."""
    seen = []

    def nap(seconds):
        time.sleep(seconds)
        seen.append((seconds, clock.now))

    threads = run_in_threads(*(lambda s=s: nap(s) for s in (3, 1, 2)))
    time.sleep(10)
    assert seen == [(1, 1), (2, 2), (3, 3)]
    assert clock.now == 10
    [thread.join() for thread in threads]


def test_joining_moves_the_clock_to_the_end_of_the_thread(clock):
    """A test that only joins a sleeping thread need not sleep itself: the thread moves the clock."""
    [thread] = run_in_threads(lambda: time.sleep(60))
    thread.join()
    assert clock.now == 60


def test_a_thread_of_many_sleeps_keeps_its_pace(clock):
    """advance() lets a periodic thread tick as often as it would have in that time."""
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.is_set():
            time.sleep(1)
            ticks.append(clock.now)

    [thread] = run_in_threads(tick)
    time.sleep(0.5)
    clock.advance("5s")
    assert ticks == [1, 2, 3, 4, 5]
    stop.set()
    thread.join()


def test_an_event_times_out_in_virtual_time(clock):
    """Event.wait(60) returns False at once, sixty virtual seconds later."""
    assert threading.Event().wait(60) is False
    assert clock.now == 60


def test_an_event_set_in_time_ends_the_wait(clock):
    """Event.wait returns at the instant at which another thread sets it."""
    event = threading.Event()
    [thread] = run_in_threads(lambda: (time.sleep(5), event.set()))
    assert event.wait(60) is True
    assert clock.now == 5
    thread.join()


def test_a_queue_times_out_and_delivers(clock):
    """queue.get(timeout) keeps virtual time, empty or filled by another thread."""
    items = queue.Queue()
    with pytest.raises(queue.Empty):
        items.get(timeout=30)
    assert clock.now == 30
    [thread] = run_in_threads(lambda: (time.sleep(5), items.put("item")))
    assert items.get(timeout=30) == "item"
    assert clock.now == 35
    thread.join()


def test_join_times_out(clock):
    """Thread.join(timeout) returns after its virtual time while the thread still sleeps."""
    [thread] = run_in_threads(lambda: time.sleep(60))
    thread.join(timeout=10)
    assert (thread.is_alive(), clock.now) == (True, 10)
    thread.join()
    assert (thread.is_alive(), clock.now) == (False, 60)


def test_semaphores_and_conditions(clock):
    """What is built on Condition keeps virtual time: semaphores, barriers, wait_for."""
    assert threading.Semaphore(0).acquire(timeout=7) is False
    assert clock.now == 7
    condition = threading.Condition()
    with condition:
        assert condition.wait_for(lambda: False, timeout=3) is False
    assert clock.now == 10
    with pytest.raises(threading.BrokenBarrierError):
        threading.Barrier(2).wait(timeout=2)
    assert clock.now == 12


def test_futures(clock):
    """concurrent.futures: result(timeout) and wait(timeout) in virtual time."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        slow = pool.submit(time.sleep, 60)
        with pytest.raises(concurrent.futures.TimeoutError):
            slow.result(timeout=10)
        assert clock.now == 10
        fast = pool.submit(time.sleep, 5)
        done, pending = concurrent.futures.wait([slow, fast], timeout=20)
        assert (done, pending, clock.now) == ({fast}, {slow}, 30)
        assert slow.result() is None
        assert clock.now == 60


def test_looking_a_few_times_moves_nothing(clock):
    """Conditions that are looked at without waiting leave the clock where it is."""
    assert [threading.Event().wait(0) for _ in range(50)] == [False] * 50
    assert clock.now_ns == 0


def test_timers_fire_at_their_instant(clock):
    """threading.Timer is an Event.wait in a thread: it fires in virtual time."""
    fired = []
    timer = threading.Timer(20, lambda: fired.append(clock.now))
    timer.start()
    timer.join()
    assert fired == [20]


def test_a_busy_thread_holds_the_clock(clock):
    """While a thread computes, virtual time stands still, however long another thread has been sleeping."""
    order = []

    def compute():
        sum(range(300_000))
        order.append(("computed", clock.now))

    threads = run_in_threads(compute)
    time.sleep(60)
    order.append(("slept", clock.now))
    assert order == [("computed", 0), ("slept", 60)]
    [thread.join() for thread in threads]


def test_wrong_use_is_refused_as_ever(clock):
    """Conditions that are not held, threads not started: the same errors as in real time."""
    with pytest.raises(RuntimeError, match="un-acquired"):
        threading.Condition().wait(1)
    with pytest.raises(RuntimeError, match="before it is started"):
        threading.Thread(target=print).join(1)
    with pytest.raises(RuntimeError, match="current thread"):
        threading.current_thread().join(1)
    assert clock.now == 0


def test_threads_still_asleep_are_released_at_the_end():
    """A daemon thread that sleeps beyond the test goes on when virtual time ends, instead of hanging."""
    with virtual_time():
        [thread] = run_in_threads(lambda: time.sleep(1_000_000))
        time.sleep(1)
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_a_pool_older_than_the_test_is_waited_for():
    """A worker thread that was idle when virtual time began counts as busy from the moment it has a job."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        with virtual_time() as clock:
            for turn in range(50):
                start = clock.now
                job = pool.submit(lambda start=start: (sum(range(1000)), clock.now - start)[1])
                time.sleep(60)
                assert (turn, job.result()) == (turn, 0)


def test_a_ticking_thread_older_than_the_test_does_not_hold_the_clock():
    """A thread of a fixture that wakes by a real timer (a watchdog) is no work of the test's."""
    stop, ticking = threading.Event(), threading.Event()

    def tick():
        ticking.set()
        stop.wait(600)

    [thread] = run_in_threads(tick)
    ticking.wait()
    with virtual_time() as clock:
        time.sleep(3600)
        assert clock.mover.stalls == []
    stop.set()
    thread.join()


def test_a_server_thread_older_than_the_test_answers():
    """A socket server in a thread of a fixture, polled with a real timer, serves a client in virtual time."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"answer")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        [thread] = run_in_threads(server.serve_forever)
        with virtual_time() as clock:
            for _ in range(3):
                time.sleep(60)
                with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=5) as answer:
                    assert answer.read() == b"answer"
            assert clock.now == 180
        server.shutdown()
        thread.join()


def test_no_frame_is_asked_for_without_need(clock, monkeypatch):
    """Frames that are asked for live on with their locals, into the garbage: young threads are watched without."""
    asked, older, everybody = [], set(threading.enumerate()), threading.enumerate
    monkeypatch.setattr(threading, "enumerate", lambda: [t for t in everybody() if t not in older])
    monkeypatch.setattr(clock.mover.activity, "_unlisted", unlisted.Unlisted())
    monkeypatch.setattr(
        unlisted, "_others_run_python", lambda _listed: False
    )  # one that was never seen but as it ended
    monkeypatch.setattr(sys, "_current_frames", lambda: asked.append(1) or {})
    threads = run_in_threads(lambda: sum(range(100_000)), lambda: time.sleep(30))
    time.sleep(60)
    [thread.join() for thread in threads]
    assert (clock.now, asked) == (60, [])


def test_a_thread_of_a_deadlock_ends_with_the_test():
    """It waits for what can never come, and so would whoever joins it after the test: a pool, a loop at its close."""
    ended = []

    def wait_for_ever():
        try:
            queue.Queue().get()
        finally:
            ended.append(1)

    def deadlock():
        with virtual_time():
            threads.extend(run_in_threads(wait_for_ever))
            threads[0].join()

    threads = []
    with pytest.raises(VirtualDeadlock):
        deadlock()
    threads[0].join(10)
    assert (threads[0].is_alive(), ended) == (False, [1])


@pytest.mark.parametrize("ticks", [False, True], ids=["asleep", "ticking"])
def test_a_deadlock_is_found_beside_threads_that_are_older(ticks, monkeypatch):
    """One that sleeps for long, and one that ticks for ever, might wake the test: they are waited for, but not for ever."""
    monkeypatch.setattr(driver, "MOST_OLDER_TICKS", 100)
    stop = threading.Event()
    older = threading.Thread(target=lambda: [None for _ in iter(lambda: stop.wait(0.001 if ticks else 600), True)])
    older.start()
    never = queue.Queue()

    def deadlock():
        with virtual_time(max_real_wait="500ms"):
            run_in_threads(never.get)[0].join()

    try:
        with pytest.raises(VirtualDeadlock) as failure:
            deadlock()
        assert ("ticked 100 times" in str(failure.value)) is ticks
    finally:
        stop.set()
        older.join()


def test_a_thread_that_waits_beside_a_passing_test_goes_on_waiting():
    """Nothing is ended that a later test may still need."""
    items = queue.Queue()
    with virtual_time():
        threads = run_in_threads(lambda: items.put(items.get() + 1))
        time.sleep(60)
    items.put(1)
    threads[0].join()
    assert items.get() == 2


class SlowlyEnded:
    """Its end takes a while, as that of a connection in a `threading.local` may."""

    def __del__(self):
        until_s = time.thread_time() + 0.01
        while time.thread_time() < until_s:
            pass


def test_a_thread_that_is_off_the_list_but_not_over_is_work(clock):
    """Whoever joins it still waits, and with it the test: time does not pass meanwhile."""
    own = threading.local()

    def work():
        own.value = SlowlyEnded()

    def start_and_join():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    beside = threading.Thread(target=start_and_join)
    beside.start()
    beside.join(timeout=1000)
    assert clock.now == 0


def test_where_the_system_shows_no_threads_they_are_counted(clock, monkeypatch):
    """One that is off the list of threads is told by the interpreter's count, and waited for, but not for ever."""
    monkeypatch.setattr(unlisted, "is_supported", lambda: False)
    monkeypatch.setattr(unlisted, "_running_unlisted", lambda: 1)
    looking = unlisted.Unlisted()
    assert list(looking.at_work([])) == []
    monkeypatch.setattr(unlisted, "_running_unlisted", lambda: 2)
    monkeypatch.setattr(clock.mover.activity, "_unlisted", looking)
    assert clock.mover.activity.find_work(()) is unlisted.ENDING
    clock.mover.activity.ignored.add(unlisted.ENDING.key)
    assert clock.mover.activity.find_work(()) is not unlisted.ENDING


def test_a_thread_that_is_being_started_is_work(clock, monkeypatch):
    """It is in no system call yet, and who starts it waits: seen by any of the two looks, it is waited for."""
    looking, unborn, main = clock.mover.activity, threading.Thread(), threading.main_thread()
    looking.ignored.add(unlisted.ENDING.key)
    everybody, me = threading.enumerate, threading.get_ident()
    for lists in ([[main, unborn]] * 2, [[main], [main, unborn]]):
        listed = iter(lists)
        seen_by = {me: listed.__next__}
        monkeypatch.setattr(
            threading, "enumerate", partial(lambda seen: seen.get(threading.get_ident(), everybody)(), seen_by)
        )
        assert looking.find_work(()) is not None


def test_the_clock_stands_still_for_a_start_that_began_during_the_look(clock, monkeypatch):
    """Who starts a thread is parked, and the thread may not be there yet."""

    def look(*_who, **_how):
        clock.starting.add(0)

    monkeypatch.setattr(clock.mover.activity, "find_work", look)
    assert clock.mover._move(Waiter(5)) is False
    assert clock.now == 0
    clock.starting.clear()


def test_the_clock_stands_still_for_who_comes_to_its_lists_or_leaves_them(clock, monkeypatch):
    """A thread that waits for the lists' own lock looks parked, and is about to wait for an earlier instant."""
    for look in ("find_work", "find_ticking"):
        monkeypatch.setattr(clock.mover.activity, look, lambda *_who, **_how: None)
    clock.entering.add(0)
    assert clock.mover._move(Waiter(5)) is False
    clock.entering.clear()
    with pytest.raises(VirtualDeadlock):
        clock.mover._move(Waiter(5))  # it is on no list: nobody waits for an instant


def test_a_notice_that_has_been_taken_is_still_input(clock, monkeypatch):
    """Who was notified may have taken its notice, and not yet have told that it waits no longer."""
    condition, seen = threading.Condition(), []

    def keep(_timeout, attempt, *, has_input):
        seen.append(has_input())
        condition.notify()
        seen.append(has_input())
        assert attempt(1)
        seen.append(has_input())
        return True

    monkeypatch.setattr(Waits, "keep", lambda _self, *args, **keywords: keep(*args, **keywords))
    with condition:
        monkeypatch.setattr(condition, "_release_save", lambda: None)
        monkeypatch.setattr(condition, "_acquire_restore", lambda _saved: None)
        assert condition.wait(timeout=60)
    assert seen == [False, True, True]


@pytest.mark.parametrize(
    "wait", [lambda lock, _items: lock.acquire(timeout=60), lambda _lock, items: items.get(timeout=60)]
)
def test_what_leaves_no_trace_is_taken_while_nobody_can_move_the_clock(clock, wait, monkeypatch):
    """A lock, or an item: taken and off the list of those that wait in one step."""
    lock, items, seen = threading.Lock(), queue.SimpleQueue(), []
    lock.acquire()
    take = driver.Driver._forget

    def forget(mover, waiter):
        seen.append((clock.guard._is_owned(), waiter.is_due, waiter in clock.waiting))
        take(mover, waiter)

    monkeypatch.setattr(driver.Driver, "_forget", forget)
    beside = run_in_threads(lambda: (time.sleep(5), lock.release(), items.put(1)))
    assert wait(lock, items)
    assert clock.now == 5
    assert (True, False, True) in seen
    [thread.join() for thread in beside]


def test_a_timer_that_rings_late_is_nobody_to_wait_for(clock, monkeypatch):
    """pytest-timeout's thread, older than the test, keeps no deadlock from being told at once."""
    looking, timer = clock.mover.activity, threading.Timer(60, int)
    monkeypatch.setattr(timer, "_native_id", threading.get_native_id(), raising=False)
    monkeypatch.setattr(looking, "_others", lambda _waiting: [timer])
    monkeypatch.setattr(activity, "read_call", lambda *_who, **_how: "running")
    assert looking.find_ticking(()) is None
    timer.interval = 1
    assert looking.find_ticking(()) is not None


def test_a_thread_is_not_older_by_the_number_of_one_that_has_ended(clock):
    """The system soon gives the number of a thread that has ended to a new one."""
    go = threading.Event()
    [ended] = run_in_threads(int)
    ended.join()
    [young] = run_in_threads(go.wait)
    clock.mover.activity._older[young.ident] = ended
    assert not clock.mover.is_older(young.ident)
    clock.mover.activity._older[young.ident] = young
    assert clock.mover.is_older(young.ident)
    clock.mover.activity._older.clear()
    go.set()
    young.join()


def test_a_thread_made_without_threading_is_waited_for_until_it_runs():
    """However long the machine takes to begin with it, the clock does not move before."""
    clock = VirtualClock()
    begun = noted_births(clock)[0]
    held, ran = [], []
    begun.real = lambda run, *arguments: held.append((run, *arguments)) or 1
    assert begun.substitute(ran.append, (5,)) == 1
    assert len(clock.starting) == 1
    ((run, arguments),) = held
    run(*arguments)
    assert (ran, clock.starting) == ([5], set())


def test_what_does_not_start_is_not_waited_for():
    """The refusals of `start_new_thread` stay its own."""
    with virtual_time() as clock:
        for wrong in [(None, ()), (print, 5), (print,)]:
            with pytest.raises(TypeError):
                _thread.start_new_thread(*wrong)
        assert not clock.starting


def test_threads_made_without_threading_keep_virtual_time(clock):
    """They sleep and wake others like any thread."""
    done = threading.Event()

    def wake():
        time.sleep(10)
        done.set()

    _thread.start_new_thread(wake, ())
    assert done.wait(60)
    assert clock.now == 10


def wait_in_vain():
    threading.Event().wait()


@pytest.mark.filterwarnings("ignore:The executor did not finish")  # of asyncio since 3.12, at the end of the run
@pytest.mark.parametrize("wait", [wait_in_vain, threading.Event().wait], ids=["function", "method"])
def test_a_deadlock_of_tasks_names_the_threads_of_the_test(wait):
    """What a task waits for in vain may be a function in a thread: it is named with its line, not with one of ours."""

    async def ask():
        await asyncio.to_thread(wait)

    with pytest.raises(VirtualDeadlock) as found, virtual_time():
        asyncio.run(ask())
    place = r"wait_in_vain \(test_clock_threads.py" if wait is wait_in_vain else r"Event.wait \(threading.py"
    listed = str(found.value).splitlines()[1:]
    assert re.fullmatch(r"  Task-\d+: .*ask \(test_clock_threads.py:\d+\)", listed[0])
    assert re.fullmatch(rf"  thread 'asyncio_0': {place}:\d+\)", listed[-1])
