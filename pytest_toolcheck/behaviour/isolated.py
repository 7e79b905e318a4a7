"""`isolated`: calls side by side answer as they do alone.

In process and async: as many seeded shuffles of the loop's ready tasks as asked for, in newly imported modules (each in
its own, unless the calls leave nothing behind) and in virtual time. What the calls answer at once must be what some order
of them one after another answers, and so must the state that is left. Elsewhere: over one session at once (of a
WebSocket service over several), against the same calls alone.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from ..checks.base import as_json
from ..clock.errors import VirtualTimeError
from ..events import new_rid
from ..scenario import ScenarioSkipped
from ..targets.base import Outcome, Request, Session
from .interleaving import Bench
from .leaves import MISSING, Leaves, differing, is_ignored, is_volatile, leaves_of_outcome, same
from .promise import Trial
from .switching import switching_threads

CALLS: Final = 3
SEEDS: Final = 50
_TRIED: Final = 6
_FURTHER: Final = 10
"""So many shuffles for a further choice of inputs."""
_PATIENCE_S: Final = 30.0
"""Of processor time: a tool that computes for long is not worth all the shuffles."""
_SHARING: Final = 10
"""So many shuffles share newly imported modules where the calls leave nothing behind."""
_ALONE: Final = 3
_AT_ONCE: Final = 8
_CONNECTIONS: Final = 4
_ROUNDS: Final = 10
_ROUNDS_TO_BELIEVE: Final = 2


def shuffled(trial: Trial) -> None:
    """Call an async tool of this process several times at once, under seeded shuffles."""
    seeds, began = _seeds(trial), time.process_time()
    for at, values in enumerate(_inputs(trial)):
        if at and time.process_time() - began > _PATIENCE_S / 3:
            return
        _shuffle(trial, values, seeds if at == 0 or len(seeds) == 1 else seeds[:_FURTHER])


def _shuffle(trial: Trial, values: Sequence[dict[str, Any]], seeds: Sequence[int]) -> None:
    bench = Bench.of(trial, values, calls=CALLS)
    try:
        orders = _Orders(bench, tuple(trial.options.get("ignore", ())))
    except VirtualTimeError as error:
        raise ScenarioSkipped(f"{trial.plan.tool.name} cannot be called in virtual time: {error}") from None
    if not orders.told:
        raise ScenarioSkipped(f"{trial.plan.tool.name} never answers the same: there is nothing to compare")
    found, tried = _first_difference(trial, orders, seeds, _SHARING if orders.are_forgotten else 1)
    if found is not None:
        raise _not_isolated(trial, *found)
    if tried < len(seeds):
        trial.ctx.warn(f"{trial.plan.tool.name}: only {tried} of {len(seeds)} shuffles were tried: they are slow")
    else:
        trial.ctx.emit("case.progress", attrs={"seeds": len(seeds)})


def _first_difference(
    trial: Trial, orders: _Orders, seeds: Sequence[int], sharing: int
) -> tuple[tuple[int, str, Any, Any] | None, int]:
    """Return the first seed with a difference, and what differs; and how many seeds were tried.

    So many shuffles share newly imported modules. What differs there and not in modules of its own was left by the
    shuffles before it: then none share.
    """
    until = time.process_time() + _PATIENCE_S
    for start in range(0, len(seeds), sharing):
        if time.process_time() > until:
            return None, start
        some = seeds[start : start + sharing]
        for seed, at_once in zip(some, orders.bench.at_once(some), strict=True):
            if (moved := _difference(trial, orders, at_once)) is None:
                continue
            if sharing == 1 or (moved := _difference(trial, orders, *orders.bench.at_once([seed]))) is not None:
                return (seed, *moved), start
            return _first_difference(trial, orders, seeds, 1)
    return None, len(seeds)


def _difference(trial: Trial, orders: _Orders, at_once: Leaves) -> tuple[str, Any, Any] | None:
    if not trial.is_written and _is_busy(orders.reference, at_once):
        return None  # a clean refusal under load may be meant
    return orders.nearest_difference(at_once)


def _inputs(trial: Trial) -> list[list[dict[str, Any]]]:
    """Return two accepted inputs, answered differently where there are such: one of them is called with twice.

    Then two others that have as many values as possible: what one pair does may cancel out; and such that differ in one
    parameter alone: two ask for the same seat. What was accepted once is enough: each run begins with new modules.
    """
    try:
        (first, answer), *others = trial.inputs(_TRIED)
    except ScenarioSkipped:
        if (base := trial.ctx.base()) is None:
            raise
        return [[base]]
    telling = [value for value, other in others if differing([leaves_of_outcome(answer), leaves_of_outcome(other)])]
    pair = [first, *(telling or [value for value, _ in others])[:1]]
    further = [value for value, _ in others if value not in pair]
    further.sort(key=lambda value: -len({as_json(inner) for inner in value.values()}))
    chosen = [pair, further[:2]] if further else [pair]
    return [*chosen, *(apart for apart in _apart(trial, first) if apart not in chosen)]


def _apart(trial: Trial, base: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Yield pairs of inputs that differ in one parameter, where there are several.

    Of the first number also the other way round: twice as much of it as there is shows where the large one is called twice.
    """
    is_first = True
    for name, other in trial.changes(base):
        far = {**base, name: other}
        yield [base, far]
        if is_first and isinstance(other, int | float) and not isinstance(other, bool):
            is_first = False
            yield [far, base]


def _seeds(trial: Trial) -> Sequence[int]:
    chosen, wanted = trial.ctx.interleave_seed, trial.options.get("seeds", SEEDS)
    if chosen is not None:
        return (chosen,)
    return range(wanted) if isinstance(wanted, int) else tuple(wanted)


def _not_isolated(trial: Trial, seed: int, pointer: str, alone: Any, found: Any) -> Exception:
    tool, path = trial.plan.tool.name, os.path.relpath(trial.plan.spec.path)
    return trial.broken(
        f"is not isolated: under seed {seed}, {CALLS} calls at once do what no order of them one after another does: "
        f"{pointer.removesuffix('#')}",
        "interleaved",
        ("one after another", alone),
        ("at once", found),
        ("replay", f"pytest '{path}::{tool}::concurrent[isolated]' --toolcheck-interleave-seed={seed}"),
    )


def _is_busy(reference: Leaves, found: Leaves) -> bool:
    return any(
        pointer.endswith("(outcome)") and value == "refused" and reference.get(pointer) == "accepted"
        for pointer, value in found.items()
    )


@dataclass(slots=True)
class _Orders:
    """What the calls do one after another, in each order; made when it is needed."""

    bench: Bench
    ignored: tuple[str, ...]
    _kept: dict[tuple[int, ...], Leaves] = field(default_factory=dict)
    _restless: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        first = tuple(range(len(self.bench.values)))
        again, slowly = self.bench.in_order(first), self.bench.in_order(first, pause_s=3.7)
        self._restless = frozenset(differing([self.in_order(first), again, slowly]))

    @property
    def reference(self) -> Leaves:
        return self.in_order(tuple(range(len(self.bench.values))))

    @property
    def told(self) -> list[str]:
        """The leaves that say something."""
        return [p for p, value in self.reference.items() if not p.endswith("(outcome)") and self._tells(p, (value,))]

    @property
    def are_forgotten(self) -> bool:
        """Whether the same calls, made again in the same modules, are answered as before."""
        once, again = self.bench.in_order_twice(range(len(self.bench.values)))
        return not self._differences(once, again)

    def in_order(self, order: tuple[int, ...]) -> Leaves:
        """Return what the calls do in this order."""
        if order not in self._kept:
            self._kept[order] = self.bench.in_order(order)
        return self._kept[order]

    def nearest_difference(self, found: Leaves) -> tuple[str, Any, Any] | None:
        """Return None where some order explains what was found, else how it differs from the nearest one."""
        nearest: list[tuple[str, Any, Any]] | None = None
        for order in itertools.permutations(range(len(self.bench.values))):
            moved = self._differences(self.in_order(order), found)
            if not moved:
                return None
            nearest = moved if nearest is None or len(moved) < len(nearest) else nearest
        return nearest[0] if nearest else None

    def _differences(self, alone: Leaves, found: Leaves) -> list[tuple[str, Any, Any]]:
        pairs = ((p, alone.get(p, MISSING), found.get(p, MISSING)) for p in dict.fromkeys([*alone, *found]))
        return [(p, a, f) for p, a, f in pairs if not same(a, f) and self._tells(p, (a, f))]

    def _tells(self, pointer: str, values: Sequence[Any]) -> bool:
        path = pointer.partition(": ")[2]
        if pointer in self._restless or is_ignored(path, self.ignored):
            return False
        return not is_volatile(path, values, telemetry=True)


def together(trial: Trial) -> None:
    """Call a tool several times at once over one session; answers that are the same alone must be so at once."""
    values = [value for value, _ in trial.inputs(CALLS + 1)]
    alone = [[leaves_of_outcome(trial.ctx.call(value, valid=True)) for _ in range(_ALONE)] for value in values]
    asked = [index % len(values) for index in range(_AT_ONCE)]
    # A service may answer one connection's messages one after another, and several connections side by side.
    is_in_turn = trial.plan.spec.target.kind == "websocket"
    sessions = [trial.ctx.session, *(trial.ctx.open_session() for _ in range(_CONNECTIONS - 1) if is_in_turn)]
    wrong: list[tuple[str, Any, Any]] = []
    for seed in range(_ROUNDS):
        requests = [_request(trial, values[index]) for index in asked]
        with switching_threads(seed):
            outcomes = _call_at_once(sessions, requests)
        if (found := _first_wrong(trial, alone, zip(asked, outcomes, strict=True))) is not None:
            wrong.append(found)
    if len(wrong) < _ROUNDS_TO_BELIEVE:
        return
    after = [leaves_of_outcome(trial.ctx.call(value, valid=True)) for value in values]
    if any(
        differing([before[0], now]).keys() - differing(before).keys() for before, now in zip(alone, after, strict=True)
    ):
        return  # the calls have changed the state: what was said before them is no measure
    pointer, one, other = wrong[0]
    raise trial.broken(
        f"is not isolated: {_AT_ONCE} calls at once are answered differently from the same calls alone"
        + (f", at {pointer.removesuffix('#')}" if pointer.strip("#") else "")
        + f" ({len(wrong)} of {_ROUNDS} times)",
        "at once",
        ("alone", one),
        ("at once", other),
    )


def _call_at_once(sessions: Sequence[Session], requests: Sequence[Request]) -> list[Outcome]:
    """Make all calls at once, spread over the sessions; return the outcomes in the order of the requests."""
    shares = [requests[at :: len(sessions)] for at in range(len(sessions))]
    if len(sessions) == 1:
        return sessions[0].call_concurrently(requests)
    with ThreadPoolExecutor(len(sessions)) as pool:
        made = list(pool.map(lambda session, share: session.call_concurrently(share), sessions, shares))
    return [made[at % len(sessions)][at // len(sessions)] for at in range(len(requests))]


def _request(trial: Trial, value: dict[str, Any]) -> Request:
    tool = trial.plan.tool
    return Request(tool, dict(value), new_rid(), tool.timeout_s, valid=True)


def _first_wrong(
    trial: Trial, alone: Sequence[Sequence[Leaves]], outcomes: Iterable[tuple[int, Outcome]]
) -> tuple[str, Any, Any] | None:
    ignored = tuple(trial.options.get("ignore", ()))
    for index, outcome in outcomes:
        if outcome.kind == "refused" and not trial.is_written:
            continue
        restless = differing(alone[index])
        for pointer, (one, other) in differing([alone[index][0], leaves_of_outcome(outcome)]).items():
            if pointer in restless or is_ignored(pointer, ignored):
                continue
            if not is_volatile(pointer, (one, other), telemetry=True):
                return pointer, one, other
    return None
