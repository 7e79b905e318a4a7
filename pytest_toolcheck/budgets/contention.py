"""Whether others use the machine's memory, which slows what lives in memory and neither shows in a calibration spin nor as a wait.

Beside loops that sweep memory a copy of 8 MiB took 1.1 to 2.6 times its CPU time, walks through lists and dicts 1.1 to
5.7 times, parsing 1.1 to 1.4 times, the spin 1.02 times at most (measured). So copies, and cells that lie at random
(`caches.py`), tell that memory is slow just now, and not whether that is anything to the tool. It is to what touches more than
its processor's own cache holds (`touched.py`), or is not known to touch less; of what touches little, to calls that vary.
Looking pushes the tool's data out of the caches, so it is not done between short calls, but when a stage has failed, after
the pauses, and between long calls.
"""

from __future__ import annotations

import mmap
import statistics
import time
from collections.abc import Callable, Sequence

from .caches import Caches
from .clocks import thread_cpu_ns, wall_ns
from .cores import SpinsBeside, core_is_slow, cores
from .cpu import CpuMeter, children_here_ns, has_process_clocks, process_clock_ns
from .latency import LatencyMeter, session_reference_ns
from .processes import process_tree
from .touched import touched_of, touches_little
from .verdict import ConfirmedVerdict

COPIED_BYTES = 8 * 2**20
COPIES = 5
REFERENCE_MOMENTS = 4
APART_S = 0.002
LONG_NS = 10_000_000
"""Calls of this length are not slower for a copy before them."""
NOTED_EVERY_NS = 200_000_000
"""Looking takes longer than a call of that length."""
JUDGING_BYTES = 256 * 1024
"""What rules touch that are fed between the calls of a stage: with `MEASURING_BYTES` 0.4 to 0.7 MiB (measured)."""
ARGUMENTS_BYTES = 256 * 1024
"""What any call with arguments touches beyond one without: with `MEASURING_BYTES` up to 0.57 MiB, little of each page (measured)."""
SLOWEST_LONG = 6.0
"""No call of `LONG_NS` or more was seen to take more times as long (5.1: dicts of 2 MiB walked through 40 times beside ten others,
on two processors of one core; child processes of Python 2.0). Short ones are when all is pushed out before each."""
RECENT_NS = 5_000_000_000
"""Neighbours come and go: so long after they pushed anything out of the caches a fail may be theirs."""
_sleep = time.sleep


class Blocks:
    """Two blocks of memory to copy from one to the other. They are no business of malloc, whose state is the tool's."""

    def __init__(self) -> None:
        self._source, self._target = (memoryview(mmap.mmap(-1, COPIED_BYTES)) for _ in range(2))
        for block in (self._source, self._target):
            block[:: mmap.PAGESIZE] = b"1" * (COPIED_BYTES // mmap.PAGESIZE)  # until written to, pages are none

    def copy_ns(self) -> list[int]:
        """Return the CPU times of some copies, ns, the shortest first."""
        return sorted(self._copy_ns() for _ in range(COPIES))

    def _copy_ns(self) -> int:
        start = thread_cpu_ns()
        self._target[:] = self._source
        return thread_cpu_ns() - start


class Contention:
    """Says how many times slower memory is than at the best moment of this process."""

    def __init__(self) -> None:
        self._best_ns = 0
        self._noted: list[float] = []
        self._blocks: Blocks | None = None
        self._caches: Caches | None = None
        self._pushed_out: list[tuple[int, float]] = []

    def begin(self) -> None:
        """Take the reference, once, and forget what was noted. Where there is no room for it nothing will tell."""
        self._noted = []
        if self._blocks is not None:
            return
        try:
            self._blocks = Blocks()
        except (OSError, ValueError):
            return
        for _ in range(REFERENCE_MOMENTS):
            self._slow_down()
            _sleep(APART_S)

    def note(self, took_ns: int = LONG_NS) -> None:
        """Look between calls that took so long, where that does not disturb them."""
        if took_ns >= LONG_NS:
            self._noted.append(self._slow_down())
            self._look_at_caches()

    def slow_down(self) -> float:
        """Return how slow memory is now, or was usually since this was asked last if that is more; 1 where nothing tells."""
        noted, self._noted = self._noted, []
        return max(self._slow_down(), statistics.median(noted) if noted else 1.0)

    def slow_down_of_caches(self) -> float:
        """Return how much slower what lives in shared caches was of late, at the worst; 1 where they were quiet."""
        self._look_at_caches()
        since = wall_ns() - RECENT_NS
        self._pushed_out = [found for found in self._pushed_out if found[0] > since]
        return max((factor for _, factor in self._pushed_out), default=1.0)

    def _look_at_caches(self) -> None:
        if self._blocks is None:
            return
        if self._caches is None:
            self._caches = Caches()
        self._pushed_out.append((wall_ns(), self._caches.slow_down()))

    def _slow_down(self) -> float:
        if self._blocks is None:
            return 1.0
        took = self._blocks.copy_ns()
        best = took[COPIES // 4]
        if not best:  # a clock too coarse for a copy
            return 1.0
        self._best_ns = min(self._best_ns or best, best)
        return took[COPIES // 2] / self._best_ns


memory_contention = Contention()


def slow_down_of(touched_bytes: int | None) -> float:
    """Return how much slower than on a quiet machine what touched so much may have been of late; 1 of what touches little."""
    if touches_little(touched_bytes):
        return 1.0
    memory_contention.begin()
    return max(memory_contention.slow_down(), memory_contention.slow_down_of_caches())


def of_long(slow_down: float, computed_ns: float) -> float:
    """Return how much slower a call that computes so long may be, where calls of any length may be so much slower."""
    return min(slow_down, SLOWEST_LONG) if computed_ns >= LONG_NS else slow_down


def by_share(slow_down: float, computed_ns: float, spent_ns: float) -> float:
    """Return how much slower a call is that computes for a part of its time, when only that part is so much slower."""
    share = min(computed_ns / max(spent_ns, 1), 1.0)
    return 1 / (1 - share * (1 - 1 / slow_down))


class Doubts:
    """Asks of rules whose stage has just failed whether slow memory explains it, by what of their time calls may spend there.

    `process_ids` serve the calls; empty where that is this process. `computed_ns` says what calls have computed here so far,
    where their time on the wall clock is judged: what of it nobody computes they sleep or wait. `idle` makes a call that
    does nothing; `is_elsewhere` says that nobody knows who serves the calls.
    """

    def __init__(
        self,
        process_ids: Sequence[int] = (),
        *,
        computed_ns: Callable[[], int] | None = None,
        idle: Callable[[], object] | None = None,
        probe: Callable[[], object] | None = None,
        is_elsewhere: bool = False,
    ) -> None:
        memory_contention.begin()
        if computed_ns is not None:  # whose meter has taken the reference as well; CPU time needs none to be kept
            cores.begin()
        self._process_ids, self._probe = tuple(process_ids), probe
        self._computed_here_ns, self._is_elsewhere = computed_ns, is_elsewhere
        self._touched = touched_of(process_ids, idle, by=CpuMeter if computed_ns is None else LatencyMeter)
        self._is_confirming = self._touch_little = False
        self._next_ns = 0
        self._beside = SpinsBeside() if computed_ns is None else None
        self._reference_ns = 0
        self._calls, self._called_ns, self._computed_ns = 0, 0, self._computed()

    def begin_stage(self) -> None:
        """Look once the pause before a stage is over, and begin to count what its calls touch."""
        memory_contention.note()
        self._is_confirming = True
        self._touched.begin()

    def look(self, rules: Sequence[ConfirmedVerdict], walls: Sequence[int], *, cost_ns: int = 0) -> None:
        """Take what calls took without what they waited for a processor, once the rules have been fed with them.

        `cost_ns` is the CPU time of the one call, where that is judged.
        """
        self._calls, self._called_ns = self._calls + len(walls), self._called_ns + sum(walls)
        failed = [rule for rule in rules if rule.pause_s or rule.verdict == "fail"]
        if self._beside is None:
            self._reference_ns = max(self._reference_ns, session_reference_ns())
        elif any(rule.stages[-1].over for rule in rules):
            self._beside.spin(cost_ns)
        if failed:
            self._doubt(failed)
        elif min(walls) >= LONG_NS and wall_ns() > self._next_ns and any(rule.stages[-1].over for rule in rules):
            self._next_ns = wall_ns() + NOTED_EVERY_NS
            with self._touched.aside():
                memory_contention.note(min(walls))

    def _doubt(self, failed: Sequence[ConfirmedVerdict]) -> None:
        """Take slow caches into account from the second stage on: what calls touch is known only then, and a fail needs three.

        One stage whose calls touched little tells it of all: a collection of garbage in another touches all objects.
        """
        self._touch_little |= self._is_confirming and touches_little(self._touched.end(), beside_bytes=JUDGING_BYTES)
        slow_down, caches = memory_contention.slow_down(), memory_contention.slow_down_of_caches()
        if self._is_confirming and not self._touch_little and self._probe and caches > slow_down:
            self._touch_little = touches_little(self._touched.of(self._probe), beside_bytes=ARGUMENTS_BYTES)
        lives_in_memory = self._is_confirming and not self._touch_little
        if lives_in_memory:
            slow_down = max(slow_down, caches)
        computed_ns = self._computed() - self._computed_ns
        slow_down = self._of_calls(of_long(slow_down, self._usually_computed_ns(failed, computed_ns)), computed_ns)
        of_way = self._of_way(computed_ns) if self._touch_little else 1.0
        core = self._of_calls(self._of_core(computed_ns), computed_ns)
        self._reference_ns = 0
        for rule in failed:
            slows_each = lives_in_memory or of_way > slow_down
            if not rule.doubt(max(slow_down, of_way), slows_each=slows_each):
                rule.doubt(core, slows_each=True, because=core_is_slow)
        self._calls, self._called_ns, self._computed_ns = 0, 0, self._computed()

    def _of_core(self, of_children_ns: int) -> float:
        """Return how much slower others on the same core may have made the calls; 1 of calls here that cost the same whatever it does."""
        if self._beside is None:
            return cores.slow_down(self._reference_ns)
        is_steady = not self._process_ids and not of_children_ns and self._beside.calls_are_steady()
        spun_ns = self._beside.take_ns()
        return 1.0 if is_steady else cores.slow_down(spun_ns)

    def _of_way(self, computed_ns: int) -> float:
        """Return how much slower a call is whose way to a tool that touches little, and back, others push out of the caches."""
        if not self._touched.way_ns:
            return 1.0
        spent_ns = self._called_ns if self._computed_here_ns is not None else computed_ns
        return by_share(memory_contention.slow_down_of_caches(), self._touched.way_ns * self._calls, spent_ns)

    def _of_calls(self, slow_down: float, computed_ns: int) -> float:
        if self._computed_here_ns is None or not self._is_told:
            return slow_down
        return by_share(slow_down, computed_ns, self._called_ns)

    def _usually_computed_ns(self, failed: Sequence[ConfirmedVerdict], computed_ns: int) -> float:
        """Return what a call of the stage that has failed computes; 0 where nobody tells."""
        if self._computed_here_ns is not None:
            return computed_ns / max(self._calls, 1) if self._is_told else 0.0
        rule = failed[0]
        return statistics.median(rule.stages[-1 if rule.verdict else -2].values)

    @property
    def _is_told(self) -> bool:
        return not self._is_elsewhere and (not self._process_ids or has_process_clocks())

    def _computed(self) -> int:
        """Return what calls have computed so far here, and those that serve them or are run by them all in all, ns."""
        here_ns = self._computed_here_ns() if self._computed_here_ns else 0
        if not self._process_ids:
            return here_ns + children_here_ns()
        if not has_process_clocks():
            return here_ns
        return here_ns + sum(process_clock_ns(pid) or 0 for pid in process_tree(self._process_ids))
