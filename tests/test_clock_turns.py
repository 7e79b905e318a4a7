"""Whose turn it is in a TCP connection: how long virtual time stands still for another process' answer."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys

import pytest

from pytest_toolcheck.clock import syscalls, turns, virtual_time

pytestmark = pytest.mark.skipif(not syscalls.is_supported(), reason="this system does not say what its sockets do")


@pytest.fixture(name="ends")
def _ends():
    """Both ends of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        near = socket.create_connection(listening.getsockname())
        far, _ = listening.accept()
        with near, far:
            yield near, far


def info_at(connection: socket.socket, *, ms: int) -> bytes:
    """What the kernel says of a connection that has sent and received within one tick, so long ago."""
    info = bytearray(turns.read_info(connection))
    for stamp in (turns._LAST_SENT, turns._LAST_RECEIVED):
        struct.pack_into("=I", info, stamp, ms)
    return bytes(info)


def has_sent_last(connection: socket.socket, *, ms: int) -> bool:
    return turns.has_sent_last(info_at(connection, ms=ms), os.fstat(connection.fileno()).st_ino)


def test_who_never_received_anything_has_sent_last(ends):
    """A request sent in the moment of connecting is not answered by the passing of fifty milliseconds."""
    near, _far = ends
    assert not has_sent_last(near, ms=1000)  # nothing sent: the peer may greet, or not
    near.sendall(b"question")
    assert has_sent_last(near, ms=4000)


def test_a_request_right_after_an_answer_is_the_later_one(ends):
    """On a connection that is kept alive, the next request follows within the kernel's tick."""
    near, far = ends
    with virtual_time():
        near.sendall(b"question")
        far.recv(100)
        far.sendall(b"answer")
        near.recv(100)
        assert not has_sent_last(near, ms=10)
        near.sendall(b"next question")
        assert has_sent_last(near, ms=1000)
        assert not has_sent_last(near, ms=turns._SAME_TURN_MS)  # it may have been an acknowledgement


def test_what_was_read_unseen_is_told_by_time_alone(ends):
    """C code reads past us: then it is known only that the last two messages lie within one tick."""
    near, far = ends
    near.sendall(b"question")
    far.sendall(b"answer")
    os.read(near.fileno(), 100)
    assert has_sent_last(near, ms=10)
    assert not has_sent_last(near, ms=1000)


SERVER = """
import select, socket, sys
with socket.create_server(("127.0.0.1", 0)) as listening:
    print(listening.getsockname()[1], flush=True)
    while not select.select([listening], [], [], 0.02)[0]:
        pass
    connection, _ = listening.accept()
    while True:
        while not select.select([connection], [], [], 0.02)[0]:
            pass
        if not connection.recv(100):
            break
        sum(range(3_000_000))
        connection.sendall(b"answer")
"""


def test_a_ticking_server_that_was_waited_for_in_vain_is_waited_for_at_work(monkeypatch):
    """Virtual time gives up on a child that only looks around, not on what the same child does when it is asked."""
    monkeypatch.setattr("pytest_toolcheck.clock.children.POLLING_PATIENCE", 0.005)
    monkeypatch.setattr("pytest_toolcheck.clock.blocking.awaited_answer", lambda _descriptors: "")
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as child:
        try:
            port = int(child.stdout.readline())
            connecting = socket.create_connection(("127.0.0.1", port), timeout=0.1)
            with connecting as connection, virtual_time(max_real_wait="30s") as clock:
                clock.sleep(3600)  # the child ticks, and is waited for no more
                for _ in range(3):
                    connection.sendall(b"question")
                    assert connection.recv(100) == b"answer"
                assert clock.now == 3600
        finally:
            child.kill()


IN_TWO_PARTS = """
import socket
with socket.create_server(("127.0.0.1", 0)) as listening:
    print(listening.getsockname()[1], flush=True)
    connection, _ = listening.accept()
    while connection.recv(100):
        connection.sendall(b"head")
        connection.sendall(b"body")
"""


def test_the_second_part_of_an_answer_is_not_held_back():
    """A server's kernel keeps it until the first is acknowledged, and ours would do that 40 ms later: nobody is at work then."""
    with subprocess.Popen([sys.executable, "-c", IN_TWO_PARTS], stdout=subprocess.PIPE, text=True) as child:
        try:
            connecting = socket.create_connection(("127.0.0.1", int(child.stdout.readline())), timeout=0.03)
            with connecting as connection, virtual_time() as clock:
                for _ in range(20):
                    connection.sendall(b"question")
                    assert connection.recv(4) + connection.recv(4) == b"headbody"
                assert clock.now == 0
        finally:
            child.kill()
