"""What a run does with baselines: compares results with the one that was asked for, and keeps its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from ..events import current, read_events
from .baseline import Baseline, Comparison, Machine, compare, load_baseline, save_baseline
from .reference import reference_workload_ns
from .results import BudgetResult

MOMENTS = 3


class BaselineKeeper:
    """Compares the results of the running test with the file `baseline`; None where none was asked for.

    `scales_foreign` has a baseline of another machine count, by its reference workload; else it is advice.
    """

    def __init__(self, baseline: Path | None, saved: Path | None, scales_foreign: bool = False) -> None:
        self._baseline, self._scales_foreign = baseline, scales_foreign
        self.is_asked_for = baseline is not None or saved is not None
        """Whether there is any use in measuring what only baselines need."""

    def compare(self, results: Sequence[BudgetResult], regression: float) -> list[Comparison]:
        """Return a comparison for each result of the running test that the baseline holds."""
        if self._baseline is None:
            return []
        test = str(current().get("case", ""))
        pairs = [(test, result) for result in results]
        baseline = load_baseline(self._baseline)
        found = self._compared(baseline, pairs, regression)
        if any(comparison.verdict == "fail" for comparison in found):
            found = self._compared(baseline, pairs, regression, slowest_ns=_now_ns())
        measured = [result for result in results if result.value is not None]
        missing = [result for result in measured if (test, result.metric) not in baseline.entries]
        return [*found, self._unknown(test, missing, len(measured))] if missing else found

    def _compared(
        self, baseline: Baseline, pairs: Sequence[tuple[str, BudgetResult]], regression: float, *, slowest_ns: int = 0
    ) -> list[Comparison]:
        return compare(
            baseline,
            pairs,
            regression=regression,
            machine=_machine(),
            scales_foreign=self._scales_foreign,
            slowest_ns=slowest_ns,
        )

    def _unknown(self, test: str, missing: Sequence[BudgetResult], measured: int) -> Comparison:
        """Say that there is nothing to compare with: a test that was renamed must not pass for ever."""
        metrics = ", ".join(result.metric for result in missing)
        lacks = "nothing" if len(missing) == measured else f"no {metrics}"
        message = f"{missing[0].message}: no baseline, {self._baseline} has {lacks} of this test; save it anew"
        return Comparison(test, metrics, "inconclusive", 0.0, message, is_advice=True)


@lru_cache(maxsize=1)
def _machine() -> Machine:
    """Return this machine, its reference workload run at the first comparison of the run."""
    return Machine.here()


def _now_ns() -> int:
    """Return the reference workload now: the best of some moments, for a single one may be a neighbour's."""
    return min(reference_workload_ns() for _ in range(MOMENTS))


def save_run(run_directory: Path, path: Path) -> int:
    """Write the baseline of what all workers of a run measured; return how many tests it holds."""
    pairs = list(_measured(run_directory))
    save_baseline(path, pairs)
    return len({test for test, _ in pairs})


def _measured(run_directory: Path) -> Iterator[tuple[str, BudgetResult]]:
    for event in read_events(run_directory):
        attrs = event.attrs or {}
        if event.ev == "budget.verdict" and event.case:
            yield event.case, _result(attrs)


def _result(attrs: dict[str, object]) -> BudgetResult:
    shown = {name: attrs.get(name) for name in ("metric", "verdict", "message", "unit", "low", "high", "reference_ns")}
    return BudgetResult(measured="", budget="", value=attrs.get("measured"), **shown)  # type: ignore[arg-type]
