"""Run a coroutine under seeded shuffles of its tasks' steps, to find races.

Any order in which ready tasks take their turns is allowed by asyncio, yet its loop always takes the same one. Here a
seeded generator chooses whose turn it is. Plain callbacks stay first in, first out, as asyncio documents. Everything
runs in virtual time. A seed always gives the same order, so a failing one fails again. Seed 0 is asyncio's own order.
"""

from __future__ import annotations

import asyncio
import collections
import random
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from . import active_clock
from .session import virtual_time

T = TypeVar("T")
DEFAULT_SEEDS = 50


class ShuffledReady(collections.deque[asyncio.Handle]):
    """A loop's queue of what is ready; which task step is taken next, the seed decides."""

    def __init__(self, handles: Iterable[asyncio.Handle], chance: random.Random) -> None:
        super().__init__(handles)
        self._chance = chance

    def popleft(self) -> asyncio.Handle:
        """Take the next handle: a callback in its turn, or any of the task steps if a task step is next."""
        if len(self) > 1 and is_task_step(self[0]):
            steps = [index for index, handle in enumerate(self) if is_task_step(handle)]
            chosen = self._chance.choice(steps)
            handle = self[chosen]
            del self[chosen]
            return handle
        return super().popleft()


def take_turns_by(seed: int) -> None:
    """From here on the seed decides whose turn it is on the running loop; 0 stands for asyncio's own order."""
    loop: Any = asyncio.get_running_loop()
    loop._ready = ShuffledReady(loop._ready, random.Random(seed)) if seed else collections.deque(loop._ready)


def is_task_step(handle: asyncio.Handle) -> bool:
    """Tell whether a handle lets a task run on; all others are plain callbacks."""
    callback = getattr(handle, "_callback", None)
    owner = getattr(callback, "__self__", None)
    # the C task schedules bound wrappers of types that asyncio does not export
    return isinstance(owner, asyncio.Task) or type(callback).__name__ in {
        "TaskStepMethWrapper",
        "TaskWakeupMethWrapper",
    }


@contextmanager
def shuffled_tasks(seed: int) -> Iterator[None]:
    """Shuffle the task steps of every loop that begins to run within the body; seed 0 leaves asyncio's order."""
    base: Any = asyncio.BaseEventLoop
    run_forever = base.run_forever
    chance = random.Random(seed)

    def run_shuffled(loop: Any) -> None:
        loop._ready = ShuffledReady(loop._ready, chance)
        try:
            run_forever(loop)
        finally:
            loop._ready = collections.deque(loop._ready)

    if seed:
        base.run_forever = run_shuffled
    try:
        yield
    finally:
        base.run_forever = run_forever


def run_interleaved(
    make_coroutine: Callable[[], Coroutine[Any, Any, T]], seeds: int | Iterable[int] = DEFAULT_SEEDS
) -> list[T]:
    """Run a new coroutine for each seed, each in a new loop and in virtual time; return the results in order.

    `seeds` is a number of seeds, counted from 0, or the seeds themselves. An exception ends the runs; it bears a note
    that names its seed, and the attribute `toolcheck_seed`. Must not be called from within a running loop.
    """
    results = []
    with virtual_time() if active_clock() is None else nullcontext():
        for seed in seeds_of(seeds):
            with shuffled_tasks(seed), naming_seed(seed):
                results.append(asyncio.run(make_coroutine()))
    return results


def seeds_of(seeds: int | Iterable[int]) -> tuple[int, ...]:
    """Return the seeds of a number of them, or of a list."""
    return tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)


@contextmanager
def naming_seed(seed: int, hint: str = "") -> Iterator[None]:
    """Let an exception that leaves the body say under which seed it was raised."""
    try:
        yield
    except BaseException as error:
        if not hasattr(error, "toolcheck_seed"):
            error.toolcheck_seed = seed  # type: ignore[attr-defined]
            error.add_note(f"interleave: under seed {seed}{hint}")
        raise
