"""Whether this process has children is one question to the system, whose answer is that of the whole list."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from pytest_toolcheck.budgets import processes
from pytest_toolcheck.budgets.processes import process_tree

CHILDREN = """
import ctypes, os, subprocess, sys
from pytest_toolcheck.budgets.processes import _may_have_children_here, descendants_here

def told():
    return [int(_may_have_children_here()), len(descendants_here())]

found = [told()]
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
found.append(told())
child.stdin.close()
os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and not asked for yet
found.append(told())
child.wait()
found.append(told())
reading, writing = os.pipe()
silent = ctypes.CDLL(None).syscall({"x86_64": 56, "aarch64": 220}[os.uname().machine], 0, 0, 0, 0, 0)  # clone, without a signal
if silent == 0:
    os.close(writing)
    os.read(reading, 1)
    os._exit(0)
found.append(told())
os.close(writing)
os.waitpid(silent, 0x40000000)
print(found + [told()])
"""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="system calls by their numbers"
)
def test_children_of_any_kind_are_seen():
    """None, one that lives, one that has ended, and one that would not tell its end."""
    run = subprocess.run([sys.executable, "-c", CHILDREN], capture_output=True, text=True, check=True)
    assert run.stdout == "[[0, 0], [1, 1], [1, 1], [0, 0], [1, 1], [0, 0]]\n"


@pytest.fixture
def listed(monkeypatch):
    """The process ids whose threads were listed."""
    asked: list[int] = []
    monkeypatch.setattr(processes, "thread_ids", lambda pid: asked.append(pid) or [])
    return asked


def refuse(error):
    def waitid(*_):
        raise error

    return waitid


def test_without_children_no_thread_is_asked(monkeypatch, listed):
    """That there are none needs no list of this process's threads; other processes are asked as ever."""
    monkeypatch.setattr(os, "waitid", refuse(ChildProcessError), raising=False)
    assert process_tree([os.getpid()]) == (os.getpid(),)
    assert listed == []
    process_tree([os.getppid()])
    assert listed[:1] == [os.getppid()]


def test_where_the_question_is_not_understood_threads_are_asked(monkeypatch, listed):
    """A system that refuses it, or has none like it, tells by the list."""
    monkeypatch.setattr(os, "waitid", refuse(OSError), raising=False)
    process_tree([os.getpid()])
    monkeypatch.delattr(os, "waitid")
    process_tree([os.getpid()])
    assert listed == [os.getpid()] * 2
