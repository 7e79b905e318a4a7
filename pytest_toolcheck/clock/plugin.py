"""Runs a pytest item in virtual time; imported with the first test that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from ..errors import UnitError
from .durations import SECOND, to_ns, to_text
from .hooks import CLOCK
from .session import MAX_REAL_WAIT, new_clock, virtual_time
from .virtual import VirtualClock

_TIMEOUT = "pytest-timeout"
"""What pytest-timeout's failures end with."""


def clock_of(item: pytest.Item) -> VirtualClock:
    """Return the item's clock, made when first asked for; it starts to run with the test's call."""
    clock = item.stash.get(CLOCK, None)
    if clock is None:
        clock = item.stash[CLOCK] = _make_clock(_settings(item))
    return clock


@contextmanager
def run_virtually(item: pytest.Item) -> Iterator[VirtualClock]:
    """Run the body in the item's virtual time, with the settings of its marker."""
    _refuse_trio(item)
    clock = clock_of(item)
    settings = _settings(item)
    try:
        with virtual_time(clock, max_real_wait=settings.get("max_real_wait", MAX_REAL_WAIT)):
            try:
                yield clock
            except pytest.fail.Exception as error:
                if _TIMEOUT in str(error.msg):
                    error.msg = f"{error.msg}\n{standing(clock)}"
                raise
    finally:
        del item.stash[CLOCK]


def standing(clock: VirtualClock) -> str:
    """Say where virtual time stood when real time was over, and what it stood still for."""
    mover = clock.mover
    stands_for = mover.stands_still_for() if mover is not None else ""
    text = f"virtual time stood at {to_text(clock.now_ns)} after {clock.jumps} jumps"
    if stands_for:
        return f"{text}, and still for {stands_for}"
    return f"{text}; it saw nothing at work: the test waits where virtual time does not reach, or runs on and on"


def _refuse_trio(item: pytest.Item) -> None:
    backend = getattr(item, "funcargs", {}).get("anyio_backend", "asyncio")
    name = backend if isinstance(backend, str) else backend[0]
    if name != "asyncio":
        pytest.fail(
            f"virtual time runs on asyncio, not on anyio's backend {name!r}: let the fixture anyio_backend return "
            "'asyncio', or use trio.testing.MockClock in a test of its own",
            pytrace=False,
        )


def _settings(item: pytest.Item) -> dict[str, Any]:
    marker = item.get_closest_marker("virtual_time")
    settings = dict(marker.kwargs) if marker else {}
    unknown = set(settings) - {"max_real_wait", "start"}
    if unknown or (marker and marker.args):
        found = ", ".join([*map(repr, marker.args if marker else ()), *sorted(unknown)])
        raise pytest.UsageError(f"{item.nodeid}: virtual_time takes max_real_wait and start by name, not {found}")
    _check(item, settings)
    return settings


def _check(item: pytest.Item, settings: dict[str, Any]) -> None:
    wait, start = settings.get("max_real_wait", MAX_REAL_WAIT), settings.get("start")
    try:
        if to_ns(wait) < 0:
            raise UnitError(f"it is no length of time: {wait!r}")
    except UnitError as error:
        raise pytest.UsageError(f"{item.nodeid}: virtual_time(max_real_wait={wait!r}): {error}") from None
    try:
        is_time = start is None or isinstance(start, datetime) or bool(datetime.fromisoformat(start))
    except (ValueError, TypeError):
        is_time = False
    if not is_time:
        raise pytest.UsageError(
            f"{item.nodeid}: virtual_time(start={start!r}): expected a datetime or an ISO 8601 text such as '2030-01-02T03:04:05Z'"
        )


def _make_clock(settings: dict[str, Any]) -> VirtualClock:
    clock = new_clock()
    if (start := settings.get("start")) is None:
        return clock
    wall = datetime.fromisoformat(start) if isinstance(start, str) else start
    wall = wall if wall.tzinfo else wall.replace(tzinfo=UTC)
    return VirtualClock(
        monotonic_ns=clock.monotonic_ns(), wall_ns=round(wall.timestamp() * 1_000_000) * (SECOND // 1_000_000)
    )
