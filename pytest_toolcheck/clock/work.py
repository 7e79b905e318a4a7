"""Real work for which virtual time stands still."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Work:
    """Something at work outside virtual time; `key` tells it from others."""

    key: tuple[str, int]
    text: str
    patience: float = 1.0
    """The share of `max_real_wait` for which it is waited for."""


Look = dict[int, tuple[str, str]]
"""Kernel thread id to (system call, times it was given the processor)."""
