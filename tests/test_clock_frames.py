"""What threads run can be asked for while others start and garbage waits to be collected."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading

import pytest

from pytest_toolcheck.clock.frames import _frames_without_collection, current_frames

LOOKED_AT_WHILE_GARBAGE_WAITS = """
import gc, threading
from pytest_toolcheck.clock.frames import current_frames

class Node: pass

def leave_a_local_in_a_cycle():
    node = Node()
    node.itself, node.kept = node, threading.local()
    node.kept.value = 1

def look():  # each look makes an object of its own frame
    return current_frames()

may_end = threading.Event()
threads = [threading.Thread(target=may_end.wait) for _ in range(5)]
for thread in threads: thread.start()
for allocations in range(1, 30):
    gc.collect()
    gc.set_threshold(0)
    leave_a_local_in_a_cycle()
    gc.set_threshold(gc.get_count()[0] + allocations)
    look()
may_end.set()
print("looked")
"""


def test_a_collection_in_the_midst_of_a_look_hangs_nobody():
    """CPython before 3.11.9 waits for ever for a lock that it holds, if a look begins a collection (gh-106883)."""
    shown = subprocess.run(
        [sys.executable, "-c", LOOKED_AT_WHILE_GARBAGE_WAITS], capture_output=True, text=True, timeout=30, check=False
    )
    assert (shown.stdout, shown.stderr) == ("looked\n", "")


@pytest.mark.parametrize("look", [current_frames, _frames_without_collection])
def test_collecting_is_left_as_it_was(look):
    """Also where the user has switched it off."""
    was_collecting = gc.isenabled()
    try:
        gc.disable()
        assert threading.get_ident() in look()
        assert not gc.isenabled()
        gc.enable()
        assert look()[threading.get_ident()].f_code.co_name in (
            "test_collecting_is_left_as_it_was",
            "_frames_without_collection",
        )
        assert gc.isenabled()
    finally:
        (gc.enable if was_collecting else gc.disable)()
