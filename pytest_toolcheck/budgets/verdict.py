"""The rule that decides whether a quantile of calls keeps its budget: pure, so that any run can be replayed.

A sample is one call with what the machine did to it. Two gates drop calls that the machine disturbed; a sequential
test (`evidence.py`) counts how many of the rest are over the budget and stops as soon as that proves something, beyond
what interrupted calls without a trace (`interruptions.py`); a
fail has to come three times, 0.1 s and 0.5 s apart, because noise comes in bursts and regressions stay. Disturbance
only adds time, so calls that keep the budget in spite of it prove a pass; and where most calls are over the budget by
the least that each can have cost, waiting and slow-down taken off and a margin left, that is a fail on any machine.
Nothing here reads a clock: `latency.py` and `cpu.py` make the samples, `measure.py` waits.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Literal

from ..units import format_duration
from . import tries
from .evidence import chance_of, log_evidence_above, log_evidence_below
from .grain import ClockGrain
from .interruptions import Interruptions
from .sample import SPIN_TOLERANCE as SPIN_TOLERANCE
from .sample import Sample as Sample
from .sample import has_waited
from .spins import HIDDEN
from .tally import Tally
from .tries import CLEAN_CALLS_FOR_MAX as CLEAN_CALLS_FOR_MAX
from .tries import MISSED, default_max_usable, memory_is_slow, reason_inconclusive
from .tries import default_max_calls as default_max_calls

Verdict = Literal["pass", "fail", "inconclusive"]
Because = Callable[[float], str]

FALSE_ALARM = 1e-4
CONFIRM_AFTER_S = (0.1, 0.5)
"""A fail counts when it comes again after each of these pauses."""
LOWERED = 1.02
"""Calls are counted anew where the reference is less by this factor."""
LEAST_TO_FAIL = 17
"""No stage fails by fewer calls: a tool whose first calls are slow is through with them in the stages that follow."""


class SequentialVerdict:
    """Decide whether `quantile` (0.5 for p50, 1 for max) of calls stays under `budget_ns`, call by call.

    Feed samples until an answer comes. `max_usable` bounds how long calls so near the budget that nothing can be
    shown are tried, `max_calls` how long a machine too noisy is. `gates` False uses every sample (CPU time).
    """

    def __init__(
        self,
        quantile: float,
        budget_ns: int,
        *,
        gates: bool = True,
        max_usable: int | None = None,
        max_calls: int | None = None,
        interruptions: Interruptions | None = None,
    ) -> None:
        if not 0 < quantile <= 1:
            raise ValueError(f"quantile {quantile!r}: expected a number above 0 and up to 1 (0.95 for p95, 1 for max)")
        if budget_ns <= 0:
            raise ValueError(f"budget {budget_ns!r} ns: expected more than 0")
        self.quantile = quantile
        self.budget_ns = budget_ns
        self.max_usable = max_usable or default_max_usable(quantile)
        self.max_calls = max_calls or max(default_max_calls(quantile), self.max_usable)
        self.verdict: Verdict | None = None
        self.is_by_least_cost = False
        """Whether `values` are the least that each call can have cost."""
        self._gates = gates
        self._interruptions = Interruptions() if interruptions is None else interruptions
        self._grain = ClockGrain()
        self._samples: list[Sample] = []
        self._tally = self._counted(0)

    def _counted(self, reference_ns: int) -> Tally:
        """Count all calls so far by this undisturbed spin."""
        tally = Tally(self.quantile, self.budget_ns, reference_ns, self._interruptions, gates=self._gates)
        for sample in self._samples:
            tally.add(sample, tally.disturbance(sample))
        return tally

    @property
    def total(self) -> int:
        """How many calls were made."""
        return len(self._samples)

    @property
    def values(self) -> list[int]:
        """The times of the usable calls, in the order of the calls."""
        return self._tally.values

    @property
    def over(self) -> int:
        """How many of them are over the budget."""
        return self._tally.over

    @property
    def dropped(self) -> Counter[str]:
        """How many calls were not used, by reason."""
        return self._tally.dropped

    @property
    def usable(self) -> int:
        """How many calls were used."""
        return len(self.values)

    def feed(self, sample: Sample) -> Verdict | None:
        """Take one call; return the verdict, or None to go on. Once decided, further calls change nothing."""
        if self.verdict is not None:
            return self.verdict
        self._take(sample)
        if not self.is_clock_too_coarse:
            self.verdict = self._decide()
            if self._gates and self.verdict is None:
                self._judge_all()
        if self.verdict is None and (self.total >= self.max_calls or self._is_near_for_long):
            self.verdict = "inconclusive"
        return self.verdict

    def _take(self, sample: Sample) -> None:
        """Count a call; all anew where the spins show that the undisturbed one is shorter than was known."""
        tally = self._tally
        if self._gates and sample.spin_reference_ns:
            found_ns = self._interruptions.spins.undisturbed_ns(sample.spin_reference_ns)
            if not tally.reference_ns or found_ns * LOWERED < tally.reference_ns:
                self._tally = tally = self._counted(found_ns)
                self._interruptions.judge_again(tally.values)
        reason = tally.disturbance(sample)
        self._note_machine(sample, is_used=reason is None)
        tally.add(sample, reason)
        self._samples.append(sample)

    @property
    def _is_near_for_long(self) -> bool:
        return self.usable >= self.max_usable and not self._is_in_doubt

    @property
    def _is_in_doubt(self) -> bool:
        """Whether the machine may have been slower all the time, and when its reference was taken as well."""
        return self._gates and self._interruptions.spins.leave_doubt(self._tally.reference_ns)

    def explain(self) -> str:
        """Return one line that says what the counts show and why calls were dropped."""
        counts = f"{self.over} of {self.usable} usable calls over the budget ({self.usable} of {self.total} calls used"
        reasons = "".join(f", {count} dropped: {reason}" for reason, count in sorted(self.dropped.items()))
        why = f"; {self.reason_inconclusive()}" if self.verdict == "inconclusive" else ""
        why += tries.BY_LEAST_COST if self.is_by_least_cost else ""
        return f"{self.verdict or 'undecided'}: {counts}{reasons}){why}"

    def reason_inconclusive(self) -> str:
        """Return why no verdict was reached."""
        if self.is_clock_too_coarse:
            step, budget = format_duration(self._grain.step_ns), format_duration(self.budget_ns)
            return f"the clock here goes in steps of {step}: too coarse for a budget of {budget}"
        if self.quantile >= 1 and self.over and self.usable >= self.max_usable:
            return (
                f"{self.over} of {self.usable} usable calls over it are no more than may have been interrupted unseen"
            )
        return reason_inconclusive(self.usable, self.total, self.max_usable)

    @property
    def is_clock_too_coarse(self) -> bool:
        """Whether the clock's steps are too large for this budget: then there is no verdict."""
        return self._gates and self._grain.is_too_coarse_for(self.budget_ns)

    def _decide(self) -> Verdict | None:
        """Count for a fail only calls that are over the budget by more than the spins beside them are slow."""
        is_maximum = self.quantile >= 1
        if self._breaks_maximum() if is_maximum else self._breaks_quantile():
            return "fail"
        return "pass" if self._shows_pass(self.over, self.usable) else None

    def _shows_pass(self, over: int, calls: int) -> bool:
        if self.quantile >= 1:
            return not over and calls >= min(CLEAN_CALLS_FOR_MAX, self.max_usable)
        return log_evidence_below(over, calls, 1 - self.quantile) >= math.log(1 / MISSED)

    def _proves(self, over: int, calls: int, share: float) -> bool:
        return calls >= LEAST_TO_FAIL and log_evidence_above(over, calls, share) >= math.log(1 / FALSE_ALARM)

    def _shows_fail(self, over: int, calls: int, share: float, *, by_ns: int = 0, of_all: bool = False) -> bool:
        """Whether more than `share` of calls go over, `by_ns` at least, and more than that and may be interrupted without a trace."""
        if not self._proves(over, calls, share):
            return False
        unseen = self._interruptions.share_of(self.budget_ns, taking_ns=by_ns, of_all=of_all) if self._gates else 0.0
        excused = share + (1 - share) * unseen
        return not unseen or log_evidence_above(over, calls, round(excused, 3)) >= math.log(1 / tries.INTERRUPTED)

    def _breaks_quantile(self) -> bool:
        is_odd = self._gates and self.quantile <= 0.5 and self.usable < tries.FEWEST_USABLE * self.total
        share = 1 - self.quantile
        if is_odd or not self._proves(self.over, self.usable, share):
            return False
        return self._shows_fail(self._tally.sure_beyond(HIDDEN if self._is_in_doubt else 1.0), self.usable, share)

    def _breaks_maximum(self) -> bool:
        """Whether one usable call or more over the maximum are too many to have been lifted there without a trace."""
        unseen = self._interruptions.share_beyond(self.budget_ns) if self._gates else 0.0
        sure = self._tally.sure_beyond(HIDDEN if self._is_in_doubt else 1.0)
        return sure > 0 and chance_of(sure, self.usable, unseen) <= tries.LIFTED

    def _note_machine(self, sample: Sample, *, is_used: bool) -> None:
        if not self._gates:
            return
        spins = (sample.spin_before_ns, sample.spin_after_ns)
        self._grain.add(sample.wall_ns, spins)
        self._interruptions.add(
            sample.wall_ns,
            has_waited=has_waited(sample) and sample.spin_delay_ns is None,
            spins=spins,
            known_ns=(sample.spin_delay_ns or 0) if sample.tells_waits else 0,
            more=sample.more_spins_ns,
            tells_waits=bool(sample.run_delay_ns) or sample.spin_delay_ns is not None,
            hides_waits=not sample.tells_waits,
            reference_ns=sample.spin_reference_ns,
            is_used=is_used,
        )

    def _judge_all(self) -> None:
        """Decide by all calls, disturbed ones included, where they show that much in spite of it."""
        tally, share = self._tally, max(1 - self.quantile, 0.5)
        if self._shows_pass(tally.over_of_all, self.total):
            self._use_all("pass", tally.all, tally.over_of_all)
        elif self._shows_fail(tally.plain_of_all, self.total, share, by_ns=self.budget_ns, of_all=True) or (
            not self._is_in_doubt and self._shows_fail(tally.sure_of_all, self.total, share, of_all=True)
        ):
            self._use_all("fail", tally.least, tally.sure_of_all, is_by_least_cost=True)
        else:
            for steady in (tally.steady, tally.steady_unwaited):
                if self.verdict is None and self._proves(steady.over, len(steady.least), share) and steady.are_steady:
                    self._use_all("fail", steady.least, steady.over, is_by_least_cost=True)

    def _use_all(self, verdict: Verdict, values: list[int], over: int, *, is_by_least_cost: bool = False) -> None:
        self.verdict, self.is_by_least_cost = verdict, is_by_least_cost
        self._tally.values, self._tally.over = values, over
        self._tally.dropped.clear()


class ConfirmedVerdict:
    """A `SequentialVerdict` whose fail counts only when it comes again after each pause of `CONFIRM_AFTER_S`.

    After every `feed` that returns None, wait `pause_s` before the next call (0.0 while nothing is to be confirmed).
    """

    def __init__(
        self,
        quantile: float,
        budget_ns: int,
        *,
        gates: bool = True,
        max_usable: int | None = None,
        max_calls: int | None = None,
    ) -> None:
        self._gates = gates
        self._max_usable, self._max_calls = max_usable, max_calls
        self.quantile, self.budget_ns = quantile, budget_ns
        self._interruptions = Interruptions()
        self.stages = [self._stage()]
        self.verdict: Verdict | None = None
        self.pause_s = 0.0
        self.excuse = 1.0
        """How much slower calls may have been while the last stage failed that this explains."""
        self._because: Because = memory_is_slow
        self._confirmed = self._doubted = 0

    def _stage(self) -> SequentialVerdict:
        return SequentialVerdict(
            self.quantile,
            self.budget_ns,
            gates=self._gates,
            max_usable=self._max_usable,
            max_calls=self._max_calls,
            interruptions=self._interruptions,
        )

    @property
    def usable(self) -> int:
        """How many calls were used, in all stages."""
        return sum(stage.usable for stage in self.stages)

    @property
    def total(self) -> int:
        """How many calls were made, in all stages."""
        return sum(stage.total for stage in self.stages)

    @property
    def values(self) -> list[int]:
        """The times of the usable calls, in the order of the calls."""
        return [value for stage in self.stages for value in stage.values]

    def feed(self, sample: Sample) -> Verdict | None:
        """Take one call; return the confirmed verdict, or None to wait `pause_s` and go on."""
        self.pause_s = 0.0
        if self.verdict is None:
            answer = self.stages[-1].feed(sample)
            if answer == "fail" and self._confirmed < len(CONFIRM_AFTER_S):
                self._begin_stage(CONFIRM_AFTER_S[self._confirmed])
                self._confirmed += 1
            else:
                self.verdict = answer
        return self.verdict

    def doubt(self, slow_down: float, *, slows_each: bool = False, because: Because = memory_is_slow) -> bool:
        """Say, when a stage has just failed, how much slower others may have made its calls: `contention.py`, `cores.py`.

        Return whether that explains the stage: then it proves nothing, and one more is made in its place, up to
        `MOST_DOUBTED`. It does not where calls hardly vary, unless it slows each alike. `because` says it of a slow-down.
        """
        stage = self.stages[-1 if self.verdict else -2]
        ordered = sorted(stage.values)
        varies = slows_each or ordered[len(ordered) * 3 // 4] > ordered[len(ordered) // 4] * tries.VARIED
        over = sum(value > self.budget_ns * slow_down for value in ordered)
        if slow_down <= SPIN_TOLERANCE or not varies or over > (1 - self.quantile) * len(ordered):
            return False
        self.excuse, self._because, self._doubted = slow_down, because, self._doubted + 1
        if self.verdict is None:
            self._confirmed -= 1
        if self._doubted > tries.MOST_DOUBTED:
            self.verdict, self.pause_s = "inconclusive", 0.0
        elif self.verdict is not None:
            self.verdict = None
            self._begin_stage(CONFIRM_AFTER_S[-1])
        return True

    def _begin_stage(self, pause_s: float) -> None:
        self.pause_s = pause_s
        self.stages.append(self._stage())

    def reason_inconclusive(self) -> str:
        """Return why no verdict was reached, in all stages."""
        if self._doubted:
            return self._because(self.excuse)
        return reason_inconclusive(self.usable, self.total, self.stages[-1].max_usable)

    def explain(self) -> str:
        """Return what every stage showed, one line each."""
        return "\n".join(stage.explain() for stage in self.stages if stage.total)
