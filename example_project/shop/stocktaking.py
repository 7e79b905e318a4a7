"""A long call with a heartbeat: progress at least every six seconds, whatever the robot does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

from pydantic import Field

from . import supplier
from .types import strict

BEAT_S = 6.0
Receiver = Callable[[int, int], Any]


@strict
async def take_stock(
    shelves: Annotated[int, Field(strict=True, ge=1, le=20, description="How many shelves to count")] = 3,
    on_progress: Receiver | None = None,
) -> int:
    """Count all shelves and say how many pieces there are."""
    done = [0]
    async with beating(done, shelves, on_progress):
        pieces = 0
        for shelf in range(1, shelves + 1):
            pieces += await supplier.count_shelf(shelf)
            done[0] = shelf
        return pieces


@asynccontextmanager
async def beating(done: list[int], total: int, receiver: Receiver | None) -> AsyncIterator[None]:
    """Report in a task of its own: a receiver that is slow or fails harms nobody but itself."""
    beat = asyncio.create_task(_beat(done, total, receiver)) if receiver else None
    try:
        yield
    finally:
        if beat is not None:
            beat.cancel()
            with suppress(asyncio.CancelledError):
                await beat


async def _beat(done: list[int], total: int, receiver: Receiver) -> None:
    while True:
        await asyncio.sleep(BEAT_S)
        with suppress(Exception):
            heard = receiver(done[0], total)
            if hasattr(heard, "__await__"):
                await asyncio.wait_for(heard, BEAT_S / 10)
