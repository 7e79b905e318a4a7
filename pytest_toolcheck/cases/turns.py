"""Several streams read in turns, so that none starves where only so many values are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")


def interleaved(streams: list[Iterator[T]]) -> Iterator[T]:
    """Yield from all streams in turns."""
    while streams:
        alive = []
        for stream in streams:
            try:
                yield next(stream)
            except StopIteration:
                continue
            alive.append(stream)
        streams = alive
