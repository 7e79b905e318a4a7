"""Adding up schema coverage from numbers: what the log holds suffices, no schema is needed. Light to import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """How much of a schema was exercised: `covered` of `total` goals; `missing` names the others."""

    percent: float
    covered: int
    total: int
    missing: list[str]

    @property
    def shown_percent(self) -> str:
        """The percentage with one decimal, cut and not rounded: 100.0 means all of it."""
        return f"{int(self.percent * 10) / 10:.1f}"

    def as_attrs(self) -> dict[str, Any]:
        """Return the report as the attributes of an event."""
        listed = self.missing[:MOST_LISTED]
        return {
            "coverage_percent": float(self.shown_percent),
            "covered": self.covered,
            "total": self.total,
            "missing": listed,
            "missing_unlisted": len(self.missing) - len(listed),
        }


class CoverageTally:
    """Adds up what was met, from the names of the goals alone: a reader of the log makes it from an outline."""

    def __init__(self, goals: Sequence[str], parameters: Sequence[tuple[str, Sequence[str]]]) -> None:
        self._goals = list(goals)
        self._met: set[int] = set()
        self._pairs = PairTally(parameters)

    def add(self, goals: Sequence[int], parts: Sequence[int]) -> None:
        """Note goals and partitions by their numbers."""
        self._met.update(goals)
        if parts:
            self._pairs.add(parts)

    def report(self) -> CoverageReport:
        """Return what was exercised so far."""
        missing = [text for number, text in enumerate(self._goals) if number not in self._met] + self._pairs.missing()
        total = len(self._goals) + self._pairs.total
        covered = total - len(missing)
        return CoverageReport(100.0 * covered / total if total else 100.0, covered, total, missing)


class PairTally:
    """Counts the pairs that were seen: made from the names of the partitions alone, so that a reader can make it too."""

    def __init__(self, parameters: Sequence[tuple[str, Sequence[str]]]) -> None:
        self._groups: list[tuple[str, list[tuple[int, str]]]] = []
        number = 0
        for name, parts in parameters:
            self._groups.append((name, [(number + at, text) for at, text in enumerate(parts)]))
            number += len(parts)
        self._seen = [0] * number
        self.total = sum(len(a) * len(b) for (_, a), (_, b) in combinations(self._groups, 2))

    def add(self, parts: Sequence[int]) -> bool:
        """Note the partitions of one input; say whether a pair of them is new."""
        row = sum(1 << part for part in parts)
        is_new = any(self._seen[part] | row != self._seen[part] for part in parts)
        for part in parts:
            self._seen[part] |= row
        return is_new

    def covered(self) -> int:
        """Return the number of pairs seen."""
        return (sum(mask.bit_count() for mask in self._seen) - sum(mask != 0 for mask in self._seen)) // 2

    def missing(self) -> list[str]:
        """Return the pairs not seen."""
        found = []
        for (name, parts), (other, others) in combinations(self._groups, 2):
            for part, text in parts:
                found += [f"pair {name} {text}, {other} {t}" for b, t in others if not self._seen[part] >> b & 1]
        return found
