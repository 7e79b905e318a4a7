"""How much work something is, counted: a test that it is not too much holds on every machine."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any


def function_calls(action: Callable[[], Any]) -> int:
    """Return how many Python functions were called: the same on every machine, and whatever else there is to be collected."""
    count = 0

    def observe(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal count
        count += event == "call"

    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()
    sys.setprofile(observe)
    try:
        action()
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()
    return count
