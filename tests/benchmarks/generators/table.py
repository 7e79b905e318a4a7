"""The table: for each class of bug what was found, who was accused, and how early."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from .bench import Found
from .pair import Pair

HEAD = ("class", "pairs", "found", "accused", "calls to first (median)", "calls a tool")


def rows_of(pairs: Sequence[Pair], found: Mapping[tuple[str, str], Found]) -> list[tuple[str, ...]]:
    """Return one row for each family of classes (the part before the colon), and one for all."""
    families: dict[str, list[Pair]] = {}
    for pair in pairs:
        families.setdefault(pair.bug_class.partition(":")[0], []).append(pair)
    return [_row(name, members, found) for name, members in families.items()] + [_row("all", pairs, found)]


def _row(name: str, pairs: Sequence[Pair], found: Mapping[tuple[str, str], Found]) -> tuple[str, ...]:
    buggy = [found.get(("buggy", pair.name), Found()) for pair in pairs]
    correct = [found.get(("correct", pair.name), Found()) for pair in pairs]
    first = [seen.first for seen in buggy if seen.first is not None]
    return (
        name,
        str(len(pairs)),
        str(sum(bool(seen.findings) for seen in buggy)),
        str(sum(bool(seen.findings) for seen in correct)),
        f"{statistics.median(first):.0f}" if first else "-",
        f"{statistics.mean(seen.calls for seen in correct):.0f}",
    )


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Return rows as a Markdown table."""
    lines = [HEAD, tuple("---" for _ in HEAD), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def misjudged(pairs: Sequence[Pair], found: Mapping[tuple[str, str], Found]) -> list[str]:
    """Name each bug that was not found and each twin that was accused, with what was said."""
    said = []
    for pair in pairs:
        buggy, correct = (found.get((side, pair.name), Found()) for side in ("buggy", "correct"))
        if not buggy.findings:
            said.append(f"not found: {pair.name} ({pair.bug_class}); {buggy.calls} calls, {buggy.accepted} accepted")
        said += [f"accused: {pair.name} ({pair.bug_class}): {finding}" for finding in correct.findings[:3]]
        if not correct.accepted:
            said.append(f"never accepted: {pair.name} ({correct.calls} calls)")
    return said
