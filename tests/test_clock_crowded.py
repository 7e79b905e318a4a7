"""Virtual time in a process where much else is going on: what a jump of the clock costs there, in things looked at."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import threading
import time
from contextlib import suppress

import pytest

from pytest_toolcheck.clock import activity, children, descriptors, sockets, syscalls, turns, virtual_time

pytestmark = pytest.mark.skipif(not syscalls.is_supported(), reason="this system does not say what its threads do")


@pytest.fixture(name="parked")
def _parked():
    """Fifty threads that wait for nobody in particular."""
    stop = threading.Event()
    threads = [threading.Thread(target=stop.wait) for _ in range(50)]
    [thread.start() for thread in threads]
    yield {thread.native_id for thread in threads}
    stop.set()
    [thread.join() for thread in threads]


@pytest.fixture(name="read")
def _read(monkeypatch):
    """The files of /proc that are read."""
    paths, real = [], syscalls.read_text
    for module in (syscalls, children):
        monkeypatch.setattr(module, "read_text", lambda path: paths.append(path) or real(path))
    return paths


def test_a_thread_that_has_not_run_is_asked_for_its_state_alone(parked, read):
    """Its system call is read once; from then on one small file a jump, and the clock of its processor time."""
    with virtual_time():
        time.sleep(1)
        read.clear()
        for _ in range(5):
            time.sleep(1)
    of_parked = [path for path in read if not parked.isdisjoint(map(int, re.findall(r"/task/(\d+)/", path)))]
    assert {path.rpartition("/")[2] for path in of_parked} == {"stat"}
    assert len(of_parked) == 5 * len(parked)


def test_a_thread_that_has_run_is_read_anew():
    """What it waits for may be something else by now: the clock stands still while it is at work."""
    go, real_s = threading.Event(), []

    def wait_then_work():
        go.wait()
        began = time.thread_time()
        while time.thread_time() - began < 0.05:
            pass
        real_s.append(clock.now)

    with virtual_time() as clock:
        thread = threading.Thread(target=wait_then_work)
        thread.start()
        time.sleep(1)
        go.set()
        time.sleep(1)
        thread.join()
    assert real_s == [1]


def test_entering_waits_for_no_thread_that_only_accepts_connections(monkeypatch):
    """Plugins leave servers behind that wait for a caller: that is no reason to wait a real moment for them."""
    moments = []
    monkeypatch.setattr(activity, "let_others_run", lambda: moments.append(1))
    with socket.create_server(("127.0.0.1", 0)) as server:
        older, everybody = set(threading.enumerate()), threading.enumerate
        monkeypatch.setattr(threading, "enumerate", lambda: [t for t in everybody() if t not in older])
        thread = threading.Thread(target=lambda: server.accept()[0].close())
        thread.start()
        while (line := syscalls.read_call("self", thread.native_id)) is None or not line.startswith(
            ("43 ", "288 ", "202 ")
        ):
            pass
        with virtual_time():
            time.sleep(1)
        socket.create_connection(server.getsockname()).close()
        thread.join()
    assert moments == []


def test_descriptors_that_are_no_sockets_are_told_at_once(monkeypatch):
    """Three hundred open files cost a jump nothing but the look at their kind; no copy is made of them."""
    copies, real = [], os.dup
    monkeypatch.setattr(os, "dup", lambda descriptor: copies.append(descriptor) or real(descriptor))
    files = [open(os.devnull) for _ in range(300)]  # noqa: SIM115
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
            sockets.awaited_answer([client.fileno()])
            copies.clear()
            for _ in range(5):
                assert sockets.awaited_answer([client.fileno()]) == ""
        assert len(copies) <= 5
    finally:
        [file.close() for file in files]


def test_an_acknowledgement_within_this_process_is_asked_for(monkeypatch):
    """The kernel would put it off for 40 ms where nothing is answered."""
    unacknowledged = bytearray(turns.INFO_BYTES)
    unacknowledged[0], unacknowledged[turns.UNACKNOWLEDGED] = sockets._ESTABLISHED, 1
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
        server.accept()[0] as accepted,
    ):
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        monkeypatch.setattr(sockets, "read_info", lambda _connection: bytes(unacknowledged))
        assert sockets.awaited_answer([client.fileno()]).startswith("bytes on their way to 127.0.0.1:")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 1


@pytest.mark.parametrize(("state", "doing"), [("R", "running"), ("S", None), ("Z", None)])
def test_a_process_that_is_ending_still_runs(monkeypatch, state, doing):
    """Its call is not shown any more, and whoever waits for its end is not told yet."""

    def read(path):
        if path.endswith("/syscall"):
            raise PermissionError
        return f"7 (child) {state} 1 7 7"

    monkeypatch.setattr(syscalls, "read_text", read)
    assert syscalls.read_call(7, 7) == doing


@pytest.mark.parametrize(("tasks", "parent"), [(["7"], "0"), (["7", "8"], "1")])
def test_a_process_lives_until_its_last_thread_has_ended(monkeypatch, tasks, parent):
    """Its first thread may be over before, and only then is its parent told."""
    monkeypatch.setattr(children, "read_text", lambda _path: "7 (child) Z 1 7 7")
    monkeypatch.setattr(os, "listdir", lambda _path: tasks)
    assert children._parent("7") == parent


@pytest.mark.parametrize("reader", ["another process", "this process"])
def test_who_waits_for_another_process_to_empty_a_pipe_is_at_work(reader):
    """So a worker sends its reports: time must not pass meanwhile. Who reads in this process may wait for time to pass."""
    out, into = os.pipe()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=[out]) as idle:
        if reader == "another process":
            os.close(out)
        thread = threading.Thread(target=_write_in_vain, args=(into,))
        thread.start()
        try:
            while not (line := syscalls.read_call("self", thread.native_id) or "").startswith(("1 ", "64 ")):
                pass
            is_work = activity._may_be_at_work(line) and activity.Activity._is_at_work(line)
        finally:
            idle.kill()
            [os.close(each) for each in (out,) if reader == "this process"]
            thread.join()
            os.close(into)
    assert is_work is (reader == "another process")
    assert descriptors.writes_to_others(line) is False  # nobody has it open any more


def _write_in_vain(into):
    with suppress(BrokenPipeError):
        while True:
            os.write(into, bytes(1 << 16))


def test_who_waits_for_the_kernel_itself_runs(monkeypatch):
    """For a disk, for memory, for the kernel's lock of a pipe: a moment that ends by itself, whatever call it is in."""
    monkeypatch.setattr(syscalls, "read_text", lambda path: "7 (x) D 1" if path.endswith("stat") else "1 0x3 0x0 0x1")
    assert syscalls.read_call(7, 7) == "running"
