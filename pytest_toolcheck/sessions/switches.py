"""When threads take turns, while sessions are asked for at once."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Final

_NEVER_S: Final = 5.0


@contextlib.contextmanager
def no_chance_switches() -> Iterator[None]:
    """Let threads take turns only where they wait: not by the interpreter's clock, nor while they ask for random numbers."""
    import random

    def from_memory(size: int) -> bytes:
        return numbers.randbytes(size)

    interval_s, asked, asked_by_random = sys.getswitchinterval(), os.urandom, vars(random)["_urandom"]
    numbers = random.Random(asked(16))
    sys.setswitchinterval(_NEVER_S)
    os.urandom = vars(random)["_urandom"] = from_memory  # uuid4 and secrets: a system call, which lets others run
    try:
        yield
    finally:
        os.urandom, vars(random)["_urandom"] = asked, asked_by_random
        sys.setswitchinterval(interval_s)
