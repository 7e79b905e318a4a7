"""Several streams read in turns, so that none starves where only so many values are looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")
_SEVERAL = 3


@dataclass(frozen=True, slots=True)
class Turn:
    """Which of how many branches is changed; `seen` counts how many told of a member, or of what a `not` refuses."""

    number: int
    of: int
    seen: Counter[Any]

    def is_told(self, *about: Any, often: int = _SEVERAL) -> bool:
        """Whether so many branches told the same before this one, which now does."""
        self.seen[about] += 1
        return self.seen[about] > often

    def share(self, names: list[str], most: int) -> list[str]:
        """Return the names that this branch tells of: all where they are few, else in turns with the other branches."""
        step = max(1, len(names) * self.of // most)
        return names[self.number % step :: step]


def weighted(streams: list[tuple[Iterator[T], int]]) -> Iterator[T]:
    """Yield from all streams in turns, of each as many at once as it weighs."""
    while streams:
        spent = []
        for pair in streams:
            stream, weight = pair
            taken = list(islice(stream, weight))
            yield from taken
            if len(taken) < weight:
                spent.append(pair)
        if spent:
            streams = [pair for pair in streams if pair not in spent]


def in_rounds(queues: list[list[T]]) -> list[T]:
    """As `interleaved`, of lists: what is there already costs no call for each of its items."""
    if len(queues) == 1:
        return queues[0]
    made: list[T] = []
    number = 0
    while queues:
        made += [queue[number] for queue in queues]
        number += 1
        queues = [queue for queue in queues if len(queue) > number]
    return made


def interleaved(streams: Sequence[Iterator[T]]) -> Iterator[T]:
    """Return an iterator over all streams in turns."""
    return streams[0] if len(streams) == 1 else _interleaved(streams)


def _interleaved(streams: Sequence[Iterator[T]]) -> Iterator[T]:
    while len(streams) > 1:
        alive = []
        for stream in streams:
            try:
                yield next(stream)
            except StopIteration:
                continue
            alive.append(stream)
        streams = alive
    for last in streams:
        yield from last
