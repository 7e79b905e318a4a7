"""One call with what the machine did to it, and what of that spoils it."""

from __future__ import annotations

from dataclasses import dataclass

DELAY_SHARE = 0.02
"""A call that waited for a processor longer than this share of its wall time is not used."""
DELAY_FLOOR_NS = 5_000
SPIN_TOLERANCE = 1.10
"""A call beside a calibration spin this many times slower than the reference is not used."""
USUAL_DRIFT = 1.05
"""A reference is one of the machine's faster moments; so much slower is usual, and no excuse for a call."""
LEAST_COST_MARGIN = 1.20
"""A disturbed call is over the budget only where the least that it can have cost is over it by this factor: what took the
processor from it took the caches as well, and no spin shows what that costs it (up to 1.14 measured of all calls)."""
LEAST_COST_MARGIN_UNSPUN = 1.5
"""The same where no spin tells how much the machine has slowed down."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One call, in ns: its time, how long it waited for a processor, and the calibration spins on either side of it.

    0 (or None for the delay) stands for what could not be measured (no /proc, CPU time): the gate that needs it is
    then open. A run-queue delay or a reference of 0 says nothing is known to be wrong.
    """

    wall_ns: int
    run_delay_ns: int | None = 0
    spin_before_ns: int = 0
    spin_after_ns: int = 0
    spin_reference_ns: int = 0
    spin_delay_ns: int | None = None
    """How long the spin after the call waited for a processor; None: not known."""
    more_spins_ns: tuple[int, ...] = ()
    """Further spins after a long call, one in many calls says little. Without those known to have waited, where all waits are told."""
    tells_waits: bool = True
    """False where some waits are not told of: of ended processes, or after a sleep where only switches are counted."""
    computed_ns: int | None = None
    """What those who served it have computed meanwhile; None: not known."""
    wakings: int = 0
    """How often a thread of theirs began to run meanwhile."""


def slow_down(sample: Sample, reference_ns: int) -> float:
    """Return how many times slower than the reference the spins beside a call were; 1 where that is not known."""
    spin_ns = max(sample.spin_before_ns, sample.spin_after_ns)
    return max(spin_ns / reference_ns, 1.0) if reference_ns else 1.0


def drift(sample: Sample, reference_ns: int) -> float:
    """Return by how much more than `USUAL_DRIFT` a machine is slower than its reference just now; 1 where it is not."""
    return max(slow_down(sample, reference_ns) / USUAL_DRIFT, 1.0)


def least_cost_ns(sample: Sample, reference_ns: int) -> tuple[int, float]:
    """Return the least that a call can have cost undisturbed, and the factor by which that may still be too much."""
    own_ns = max(sample.wall_ns - (sample.run_delay_ns or 0), 0)
    margin = LEAST_COST_MARGIN if reference_ns else LEAST_COST_MARGIN_UNSPUN
    return round(own_ns / _slow_down_of_machine(sample, reference_ns)), margin


def _slow_down_of_machine(sample: Sample, reference_ns: int) -> float:
    """Return the slow-down of the spins without what they are known to have waited, which is the call's no more than theirs."""
    if sample.spin_delay_ns is None or not reference_ns:
        return slow_down(sample, reference_ns)
    own_ns = sample.spin_after_ns - sample.spin_delay_ns
    usual_ns = sorted(sample.more_spins_ns)[len(sample.more_spins_ns) // 2] if sample.more_spins_ns else 0
    return max(own_ns / reference_ns, usual_ns / reference_ns, 1.0)


def disturbance(sample: Sample, reference_ns: int) -> str | None:
    """Return why the machine spoilt this call, or None."""
    if has_waited(sample):
        return "waited for a processor"
    return "machine slowed down" if slow_down(sample, reference_ns) > SPIN_TOLERANCE else None


def has_waited(sample: Sample) -> bool:
    """Whether the call waited for a processor for so long that it is not used."""
    return (sample.run_delay_ns or 0) > max(DELAY_SHARE * sample.wall_ns, DELAY_FLOOR_NS)
