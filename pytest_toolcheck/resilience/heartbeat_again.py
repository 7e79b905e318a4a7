"""What a heartbeat keeps beyond one undisturbed call: the next call's own progress, and a wall clock that steps."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from .heartbeat_checks import SHORTEST_GRACE_S, expect_in_time, expect_sensible, keeps
from .heartbeat_reports import Done, Watched

if TYPE_CHECKING:
    from .heartbeat_calls import Watcher

_STEPS_S: Final = {2: -3600.0, 4: 7200.0}
"""By the number of the report in which the wall clock is stepped."""
_SOON: Final = 0.05
"""A report in so much of the first interval speaks of the beginning, where nothing is done yet."""
_MUCH: Final = 10.0
"""So much more, in per cent, is no rounding."""


def wall_clock_steps(watcher: Watcher) -> None:
    """In a long call the wall clock is stepped an hour back, and then forward: progress goes on as it does without."""
    plain = watcher.long_enough(watcher.watch())
    if not (keeps(expect_in_time, watcher, plain) and keeps(expect_sensible, watcher, plain)):
        return  # that is told already
    heard = 0

    def receive() -> Any:
        nonlocal heard
        heard += 1
        if heard in _STEPS_S:
            watcher.step_wall(_STEPS_S[heard])
        return Done()

    watched = watcher.watch(receive=receive)
    expect_in_time(watcher, watched, "when the wall clock stepped, ")
    expect_sensible(watcher, watched, "when the wall clock stepped, ")


def delays_nothing(watcher: Watcher) -> None:
    """The answer is there when the work is done, and not when the next report falls due.

    By a call without a receiver, and by one whose work ends half an interval sooner: what a tool does after its work takes the
    same time in both, and the rest of an interval does not. The tolerance of the promise is allowed here as well.
    """
    watched = watcher.long_enough(watcher.watch())
    most_s = watcher.promise.interval_s * watcher.promise.within + SHORTEST_GRACE_S
    with suppress(TypeError):
        silent = watcher.watch(silent=True)
        slower_s = (watched.took_s or 0) - (silent.took_s or 0)
        if silent.error is watched.error is None and slower_s > most_s:
            message = (
                f"with a receiver the answer comes {slower_s:.3g} s later than without, expected {most_s:.3g} s at most"
            )
            raise watcher.broken(message, "answer delayed", watched)
    shorter = watcher.watch_shorter(watched.rounds)
    late_s, other_s = watched.after_work_s, shorter.after_work_s
    if late_s is None or other_s is None or len(watched.work) != len(shorter.work):
        return  # it failed, or its work is not that of one dependency
    if abs(late_s - other_s) > most_s:
        message = (
            f"the answer comes {max(late_s, other_s):.3g} s after the work is done, or {min(late_s, other_s):.3g} s, by when "
            "that is: it waits for the next report"
        )
        raise watcher.broken(message, "answer delayed", watched if late_s > other_s else shorter)


def begins_anew(watcher: Watcher) -> None:
    """The call after one that has ended has heartbeats as the first had, and not those that the first left behind."""
    first, second = watcher.watch_in_a_row()
    if first.error is not None or first.took_s is None or not keeps(expect_in_time, watcher, first):
        return  # that is told already
    if second.error is not None:
        if watcher.watch_in_a_row(silent=True)[1].error is None:
            raise watcher.broken(f"a second call with a receiver failed: {second.answer}", "second call", second)
        return
    if any(beat.at_s > second.began_s - first.began_s for beat in first.late[:1]):
        raise watcher.broken("the receiver of a call heard of the next one", "another's receiver", first)
    if second.took_s is None or second.took_s <= watcher.limit_s:
        return  # it had less to do
    expect_in_time(watcher, second, "in a second call ")
    if keeps(expect_sensible, watcher, first):
        expect_sensible(watcher, second, "in a second call ")
        _expect_from_the_start(watcher, first, second)


def _expect_from_the_start(watcher: Watcher, first: Watched, second: Watched) -> None:
    own = [beat for beat in first.beats if beat.at_s < (first.took_s or 0.0)] or first.beats  # the last may say 100 %
    began, ended, begins = (beat.percent or 0.0 for beat in (own[0], own[-1], second.beats[0]))
    soon_s = _SOON * watcher.promise.interval_s
    if max(own[0].at_s, second.beats[0].at_s) <= soon_s and begins >= began + _MUCH:
        message = f"a second call begins at {begins:g} %, where the first began at {began:g} %"
        raise watcher.broken(message, "second call goes on", second)
    if began < ended <= begins:
        message = f"a second call begins at {begins:g} %, where the first ended: it began at {began:g} %"
        raise watcher.broken(message, "second call goes on", second)
