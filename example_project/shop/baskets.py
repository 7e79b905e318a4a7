"""Sessions: a basket for each customer, at most a hundred, given up after an hour without a call."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from . import supplier
from .pricing import _known
from .types import Count, Sku, strict

LIMIT, IDLE_S, CALLS_AT_ONCE = 100, 3600.0, 8


@dataclass
class Basket:
    """One customer's session."""

    used_at: float = field(default_factory=time.monotonic)
    running: int = 0
    pieces: Counter[str] = field(default_factory=Counter)

    @property
    def is_idle(self) -> bool:
        """Whether it may be given up; never while a call is under way."""
        return not self.running and time.monotonic() - self.used_at >= IDLE_S


baskets: dict[str, Basket] = {}


def open_session(session_id: str | None = None) -> str:
    """Open a basket; where there is no room, idle ones are given up."""
    session_id = session_id or secrets.token_hex(8)
    if len(baskets) >= LIMIT:
        for idle in [known for known, basket in baskets.items() if basket.is_idle]:
            close_session(idle)
    if len(baskets) >= LIMIT:
        raise RuntimeError(f"the limit of {LIMIT} baskets is reached; try again later")
    if session_id in baskets:
        raise RuntimeError(f"there is a basket {session_id!r} already")
    baskets[session_id] = Basket()
    return session_id


def close_session(session_id: str) -> None:
    """Give a basket up."""
    baskets.pop(session_id, None)


@contextmanager
def in_use(session_id: str) -> Iterator[Basket]:
    """Hold a basket for the length of a call."""
    basket = baskets.get(session_id)
    if basket is None or basket.is_idle:
        close_session(session_id)
        raise ValueError("session_id: there is no such basket, or it was given up after an hour; open a new one")
    if basket.running >= CALLS_AT_ONCE:
        raise ValueError(f"session_id: {CALLS_AT_ONCE} calls are under way in this basket; wait for one to end")
    basket.running += 1
    try:
        yield basket
    finally:
        basket.running -= 1
        basket.used_at = time.monotonic()


@strict
async def add_to_basket(sku: Sku, count: Count = 1, session_id: str | None = None) -> dict[str, int]:
    """Put articles into a basket and say what is in it; without a session, into an empty one."""
    session_id, is_own = (session_id, False) if session_id else (open_session(), True)
    try:
        with in_use(session_id) as basket:
            await supplier.ask_price(_known(sku))  # what has no price cannot be ordered
            basket.pieces[sku] += count
            return dict(basket.pieces)
    finally:
        if is_own:
            close_session(session_id)
