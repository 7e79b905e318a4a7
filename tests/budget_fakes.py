"""A latency meter whose machine is quiet and whose calls say themselves how long they took."""

from __future__ import annotations

from itertools import count

from pytest_toolcheck.budgets import measure_time
from pytest_toolcheck.budgets.latency import SPUN_SHARE, TimedCall
from pytest_toolcheck.budgets.verdict import Sample

NS_A_BLOCK = 1_000_000


class QuietMeter:
    """Stands in for LatencyMeter: a call's result is its duration in ns (or `duration_of` tells)."""

    spin_ns = 270_000

    computed_ns = 0

    def __init__(self, process_ids=(), *, duration_of=None, reference_ns=None, is_elsewhere=False):
        self._duration_of = duration_of or (lambda result: result)

    def block(self, call, *, most=64, in_quiet=True):
        result = call()
        wall = self._duration_of(result)
        more = (self.spin_ns,) * round(SPUN_SHARE * wall / self.spin_ns)
        return [TimedCall(Sample(wall, 0, self.spin_ns, self.spin_ns, 270_000, 0, more), result)]

    def forget(self):
        pass

    def notes(self):
        return ("measured by a fake",)


class NoisyMeter(QuietMeter):
    """Every spin is slowed."""

    spin_ns = 400_000


def use_fake_meter(monkeypatch, meter=QuietMeter):
    """Measure latency by a fake, without pauses; return the list of the pauses that would have been made.

    A block of calls takes a millisecond of the patience, however busy the machine is.
    """
    pauses = []
    monkeypatch.setattr(measure_time, "wall_ns", count(step=NS_A_BLOCK).__next__)
    monkeypatch.setattr(measure_time, "LatencyMeter", meter)
    monkeypatch.setattr(measure_time, "_sleep", pauses.append)
    return pauses
