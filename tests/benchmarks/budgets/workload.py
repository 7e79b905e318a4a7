"""The tool that live rules are tried on: about a millisecond of work, always the same."""

from __future__ import annotations


def work() -> int:
    table_of_256: dict[int, int] = {}
    state = 0
    for step in range(14_500):
        table_of_256[step & 255] = state
        state = (state * 31 + step) & 0xFFFFFF
    return state
