"""The reference workload: what a machine was worth when something was measured on it."""

from __future__ import annotations

import statistics

from .clocks import thread_cpu_ns
from .latency import spin

SPINS = 60
SPINS_BESIDE = 20
"""So many are enough beside each batch of calls, of which there are several."""


def reference_workload_ns(spins: int = SPINS) -> int:
    """Return the median CPU time of the calibration loop, ns: CPU time under load is nearly that of an idle machine."""
    took = []
    for _ in range(spins):
        start = thread_cpu_ns()
        spin()
        took.append(thread_cpu_ns() - start)
    return round(statistics.median(took))
