"""The sentences of a heartbeat's promise, each held against calls that a watcher makes."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ..scenario import ScenarioFailure
from .heartbeat_reports import Done, Watched

if TYPE_CHECKING:
    from .heartbeat_calls import Watcher

SHORTEST_GRACE_S: Final = 0.001
_MOST_AN_INTERVAL: Final = 100
_MOST_A_SECOND: Final = 40.0
_HELD_UP_S: Final = 1.0
"""No report is held up for longer by a machine that is busy."""
_REFUSED: Final = (1, 3)
"""The numbers of the reports that a receiver refuses."""


def in_time(watcher: Watcher) -> None:
    """In real time a busy machine may hold a report up: what is a little late is late in each of some calls."""
    watched = watcher.long_enough(watcher.watch())
    for _ in range(watcher.confirmations):
        gap_s, _since_s = longest_gap(watched)
        if keeps(expect_in_time, watcher, watched) or gap_s > watcher.limit_s + _HELD_UP_S:
            break
        watched = watcher.long_enough(watcher.watch(anew=True))
    expect_in_time(watcher, watched)


def sensible(watcher: Watcher) -> None:
    watched = watcher.long_enough(watcher.watch())
    expect_sensible(watcher, watched)
    if not watched.beats:
        raise watcher.broken(f"no progress was reported in {watched.took_s:.3g} s", "no heartbeat in time", watched)


def expect_in_time(watcher: Watcher, watched: Watched, when: str = "") -> None:
    gap_s, since_s = longest_gap(watched)
    if gap_s > watcher.limit_s + SHORTEST_GRACE_S:
        seen = f"{len(watched.beats)} reports in {watched.took_s:.3g} s"
        message = (
            f"{when}no progress for {gap_s:.3g} s after {since_s:.3g} s, "
            f"expected one every {watcher.limit_s:g} s ({seen})"
        )
        raise watcher.broken(message, "no heartbeat in time", watched)


def expect_sensible(watcher: Watcher, watched: Watched, when: str = "") -> None:
    last = -math.inf
    for number, beat in enumerate(watched.beats, 1):
        which, percent = f"{when}report {number}", beat.percent
        if percent is None or not math.isfinite(percent):
            raise watcher.broken(f"{which} is no progress: {beat.progress!r} of {beat.total!r}", "no number", watched)
        if not 0 <= percent <= 100 + 1e-9:
            raise watcher.broken(f"{which} says {percent:g} %, expected 0 to 100 %", "out of range", watched)
        if percent < last - 1e-9:
            raise watcher.broken(f"{which} goes back from {last:g} % to {percent:g} %", "goes back", watched)
        last = percent


def keeps(expect: Callable[[Watcher, Watched], None], watcher: Watcher, watched: Watched) -> bool:
    """Tell whether a call keeps a promise."""
    try:
        expect(watcher, watched)
    except ScenarioFailure:
        return False
    return True


def longest_gap(watched: Watched) -> tuple[float, float]:
    """Return how long nothing was reported, at most, and since when."""
    instants = [0.0, *(beat.at_s for beat in watched.beats), watched.took_s or 0.0]
    return max((later - sooner, sooner) for sooner, later in itertools.pairwise(instants))


def no_flood(watcher: Watcher) -> None:
    """More often than the interval is allowed, and so is a burst; a flood is what does not end."""
    watched = watcher.long_enough(watcher.watch())
    interval_s = watcher.promise.interval_s
    most = max(_MOST_AN_INTERVAL, _MOST_A_SECOND * interval_s)
    windows = Counter(int(beat.at_s / interval_s) for beat in watched.beats)
    crowded = [count for count in windows.values() if count > most]
    if len(crowded) > 1 and len(crowded) >= (watched.took_s or 0) / interval_s / 2:
        message = (
            f"{max(crowded)} reports within {interval_s:g} s, again and again, expected one every {interval_s:g} s, "
            f"and at most {most:g}"
        )
        raise watcher.broken(message, "flood", watched)


def none_after_the_end(watcher: Watcher) -> None:
    _expect_none_late(watcher, watcher.watch(), "ended")


def none_after_an_error(watcher: Watcher) -> None:
    _expect_none_late(watcher, watcher.watch(fails=True), "failed")


def _expect_none_late(watcher: Watcher, watched: Watched, how: str) -> None:
    if watched.late:
        late_s = watched.late[0].at_s - (watched.took_s or 0)
        message = f"{len(watched.late)} reports came after the call had {how}, the first {late_s:.3g} s later"
        raise watcher.broken(message, "reports after the end", watched)


def failing_receiver(watcher: Watcher) -> None:
    def receive() -> Any:
        raise RuntimeError("injected fault: the receiver of the progress fails")

    _expect_same(watcher, watcher.watch(receive=receive), "with a receiver that fails")
    _expect_goes_on(watcher)


def _expect_goes_on(watcher: Watcher) -> None:
    """A report that is not taken is no reason to fall silent, be it the first, which may be sent apart, or a later one."""
    numbers = itertools.count(1)

    def receive() -> Any:
        if next(numbers) in _REFUSED:
            raise RuntimeError("injected fault: the receiver of the progress fails")
        return Done()

    if not keeps(expect_in_time, watcher, watcher.watch()):
        return  # that is told already
    watched = watcher.watch(receive=receive)
    gap_s, since_s = longest_gap(watched)
    if gap_s > watcher.limit_s + SHORTEST_GRACE_S:
        message = (
            f"after its receiver failed, no progress for {gap_s:.3g} s after {since_s:.3g} s, "
            f"expected one every {watcher.limit_s:g} s"
        )
        raise watcher.broken(message, "silent after a failing receiver", watched)


def slow_receiver(watcher: Watcher) -> None:
    class Slow:
        def __await__(self) -> Any:
            return asyncio.sleep(2.5 * watcher.promise.interval_s).__await__()

    _expect_same(watcher, watcher.watch(receive=Slow), "with a receiver that takes its time")


def works_once(watcher: Watcher) -> None:
    """A report is no reason to begin the work again: `wait_for` without a shield, in a loop, does so."""
    watched = watcher.watch_briefly()
    for call in watched.work:
        at_s = call.started_s - watched.began_s
        unanswered = [
            each
            for each in watched.work
            if each.number < call.number and (each.ended_s is None or each.cancelled or each.ended_s > call.started_s)
        ]
        if at_s > 0 and unanswered and any(abs(beat.at_s - at_s) < SHORTEST_GRACE_S for beat in watched.beats):
            message = f"the work was begun again with the report after {at_s:.3g} s, before it had been answered"
            raise watcher.broken(message, "work begun again", watched)


def own_receivers(watcher: Watcher) -> None:
    """Of two calls at once each hears of its own progress, and goes on hearing of it."""
    if not keeps(expect_in_time, watcher, watcher.watch_briefly()):
        return  # that is told already
    calls = watcher.watch_at_once()
    work = calls[0].work
    if any(each.error is not None for each in calls) or len(work) < 2 or work[1].started_s >= (work[0].ended_s or 0.0):
        return  # they wait for each other, or cannot be made at once
    for which, watched in zip(("first", "second"), calls, strict=True):
        gap_s, since_s = longest_gap(watched)
        if gap_s > watcher.limit_s + SHORTEST_GRACE_S:
            message = f"of two calls at once the {which} heard nothing for {gap_s:.3g} s after {since_s:.3g} s"
            raise watcher.broken(message, "another's receiver", watched)
        if watched.late:
            message = f"of two calls at once the {which} heard of progress after its end"
            raise watcher.broken(message, "another's receiver", watched)


def not_cancelled(watcher: Watcher) -> None:
    watched = watcher.watch()
    if watched.error is not None:
        raise watcher.broken(f"a long call with a known good input failed: {watched.answer}", "call harmed", watched)
    watcher.long_enough(watched)
    if not watcher.can_repeat:
        return
    needs_none = True
    with suppress(TypeError):
        silent = watcher.watch(silent=True)
        needs_none = isinstance(silent.error, TypeError)
    if not needs_none:
        _expect_same(watcher, watched, "with a receiver", than=silent)


def _expect_same(watcher: Watcher, watched: Watched, how: str, *, than: Watched | None = None) -> None:
    plain = than or watcher.watch()
    if watched.answer == plain.answer:
        return
    again = watcher.watch(silent=than is not None, anew=True)
    if watched.error is None and again.answer != plain.answer:
        return  # its answers differ from call to call: nothing can be said
    message = f"{how} the call ends in {watched.answer}, expected {plain.answer}"
    raise watcher.broken(message, "call harmed", watched)
