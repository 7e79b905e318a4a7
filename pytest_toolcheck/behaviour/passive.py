"""`pure`, `read_only`, `non_blocking`, `leaks`: seen in the calls that are made anyway, believed only when further calls repeat it."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from ..cases.model import Case
from ..checks.base import Finding, place_of, shorten
from ..targets.base import Observed, Outcome
from ..units import format_duration, parse_duration_ns
from .process_wide import process_wide
from .switches import is_promised
from .unawaited import unawaited

if TYPE_CHECKING:
    from ..execute import RunningScenario

LONGEST_HOLD_NS: Final = 100_000_000
_REPEATS: Final = 5
_MOST_SUSPICIONS: Final = 3
_PATIENCE_S: Final = 0.3
_ROUNDS: Final = 6
_CALLS_A_ROUND: Final = 12
_LONGEST_S: Final = 5.0


def passive_findings(running: RunningScenario, case: Case, outcome: Outcome) -> Iterator[Finding]:
    """Yield what the observation of this call proves."""
    observed = outcome.observed
    if observed is None or outcome.kind in ("timed_out", "lost"):
        return
    for look in (_pure, process_wide, _non_blocking, _never_awaited, _leaks):
        if (finding := look(running, case, observed)) is not None:
            yield finding


def _pure(running: RunningScenario, _case: Case, observed: Observed) -> Finding | None:
    tool = running.plan.tool
    if observed.arguments_after is ... or not is_promised(tool, "pure"):
        return None
    return Finding(
        "pure",
        f"{tool.name} changed its arguments",
        "pure",
        f"arguments as they were ({place_of(tool, 'annotations/pure', 'checks/pure')})",
        details=(("after the call", shorten(observed.arguments_after)),),
    )


def _non_blocking(running: RunningScenario, case: Case, observed: Observed) -> Finding | None:
    tool = running.plan.tool
    limit_ns = _limit_ns(tool.checks.get("non_blocking"))
    wanted = tool.checks.get("non_blocking", tool.annotations.non_blocking)
    if wanted is False or observed.held_ns <= limit_ns:
        return None
    shortest = observed.held_ns
    for _ in range(2):  # a first call that imports something is no habit
        again = running.again(case.input).observed
        shortest = min(shortest, again.held_ns if again is not None else 0)
        if shortest <= limit_ns:
            return None
    return Finding(
        "non_blocking",
        f"{tool.name} held its event loop for {shortest / 1e6:.0f} ms, allowed are {format_duration(limit_ns)}",
        "non_blocking",
        f"an async tool never blocks its loop ({place_of(tool, 'annotations/non_blocking', 'checks/non_blocking')})",
    )


def _limit_ns(options: Any) -> int:
    limit = options.get("limit") if isinstance(options, Mapping) else None
    return parse_duration_ns(limit) if limit is not None else LONGEST_HOLD_NS


def _never_awaited(running: RunningScenario, case: Case, observed: Observed) -> Finding | None:
    tool, names = running.plan.tool, observed.never_awaited
    if not names or tool.checks.get("leaks") is False or running.suspicions[names[0]] >= _MOST_SUSPICIONS:
        return None
    running.suspicions[names[0]] += 1
    for _ in range(2):
        again = running.again(case.input).observed
        if again is None or names[0] not in again.never_awaited:
            return None
    running.suspicions[names[0]] = _MOST_SUSPICIONS  # said once
    return Finding(
        "leaks",
        f"{tool.name} never awaits the coroutine {names[0]}, which then never runs",
        "leaks never awaited",
        f"what a call begins it ends ({place_of(tool, 'checks/leaks')})",
    )


def _leaks(running: RunningScenario, case: Case, observed: Observed) -> Finding | None:
    tool, suspicions = running.plan.tool, running.suspicions
    kinds = dict.fromkeys((*observed.left, *(["tasks"] if observed.unawaited else [])))
    if not kinds or tool.checks.get("leaks") is False:
        return None
    fresh = [name for name in kinds if suspicions[name] < _MOST_SUSPICIONS]
    suspicions.update(fresh)
    left = _still_there(running, case, fresh) if fresh else {}
    if not left:
        return _left_running(running, case, fresh)
    suspicions.update(dict.fromkeys(left, _MOST_SUSPICIONS))  # said once
    kind, count = next(iter(left.items()))
    return Finding(
        "leaks",
        f"{tool.name} leaves {kind} behind: {count} more after {_REPEATS} further calls",
        f"leaks {kind}",
        f"nothing outlives the call ({place_of(tool, 'checks/leaks')})",
    )


def _left_running(running: RunningScenario, case: Case, kinds: list[str]) -> Finding | None:
    """Tell of what the call starts and does not wait for: it ends, but later than the call, every time."""
    if not {"tasks", "threads"} & set(kinds) or not (names := unawaited(running, case.input)):
        return None
    tool = running.plan.tool
    running.suspicions.update(dict.fromkeys(("tasks", "threads"), _MOST_SUSPICIONS))
    return Finding(
        "leaks",
        f"{tool.name} answers before what it started has ended: {names[0]}, after each of {_REPEATS} further calls",
        "leaks unawaited",
        f"nothing outlives the call ({place_of(tool, 'checks/leaks')})",
        details=(("still running", "\n".join(names)),),
    )


def _still_there(running: RunningScenario, case: Case, kinds: list[str]) -> dict[str, int]:
    """Return what each of some equal calls leaves one more of, for good: a pool or a cache ends growing."""
    session: Any = running.session
    gc.collect()
    before = session.counts()
    for _ in range(_REPEATS):
        running.again(case.input)
    if running.session.id != session.id:
        return {}  # it was lost meanwhile

    def left() -> dict[str, int]:
        gc.collect()
        now = session.counts()
        more = {kind: now.get(kind, 0) - before.get(kind, 0) for kind in kinds}
        return {kind: count for kind, count in more.items() if count >= _REPEATS}

    found = _after_a_while(left, session.rest)
    return _never_collected(running, case, found) if found and session.process_ids() else found


def _never_collected(running: RunningScenario, case: Case, found: dict[str, int]) -> dict[str, int]:
    """Drop what a server frees from time to time: of another process's garbage we cannot ask for the collection."""
    session: Any = running.session
    before, until = session.counts(), time.monotonic() + _LONGEST_S
    for _ in range(_ROUNDS):
        for _ in range(_CALLS_A_ROUND):
            running.again(case.input)
        if running.session.id != session.id:
            return {}
        now = session.counts()
        found = {kind: n for kind, n in found.items() if now.get(kind, 0) - before.get(kind, 0) >= _CALLS_A_ROUND}
        if not found or time.monotonic() > until:
            break
        before = now
    return found


def _after_a_while(left: Callable[[], dict[str, int]], rest: Callable[[float], None]) -> dict[str, int]:
    """Return what is left when everything that was about to end has had the time to."""
    until = time.monotonic() + _PATIENCE_S
    while (found := left()) and time.monotonic() < until:
        rest(0.02)
    return found
