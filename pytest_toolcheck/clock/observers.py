"""Whoever measures the test from around it keeps the real clock: pytest's durations, Hypothesis' deadlines.

A virtual minute is not a slow test. pytest has its clocks in one module, made to be replaced; its subtests, and Hypothesis
for its deadline and its health checks, read `time.perf_counter` through the module `time`. These names are private: where
a version has others, its durations are those of the test's clock.
"""

from __future__ import annotations

import sys
import time
import types
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

_PYTEST = "_pytest.timing"
_READERS_OF_TIME = (
    "_pytest.subtests",
    "hypothesis.core",
    "hypothesis.internal.conjecture.engine",
    "hypothesis.internal.conjecture.data",
)


class Observers:
    """Gives the real clocks to the modules that measure a test, while it is on. `real` maps functions of `time`."""

    def __init__(self, real: Mapping[Callable[..., Any], Callable[..., Any]]) -> None:
        self._real = {function.__name__: reader for function, reader in real.items()}
        self._put_back: list[Callable[[], None]] = []

    def on(self) -> None:
        """From now on they read the real clocks."""
        from time_machine import escape_hatch

        self._real |= {"time": escape_hatch.time.time, "time_ns": escape_hatch.time.time_ns}
        self._bind(_PYTEST, {name: self._real[name] for name in ("perf_counter", "time")})
        for module in _READERS_OF_TIME:
            if getattr(sys.modules.get(module), "time", None) is time:
                self._bind(module, {"time": self._real_time()})

    def off(self) -> None:
        """They read whatever clock is in force."""
        while self._put_back:
            self._put_back.pop()()

    def _bind(self, module: str, names: dict[str, Any]) -> None:
        holder: Any = sys.modules.get(module)
        for name, value in names.items():
            if (original := getattr(holder, name, None)) is not None:
                setattr(holder, name, value)
                self._put_back.append(partial(setattr, holder, name, original))

    def _real_time(self) -> types.SimpleNamespace:
        return types.SimpleNamespace(**{**vars(time), **self._real})
