"""Baselines: what budgets measured once, in a JSON file for review in git, compared with what they measure now.

A time from then is worth as much as the machine then. So a reference workload is timed beside every CPU time that is kept
or compared, and times are scaled by how much slower it has become. On another machine that is only roughly right, and the
comparison says so.
"""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ToolcheckError
from ..units import format_share
from .clocks import refuse_virtual_time
from .reference import reference_workload_ns
from .results import BudgetResult, short
from .tries import memory_is_slow
from .verdict import Verdict

VERSION = 1
UNITS = {"cpu time": "ns", "cpu utilization": "share", "latency": "ns", "memory": "bytes", "growth": "exponent"}
"""The unit of a metric, by how its name begins."""
_DIGITS = 4
_KEYS = {"value", "low", "high", "unit", "reference_ns"}


@dataclass(frozen=True, slots=True)
class Machine:
    """What identifies the machine of a baseline, and the CPU time of the reference workload on it, ns."""

    fingerprint: str
    reference_ns: int

    @classmethod
    def here(cls) -> Machine:
        """Return this machine, running the reference workload (about 20 ms)."""
        refuse_virtual_time()
        return cls(fingerprint(), reference_workload_ns())


@dataclass(frozen=True, slots=True)
class Entry:
    """One measured budget of one test: its value in `unit`, and its bounds where the sample showed them."""

    value: float
    low: float | None
    high: float | None
    unit: str
    reference_ns: int | None = None
    """The reference workload beside it; None: that of the whole file."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Entries by test and metric, as measured on `machine`."""

    machine: Machine
    entries: Mapping[tuple[str, str], Entry]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of one test against its baseline; `is_advice` where the baseline is of another machine."""

    test: str
    metric: str
    verdict: Verdict
    change: float
    message: str
    is_advice: bool


def result_of(comparison: Comparison) -> BudgetResult:
    """Return a comparison as the result of a budget."""
    message = comparison.message
    return BudgetResult(f"regression of {comparison.metric}", comparison.verdict, "", "", message)


def fingerprint() -> str:
    """Return what tells machines and interpreters apart: processor, number of cores, system, Python."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {_python()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def _python() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def save_baseline(path: Path, results: Iterable[tuple[str, BudgetResult]], *, machine: Machine | None = None) -> None:
    """Write `(test id, result)` pairs: sorted, rounded to four digits, one entry a line, so that a diff can be read."""
    here = machine or Machine.here()
    entries: dict[str, dict[str, Any]] = {}
    for test, result in results:
        if result.value is not None and result.verdict != "inconclusive":
            entries.setdefault(test, {})[result.metric] = _written(entry_of(result))
    head = {"version": VERSION, "machine": here.fingerprint, "reference_ns": here.reference_ns}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_dump(head, entries), encoding="utf-8")


def entry_of(result: BudgetResult) -> Entry:
    """Return what of a result is kept. Bytes are counted, not estimated: without bounds they are exact."""
    value = result.value or 0.0
    if result.unit == "bytes" and result.low is None and result.high is None:
        return Entry(value, value, value, result.unit)
    return Entry(value, result.low, result.high, result.unit, result.reference_ns)


def _written(entry: Entry) -> dict[str, Any]:
    numbers = {"value": entry.value, "low": entry.low, "high": entry.high}
    rounded = {key: None if number is None else _rounded(number) for key, number in numbers.items()}
    beside = {} if entry.reference_ns is None else {"reference_ns": entry.reference_ns}
    return {**rounded, "unit": entry.unit, **beside}


def _rounded(number: float) -> float | int:
    short_number = float(f"{number:.{_DIGITS}g}")
    return int(short_number) if short_number.is_integer() else short_number


def _dump(head: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Return JSON with one metric a line."""
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    tests = []
    for test in sorted(entries):
        metrics = [f"      {json.dumps(name)}: {json.dumps(entries[test][name])}" for name in sorted(entries[test])]
        tests.append(f"    {json.dumps(test, ensure_ascii=False)}: {{\n" + ",\n".join(metrics) + "\n    }")
    body = "{\n" + ",\n".join(tests) + "\n  }" if tests else "{}"
    return "{\n" + ",\n".join([*lines, f'  "tests": {body}']) + "\n}\n"


def load_baseline(path: Path) -> Baseline:
    """Return the baseline that a file holds. Raises ToolcheckError naming the file and what is wrong with it."""
    advice = "write a new one with --toolcheck-save-baseline"
    try:
        data = _mapping("the file", json.loads(path.read_text(encoding="utf-8-sig")))
        if data["version"] != VERSION:
            raise ToolcheckError(f"{path}: found baseline version {data['version']!r}, expected {VERSION}: {advice}")
        machine = Machine(str(data["machine"]), _positive("reference_ns", data["reference_ns"]))
        entries = {
            (test, name): _read_entry(test, name, entry)
            for test, found in _mapping("tests", data["tests"]).items()
            for name, entry in _mapping(test, found).items()
        }
    except FileNotFoundError:
        raise ToolcheckError(f"{path}: there is no such baseline: {advice}") from None
    except OSError as error:
        raise ToolcheckError(f"{path}: cannot be read ({error.strerror}): {advice}") from None
    except KeyError as error:
        raise ToolcheckError(f"{path}: not a baseline ({error} is missing): {advice}") from None
    except (ValueError, RecursionError) as error:
        raise ToolcheckError(f"{path}: not a baseline ({error}): {advice}") from None
    return Baseline(machine, entries)


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(f"{name} is {value!r}, expected a whole number above 0")
    return value


def _read_entry(test: str, metric: str, found: Any) -> Entry:
    """Return an entry as the file has it, which people edit by hand. Raises ValueError saying what is wrong where."""
    place = f"{test}, {metric}"
    entry = _mapping(place, found)
    if unknown := sorted(set(entry) - _KEYS):
        raise ValueError(f"{place} has an unknown key {unknown[0]!r}, expected {', '.join(sorted(_KEYS))}")
    for name in ("value", "low", "high"):
        if name not in entry or not (_is_number(entry[name]) or (entry[name] is None and name != "value")):
            raise ValueError(f"{name} of {place} is {entry.get(name, 'missing')!r}, expected a number")
    unit = next((unit for name, unit in UNITS.items() if metric.startswith(name)), None)
    if unit is None:
        raise ValueError(f"{place} is no metric, expected a name that begins with one of {', '.join(UNITS)}")
    if entry.get("unit") != unit:
        raise ValueError(f"unit of {place} is {entry.get('unit', 'missing')!r}, expected {unit!r}")
    if "reference_ns" in entry:
        _positive(f"reference_ns of {place}", entry["reference_ns"])
    bounds = [entry[name] for name in ("low", "value", "high") if entry[name] is not None]
    if unit == "ns" and (bounds != sorted(bounds) or bounds[0] < 0):
        raise ValueError(f"{place} has the bounds {bounds}, expected 0 <= low <= value <= high")
    return Entry(**entry)


def _mapping(place: str, found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise ValueError(f"{place} is {found!r:.40}, expected a mapping")  # noqa: TRY004 - it is the file that is wrong
    return found


def _is_number(found: Any) -> bool:
    try:
        return isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)
    except OverflowError:  # a whole number beyond what a float holds
        return False


def compare(
    baseline: Baseline,
    results: Iterable[tuple[str, BudgetResult]],
    *,
    regression: float = 0.2,
    machine: Machine | None = None,
    scales_foreign: bool = False,
    slowest_ns: int = 0,
) -> list[Comparison]:
    """Compare `(test id, result)` pairs with their baseline entries, CPU time first; what has no entry is left out.

    A fail: even the lower bound now is over the upper bound then by more than `regression`. A pass: the value now is
    within it (of a time on the wall clock or a peak of memory: within that of the upper bound then, since these differ
    from day to day by more than a sample shows). Time on the wall clock is excused where the machine has become slower,
    and not expected to be shorter where it is faster: a call may only wait. Without bounds nothing fails: few calls show
    that a budget is kept, not what the value is (see `measure_value.py`). A baseline of another machine is advice and
    never fails, unless `scales_foreign` says that its reference workload, which is re-run here, is enough to compare by.
    `slowest_ns` is that workload in a slower moment, by which results are excused, as they are by slow memory (`slow_down`).
    """
    here = machine or Machine.here()
    pairs = [(test, result, baseline.entries.get((test, result.metric))) for test, result in results]
    found = [
        _compare_one(test, result, entry, baseline.machine, here, regression, scales_foreign, slowest_ns)
        for test, result, entry in pairs
        if entry is not None and result.value is not None
    ]
    return sorted(found, key=lambda one: (not one.metric.startswith("cpu"), one.test, one.metric))


def _compare_one(
    test: str,
    result: BudgetResult,
    then: Entry,
    there: Machine,
    here: Machine,
    regression: float,
    scales_foreign: bool,
    slowest_ns: int,
) -> Comparison:
    reference_ns = max(result.reference_ns or here.reference_ns, slowest_ns)
    scale = reference_ns / (then.reference_ns or there.reference_ns) if then.unit == "ns" else 1.0
    if result.metric.startswith("latency"):
        scale = max(scale, 1.0)
    now, allowed = entry_of(result), 1 + regression
    is_foreign = there.fingerprint != here.fingerprint and then.unit in ("ns", "share")
    is_advice = is_foreign and not scales_foreign
    verdict = _verdict(result, now, then, scale * allowed, is_advice=is_advice)
    change = now.value / (then.value * scale) - 1 if then.value else 0.0
    message = (
        f"{result.metric} {short(now.value, now.unit)}, baseline {short(then.value * scale, then.unit)}, "
        f"change {change:+.0%}, allowed {format_share(regression)}"
    )
    if is_advice:
        message += f" (advice: the baseline is of {there.fingerprint}; save one here)"
    elif is_foreign:
        message += f" (the baseline is of {there.fingerprint}, scaled by its reference workload)"
    if verdict == "inconclusive" and result.slow_down > 1:
        message += f" ({memory_is_slow(result.slow_down)})"
    return Comparison(test, result.metric, verdict, change, message, is_advice)


def _verdict(result: BudgetResult, now: Entry, then: Entry, factor: float, *, is_advice: bool) -> Verdict:
    if now.low is not None and then.high is not None and now.low > then.high * factor:
        is_explained = now.low <= then.high * factor * result.slow_down
        return "inconclusive" if is_advice or is_explained or result.verdict == "inconclusive" else "fail"
    usual = then.value if result.metric.startswith("cpu") else then.high or then.value
    return "pass" if now.value <= usual * factor else "inconclusive"
