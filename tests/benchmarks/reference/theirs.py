"""The twelve figures that are to be beaten, as that team wrote them into its tests."""

from __future__ import annotations

from typing import Final

THEIRS: Final = {
    "50 concurrent session creations": (0.5, "s"),
    "20 concurrent operations": (0.3, "s"),
    "100 clean-ups": (0.2, "s"),
    "50 concurrent degradations": (1.5, "s"),
    "10 concurrent heartbeats over 12 s": (12.0, "s"),
    "session creation": (0.010, "s"),
    "activity update": (0.005, "s"),
    "degradation overhead": (0.020, "s"),
    "heartbeat overhead": (0.5, "s"),
    "growth over 100 runs": (10.0, "MB"),
    "CPU while heartbeats run": (80.0, "%"),
    "the resilience part of the suite": (177.0, "s"),
}
"""What was measured, their figure, its unit; smaller is better in each."""


def shown(value: float, unit: str) -> str:
    """Write a figure with three digits, small times in ms or us."""
    for factor, smaller in ((1.0, "s"), (1e3, "ms"), (1e6, "us")):
        if unit == "s" and value * factor >= 1:
            return f"{value * factor:.3g} {smaller}"
    return f"{value:.3g} {unit}" if unit != "s" else f"{value * 1e6:.2g} us"


def table(ours: dict[str, float]) -> str:
    """Return theirs beside ours as a Markdown table, with how many times smaller ours is."""
    lines = ["| work | theirs | ours | times smaller |", "| --- | --- | --- | --- |"]
    for work, (value, unit) in THEIRS.items():
        mine = ours.get(work)
        seen = ("not measured", "-") if mine is None else (shown(mine, unit), f"{value / max(mine, 1e-9):,.0f}")
        lines.append(f"| {work} | {shown(value, unit)} | {' | '.join(seen)} |")
    return "\n".join(lines)


def missed(ours: dict[str, float]) -> list[str]:
    """Return the figures that are not beaten."""
    return [work for work, (value, _) in THEIRS.items() if not ours.get(work, value) < value]
