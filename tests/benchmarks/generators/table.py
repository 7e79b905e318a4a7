"""The tables: each generator as a whole, each class of bugs, and the pairs that were misjudged."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from .found import Found
from .generators import OURS, UNLIMITED, Result
from .pair import Pair

HEAD = (
    "generator",
    "form",
    "pairs",
    "found",
    "accused",
    "told apart",
    "calls to first (median)",
    "calls a tool (median)",
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows as a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def overall(made: Iterable[Result]) -> str:
    """Return one row a generator and form."""
    return table(HEAD, [_row(result) for result in made])


def _row(result: Result) -> tuple[str, ...]:
    apart = [pair for pair in result.pairs if result.apart(pair)]
    first = [seen.first for p in apart if (seen := result.found["buggy", p.name]).first is not None]
    calls = [result.found[key].calls for p in result.pairs if (key := ("correct", p.name)) in result.found]
    return (
        result.generator,
        result.form,
        str(len(result.pairs)),
        str(sum(map(result.has_found, result.pairs))),
        str(sum(map(result.has_accused, result.pairs))),
        str(len(apart)),
        f"{statistics.median(first):.0f}" if first else "-",
        f"{statistics.median(calls):.0f}" if calls else "-",
    )


def by_class(pairs: Sequence[Pair], made: Sequence[Result]) -> str:
    """Return one row a family of classes: how many of its pairs each generator told apart."""
    families: dict[str, list[Pair]] = {}
    for pair in pairs:
        families.setdefault(pair.bug_class.partition(":")[0], []).append(pair)
    head = ["class", *(f"{result.generator}, {result.form}" for result in made)]
    return table(head, [[name, *(_share(members, result) for result in made)] for name, members in families.items()])


def _share(members: Sequence[Pair], result: Result) -> str:
    served = [pair for pair in members if any(pair is one for one in result.pairs)]
    return f"{sum(map(result.apart, served))} of {len(served)}" if served else "-"


def losses(pairs: Sequence[Pair], made: Sequence[Result]) -> list[str]:
    """Name each pair that ours did not tell apart in some form, with the peers that did."""
    said = []
    for pair in pairs:
        ours = [r for r in made if r.generator == OURS and r.form in pair.forms]
        failed = [r.form for r in ours if not r.apart(pair)]
        peers = [
            r.generator for r in made if r.generator not in (OURS, UNLIMITED) and r.form in pair.forms and r.apart(pair)
        ]
        if failed:
            said.append(
                f"{pair.name} ({pair.bug_class}): not in {', '.join(failed)}; peers: {', '.join(peers) or 'none'}"
            )
    return said


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
